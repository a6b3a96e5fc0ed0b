// What is read from text: hashes of passwords, fingerprints, addresses, tracker_info.txt.

import GroupModel

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 0 else { return 0 }
  let body = Array(data.array(count).dropFirst())
  let text = String(decoding: body, as: UTF8.self)
  switch data[0] % 5 {
  case 0:
    if let hash = PasswordHash(encoded: text) { require(hash.encoded == text, "one spelling of a hash") }
  case 1: checkFingerprint(text)
  case 2: checkAddress(text)
  case 3: checkTrackers(body)
  default:
    if let root = ContentRoot(hex: text) {
      require(
        ContentRoot(hex: root.description) == root && root.description == text.lowercased(), "a root is hex")
    }
  }
  return 0
}

private func checkFingerprint(_ text: String) {
  if let fingerprint = Fingerprint(text) {
    require(fingerprint.bytes.count == 32, "32 bytes")
    require(Fingerprint(fingerprint.description) == fingerprint, "read again")
  }
  if let bytes = Fingerprint(prefixed: text)?.bytes {
    require(bytes.count == 32 && Fingerprint(prefixed: Fingerprint.text(bytes))?.bytes == bytes, "read again")
  }
}

private func checkAddress(_ text: String) {
  guard let address = try? PeerAddress(text: text) else { return }
  require((try? PeerAddress(text: address.description)) == address, "an address is read as it is written")
}

private func checkTrackers(_ text: [UInt8]) {
  guard let info = try? TrackerInfo(parsing: text) else { return }
  require(!info.trackers.isEmpty, "at least one")
  for tracker in info.trackers {
    let again = try? TrackerInfo(parsing: tracker.description.utf8)
    require(again?.trackers.first?.description == tracker.description, "an address is read as it is written")
  }
}

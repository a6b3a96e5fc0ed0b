// The saved login: who, on which trackers, with which key and certificate, under which authority. One file,
// because its parts belong together: replacing it is one rename, so a crash leaves the old login or the new one
// and a reader never sees half of each. The PEMs are bytes to us; who uses them checks them.

import GroupModel

struct SavedLogin: Hashable, Sendable {
  var user: UserName
  /// The tracker_info.txt that was used.
  var trackerText: [UInt8]
  var keyPEM: [UInt8]
  var certificatePEM: [UInt8]
  var authorityPEM: [UInt8]
  /// The SHA-256 of the authority's certificate.
  var authority: [UInt8]
}

extension SavedLogin {
  static let fileName = "login"
  private static let bytesMax = TrackerInfo.bytesMax + (64 << 10)

  func save(in directory: StateDirectory, holding lock: borrowing StateLock) throws(Failure) {
    try directory.write(Self.fileName, bytes, holding: lock)
  }

  /// nil where nobody is logged in.
  static func load(from directory: StateDirectory) throws(Failure) -> SavedLogin? {
    guard let bytes = try directory.read(fileName, bytesMax: bytesMax) else { return nil }
    return try SavedLogin(reading: bytes, at: directory.name(fileName))
  }

  /// As it lies at `path`.
  init(reading bytes: [UInt8], at path: String) throws(Failure) {
    do throws(StateTextReader.Damaged) {
      try self.init(reading: bytes)
    } catch {
      throw .damaged(path: path, remedy: "log in again with 'p2pfs login USER'")
    }
  }

  static func erase(in directory: StateDirectory, holding lock: borrowing StateLock) throws(Failure) {
    try directory.remove(fileName, holding: lock)
  }

  private var bytes: [UInt8] {
    var text = StateText(kind: "login")
    text.line("user", user.description)
    text.line("authority", Fingerprint.text(authority))
    text.part("tracker_info.txt", trackerText)
    text.part("key.pem", keyPEM)
    text.part("certificate.pem", certificatePEM)
    text.part("authority.pem", authorityPEM)
    text.end()
    return text.bytes
  }

  private init(reading bytes: [UInt8]) throws(StateTextReader.Damaged) {
    var text = try StateTextReader(bytes, kind: "login")
    guard let user = UserName(try text.value(of: "user")),
      let authority = Fingerprint(prefixed: try text.value(of: "authority"))?.bytes
    else { throw StateTextReader.Damaged() }
    self.user = user
    self.authority = authority
    trackerText = try text.part("tracker_info.txt")
    keyPEM = try text.part("key.pem")
    certificatePEM = try text.part("certificate.pem")
    authorityPEM = try text.part("authority.pem")
    try text.end()
  }
}

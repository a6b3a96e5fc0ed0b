// The serial number of a certificate, always 20 bytes (the most that X.509 allows):
//
//     01 | 4 bytes generation | 8 bytes lineage | 7 random bytes
//
// The first byte keeps it positive and of one length. Where there are no numbers, they are random too.

struct SerialNumber: Equatable {
  static let byteCount = 20
  private static let lead: UInt8 = 1

  let bytes: [UInt8]

  init?(bytes: [UInt8]) {
    guard bytes.count == Self.byteCount, bytes[0] == Self.lead else { return nil }
    self.bytes = bytes
  }

  static func fresh(for holder: Holder) throws(SealError) -> SerialNumber {
    var bytes = try randomBytes(byteCount)
    bytes[0] = lead
    if case .member(_, let generation, let lineage) = holder {
      bytes.replaceSubrange(1..<5, with: bigEndian(generation))
      bytes.replaceSubrange(5..<13, with: bigEndian(lineage))
    }
    return SerialNumber(checked: bytes)
  }

  private init(checked bytes: [UInt8]) { self.bytes = bytes }

  var generation: UInt32 { bytes[1..<5].reduce(0) { $0 << 8 | UInt32($1) } }
  var lineage: UInt64 { bytes[5..<13].reduce(0) { $0 << 8 | UInt64($1) } }

  private static func bigEndian(_ number: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
  }
}

// An authority's fingerprint as people see it: `sha256:` and 64 hexadecimal digits.

package enum AuthorityText {
  private static let prefix = "sha256:"
  private static let byteCount = 32
  private static let digits = Array("0123456789abcdef".utf8)

  package static func text(_ fingerprint: [UInt8]) -> String {
    prefix
      + String(decoding: fingerprint.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    guard text.hasPrefix(prefix) else { return nil }
    let nibbles = text.utf8.dropFirst(prefix.utf8.count).map { digits.firstIndex(of: lowercase($0)) }
    guard nibbles.count == 2 * byteCount else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: nibbles.count, by: 2) {
      guard let high = nibbles[index], let low = nibbles[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }

  private static func lowercase(_ byte: UInt8) -> UInt8 {
    (UInt8(ascii: "A")...UInt8(ascii: "F")).contains(byte) ? byte | 0x20 : byte
  }
}

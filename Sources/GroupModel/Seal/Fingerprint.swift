// The SHA-256 of a certificate's DER: what a person compares, and what tracker_info.txt pins.

import COpenSSL

package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
  private static let prefix = "sha256:"
  private static let byteCount = Int(SHA256_DIGEST_LENGTH)

  package let bytes: [UInt8]

  /// 64 hexadecimal digits, with or without `sha256:` before them.
  package init?(_ text: some StringProtocol) {
    let digits = text.hasPrefix(Self.prefix) ? text.dropFirst(Self.prefix.count) : text[...]
    guard digits.utf8.count == 2 * Self.byteCount, let bytes = Hex.bytes(digits) else { return nil }
    self.bytes = bytes
  }

  /// As it was saved; nil for what has another length.
  package init?(bytes: [UInt8]) {
    guard bytes.count == Self.byteCount else { return nil }
    self.bytes = bytes
  }

  /// As `description` writes it, and in no other way.
  package init?(prefixed text: some StringProtocol) {
    guard text.hasPrefix(Self.prefix) else { return nil }
    self.init(text)
  }

  package static func text(_ bytes: [UInt8]) -> String { prefix + Hex.text(bytes) }

  init(ofDER der: [UInt8]) {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    SHA256(der, der.count, &bytes)
    self.bytes = bytes
  }

  /// 64 digits in lower case.
  package var hex: String { Hex.text(bytes) }

  /// `sha256:` and 64 digits.
  package var description: String { Self.text(bytes) }
}

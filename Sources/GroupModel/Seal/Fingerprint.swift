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

  init(ofDER der: [UInt8]) {
    var bytes = [UInt8](repeating: 0, count: Self.byteCount)
    SHA256(der, der.count, &bytes)
    self.bytes = bytes
  }

  /// 64 digits in lower case.
  package var hex: String { Hex.text(bytes) }

  /// `sha256:` and 64 digits.
  package var description: String { Self.prefix + hex }
}

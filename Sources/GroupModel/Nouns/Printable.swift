// Names in line-based output, so that no name can forge a line or speak to a terminal (SPEC 4).

package enum Printable {
  /// `\` as `\\`, newline as `\n`, other control characters as `\ooo`; bytes that are no UTF-8 likewise.
  package static func escaped(_ bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "\\"): text += Array(#"\\"#.utf8)
      case UInt8(ascii: "\n"): text += Array(#"\n"#.utf8)
      case 0..<0x20, 0x7F: text += octal(byte)
      default: text.append(byte)
      }
    }
    guard let valid = String(validating: text, as: UTF8.self) else { return escapedASCII(text) }
    return holdsC1(valid) ? escapedC1(valid) : valid
  }

  package static func escaped(_ text: some StringProtocol) -> String { escaped(text.utf8) }

  /// A sentence in which names are escaped already: its backslashes stay as they are, and it stays one line.
  package static func oneLine(_ text: String) -> String {
    text.unicodeScalars.map { scalar in
      switch scalar.value {
      case 0..<0x20, 0x7F, 0x80...0x9F: escaped(String(scalar))
      default: String(scalar)
      }
    }.joined()
  }

  /// What was escaped so; nil where a backslash stands before something else.
  package static func unescaped(_ text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "\\") else {
        bytes.append(byte)
        continue
      }
      switch rest.first {
      case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
      case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
      default:
        guard let code = octalValue(rest.prefix(3)) else { return nil }
        bytes.append(code)
        rest.removeFirst(2)
      }
      rest.removeFirst()
    }
    return bytes
  }

  /// Of three octal digits that make a byte.
  package static func octalValue(_ digits: some Collection<UInt8>) -> UInt8? {
    let isOctal = digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }
    guard digits.count == 3, isOctal else { return nil }
    return UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
  }

  private static func octal(_ byte: UInt8) -> [UInt8] {
    let digits = String(byte, radix: 8)
    return Array(("\\" + String(repeating: "0", count: 3 - digits.count) + digits).utf8)
  }

  private static func escapedASCII(_ text: [UInt8]) -> String {
    String(decoding: text.flatMap { $0 < 0x80 ? [$0] : octal($0) }, as: UTF8.self)
  }

  /// U+0080 to U+009F are control characters too; some terminals take U+009B for an escape sequence's start.
  private static func holdsC1(_ text: String) -> Bool {
    text.unicodeScalars.contains { (0x80...0x9F).contains($0.value) }
  }

  private static func escapedC1(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if (0x80...0x9F).contains(scalar.value) {
        result += String(decoding: String(scalar).utf8.flatMap(octal), as: UTF8.self)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

// The name of a person in the network, checked once when it is made.

/// 1 to 64 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit.
package struct UserName: Hashable, Sendable, Comparable, CustomStringConvertible {
  package static let bytesMax = 64

  package let description: String

  package init?(_ text: some StringProtocol) {
    guard let first = text.utf8.first, Self.isLetterOrDigit(first) else { return nil }
    guard text.utf8.count <= Self.bytesMax, text.utf8.allSatisfy(Self.mayFollow) else { return nil }
    description = String(text)
  }

  package static func < (one: UserName, other: UserName) -> Bool {
    one.description < other.description
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }

  private static func mayFollow(_ byte: UInt8) -> Bool {
    isLetterOrDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "-")
  }
}

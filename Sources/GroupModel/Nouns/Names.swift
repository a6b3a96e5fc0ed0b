// The names that people choose for themselves and for their groups: checked once, when made.
// Both follow one rule, and both are ASCII, so that comparing them as text is comparing their bytes.

/// A user's name: 1 to 64 of `A-Z a-z 0-9 . _ -`, the first a letter or a digit.
package struct UserName: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let description: String

  package init?(_ text: some StringProtocol) {
    guard NameRule.admits(text.utf8) else { return nil }
    description = String(text)
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

/// A group's name, by the same rule as a user's.
package struct GroupName: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let description: String

  package init?(_ text: some StringProtocol) {
    guard NameRule.admits(text.utf8) else { return nil }
    description = String(text)
  }

  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}

package enum NameRule {
  package static let bytesMax = 64
  /// What to tell somebody whose name was refused.
  package static let sentence =
    "1 to 64 of the letters A-Z a-z, digits and . _ - are allowed, the first a letter or a digit"

  static func admits(_ bytes: some Collection<UInt8>) -> Bool {
    guard let first = bytes.first, isAlphanumeric(first) else { return false }
    return bytes.count <= bytesMax && bytes.allSatisfy { isAlphanumeric($0) || isMark($0) }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default:
      false
    }
  }

  private static func isMark(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }
}

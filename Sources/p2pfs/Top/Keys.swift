// What is typed at `top`: bytes of a terminal, made keys.

enum Key: Hashable, Sendable {
  case quit, sort, other, up, down, pageUp, pageDown, home, end
}

struct KeyReader: Sendable {
  private static let escape: UInt8 = 0x1B
  /// `ESC [ 5 ~` and the like; ECMA-48 has no end to them, our keys have.
  private static let sequenceBytesMax = 8

  /// A sequence that has only begun: the rest comes with the next bytes.
  private var begun: [UInt8] = []

  mutating func take(_ bytes: some Sequence<UInt8>) -> [Key] { bytes.compactMap { take($0) } }

  private mutating func take(_ byte: UInt8) -> Key? {
    if byte == Self.escape {
      begun = [byte]
      return nil
    }
    guard !begun.isEmpty else { return Self.plain(byte) }
    begun.append(byte)
    // A lone Escape, and then something else.
    if begun.count == 2, byte != UInt8(ascii: "["), byte != UInt8(ascii: "O") {
      begun = []
      return Self.plain(byte)
    }
    guard begun.count > 2, (0x40...0x7E).contains(byte) || begun.count >= Self.sequenceBytesMax else {
      return nil
    }
    defer { begun = [] }
    return Self.named(begun.dropFirst(2))
  }

  private static func plain(_ byte: UInt8) -> Key? {
    switch byte {
    case UInt8(ascii: "q"), UInt8(ascii: "Q"): .quit
    case UInt8(ascii: "s"), UInt8(ascii: "S"): .sort
    case UInt8(ascii: "\t"): .other
    case UInt8(ascii: "k"): .up
    case UInt8(ascii: "j"): .down
    case UInt8(ascii: " "): .pageDown
    case UInt8(ascii: "b"): .pageUp
    case UInt8(ascii: "g"): .home
    case UInt8(ascii: "G"): .end
    default: nil
    }
  }

  private static func named(_ sequence: ArraySlice<UInt8>) -> Key? {
    switch String(decoding: sequence, as: UTF8.self) {
    case "A": .up
    case "B": .down
    case "5~": .pageUp
    case "6~": .pageDown
    case "H", "1~", "7~": .home
    case "F", "4~", "8~": .end
    default: nil
    }
  }
}

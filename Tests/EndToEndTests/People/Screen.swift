// What a terminal was told by a program that draws on it, taken apart into pictures.

import Foundation

struct Screen {
  static let hello = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
  static let goodbye = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  let bytes: String

  /// Each from its first line to its last; the last one may still be on its way. The terminal itself puts a CR before
  /// each LF, too.
  var pictures: [[String]] {
    bytes.components(separatedBy: "\u{1B}[H").dropFirst().map { picture in
      picture.components(separatedBy: "\r\r\n").map(Self.plain)
    }
  }

  /// Another screen, and then this one again, with its cursor, and nothing behind that.
  var isLeftClean: Bool {
    bytes.components(separatedBy: Self.hello).count > 1
      && bytes.components(separatedBy: Self.hello).count == bytes.components(separatedBy: Self.goodbye).count
      && bytes.hasSuffix(Self.goodbye)
  }

  /// Without colours.
  static func plain(_ line: String) -> String { line.replacing(/\u{1B}\[[0-9;?]*[A-Za-z]/, with: "") }
}

extension Child {
  var screen: Screen { Screen(bytes: text(1)) }

  /// Waits until what it has drawn is as it should be.
  func draws(within seconds: Double = 20, _ condition: (Screen) -> Bool) -> Bool {
    let deadline = Date(timeIntervalSinceNow: seconds)
    while !condition(screen) {
      guard Date() < deadline else { return false }
      usleep(20_000)
    }
    return true
  }
}

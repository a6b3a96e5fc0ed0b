// A line of the console, cut into words as a shell would: blanks part them, quotes and backslashes keep blanks. And
// names are taken as lists print them, so that what is read there can be typed here: `\\\\`, `\\n` and `\\ooo`.

import GroupModel

enum ConsoleWords {
  /// nil where a quote is not closed.
  static func split(_ line: String) -> [String]? {
    var cutter = Cutter(line)
    guard cutter.run() else { return nil }
    return cutter.words
  }

  private struct Cutter {
    private enum Mode {
      case plain, single, double
    }

    private(set) var words: [String] = []
    private var rest: ArraySlice<UInt8>
    private var word: [UInt8]?
    private var mode = Mode.plain

    init(_ line: String) { rest = Array(line.utf8)[...] }

    mutating func run() -> Bool {
      while let byte = rest.popFirst() {
        guard take(byte) else { return false }
      }
      endWord()
      return mode == .plain
    }

    /// false at a backslash that protects nothing.
    private mutating func take(_ byte: UInt8) -> Bool {
      switch (mode, byte) {
      case (.plain, Self.backslash), (.double, Self.backslash): return takeEscaped()
      case (.plain, UInt8(ascii: "'")): open(.single)
      case (.plain, UInt8(ascii: "\"")): open(.double)
      case (.single, UInt8(ascii: "'")), (.double, UInt8(ascii: "\"")): mode = .plain
      case (.plain, UInt8(ascii: " ")), (.plain, UInt8(ascii: "\t")), (.plain, UInt8(ascii: "\r")): endWord()
      default: keep(byte)
      }
      return true
    }

    private static let backslash = UInt8(ascii: "\\")

    private mutating func takeEscaped() -> Bool {
      if let value = Printable.octalValue(rest.prefix(3)) {
        rest = rest.dropFirst(3)
        keep(value)
        return true
      }
      guard let next = rest.popFirst() else { return false }
      if next == UInt8(ascii: "n") {
        keep(UInt8(ascii: "\n"))
      } else {
        // Inside double quotes a backslash is itself, unless it stands before what it could protect.
        let protects = next == UInt8(ascii: "\"") || next == Self.backslash
        if mode == .double, !protects { keep(Self.backslash) }
        keep(next)
      }
      return true
    }

    private mutating func keep(_ byte: UInt8) { word = (word ?? []) + [byte] }

    private mutating func open(_ next: Mode) {
      mode = next
      word = word ?? []
    }

    private mutating func endWord() {
      if let word { words.append(String(decoding: word, as: UTF8.self)) }
      word = nil
    }
  }
}

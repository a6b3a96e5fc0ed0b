// A line of the console, cut into words as a shell would: blanks part them, quotes and backslashes keep blanks.

enum ConsoleWords {
  /// nil where a quote is not closed.
  static func split(_ line: String) -> [String]? {
    var cutter = Cutter()
    for character in line.unicodeScalars { cutter.take(character) }
    return cutter.finish()
  }

  private struct Cutter {
    private enum Mode {
      case plain, single, double
    }

    private var words: [String] = []
    private var word: String?
    private var mode = Mode.plain
    private var isEscaped = false

    mutating func take(_ character: Unicode.Scalar) {
      if isEscaped { return keepEscaped(character) }
      switch (mode, character) {
      case (.plain, "\\"), (.double, "\\"): isEscaped = true
      case (.plain, "'"): open(.single)
      case (.plain, "\""): open(.double)
      case (.single, "'"), (.double, "\""): mode = .plain
      case (.plain, " "), (.plain, "\t"), (.plain, "\r"): endWord()
      default: keep(character)
      }
    }

    mutating func finish() -> [String]? {
      guard mode == .plain, !isEscaped else { return nil }
      endWord()
      return words
    }

    private mutating func keep(_ character: Unicode.Scalar) {
      word = (word ?? "") + String(character)
    }

    /// Inside double quotes a backslash is itself, unless it stands before what it could protect.
    private mutating func keepEscaped(_ character: Unicode.Scalar) {
      isEscaped = false
      if mode == .double, character != "\"", character != "\\" { keep("\\") }
      keep(character)
    }

    private mutating func open(_ next: Mode) {
      mode = next
      word = word ?? ""
    }

    private mutating func endWord() {
      if let word { words.append(word) }
      word = nil
    }
  }
}

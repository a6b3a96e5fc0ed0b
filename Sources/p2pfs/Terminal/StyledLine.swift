// A line of a terminal before it is painted: pieces of text, each in one style. It knows how many cells it takes, so
// that it is cut and padded by what is seen, whatever its colours are.

import GroupModel

struct StyledLine: Hashable, Sendable {
  struct Piece: Hashable, Sendable {
    let text: String
    let style: Style
  }

  private(set) var pieces: [Piece] = []
  private(set) var width = 0

  init() {}

  /// Names in it are escaped already; should anything else be in it that a terminal obeys, it is escaped here.
  init(_ text: String, _ style: Style = .plain) {
    let line = Printable.oneLine(text)
    guard !line.isEmpty else { return }
    pieces = [Piece(text: line, style: style)]
    width = DisplayWidth.of(line)
  }

  static func + (one: StyledLine, other: StyledLine) -> StyledLine {
    var sum = one
    sum += other
    return sum
  }

  static func += (line: inout StyledLine, other: StyledLine) {
    line.pieces += other.pieces
    line.width += other.width
  }

  static func blanks(_ count: Int) -> StyledLine { StyledLine(String(repeating: " ", count: max(0, count))) }

  var text: String { pieces.map(\.text).joined() }

  func painted(_ look: Look) -> String {
    guard look.paints else { return text }
    return pieces.map { $0.style == .plain ? $0.text : "\u{1B}[\($0.style.rawValue)m\($0.text)\u{1B}[0m" }
      .joined()
  }

  /// All of it in one style.
  func styled(_ style: Style) -> StyledLine { StyledLine(text, style) }
}

// To a width.
extension StyledLine {
  /// On as many lines as it takes, cut between words; a word that is longer than a line stays whole.
  static func wrapped(_ text: String, _ style: Style, width: Int) -> [StyledLine] {
    var lines = [""]
    for word in text.split(separator: " ") {
      let longer = lines[lines.count - 1].isEmpty ? String(word) : "\(lines[lines.count - 1]) \(word)"
      if DisplayWidth.of(longer) <= width || lines[lines.count - 1].isEmpty {
        lines[lines.count - 1] = longer
      } else {
        lines.append(String(word))
      }
    }
    return lines.map { StyledLine($0, style) }
  }

  func padded(to cells: Int, isNumber: Bool = false) -> StyledLine {
    let space = Self.blanks(cells - width)
    return isNumber ? space + self : self + space
  }

  /// With `…` where something is missing: the end, or for paths, whose end says more, the beginning.
  func cut(to cells: Int, keepingEnd keepsEnd: Bool = false) -> StyledLine {
    guard width > cells else { return self }
    guard cells > 0 else { return StyledLine() }
    let mark = StyledLine("…", .faint)
    return keepsEnd ? mark + end(of: cells - 1) : start(of: cells - 1) + mark
  }

  private func start(of cells: Int) -> StyledLine {
    var cut = StyledLine()
    for piece in pieces {
      let kept = Self.fitting(piece.text, cells - cut.width)
      cut += StyledLine(kept, piece.style)
      if kept.count < piece.text.count { break }
    }
    return cut
  }

  private func end(of cells: Int) -> StyledLine {
    var cut = StyledLine()
    for piece in pieces.reversed() {
      let kept = String(Self.fitting(piece.text.reversed(), cells - cut.width).reversed())
      cut = StyledLine(kept, piece.style) + cut
      if kept.count < piece.text.count { break }
    }
    return cut
  }

  private static func fitting(_ characters: some Sequence<Character>, _ cells: Int) -> String {
    var kept = ""
    var room = cells
    for character in characters {
      room -= DisplayWidth.of(String(character))
      guard room >= 0 else { break }
      kept.append(character)
    }
    return kept
  }
}

// Small drawings of one line: how much of something there is, and how it was in the last minute.

enum Bar {
  private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

  /// `part` from 0 to 1.
  static func line(_ part: Double, cells: Int, _ style: Style, _ look: Look) -> StyledLine {
    let part = part.isFinite ? min(1, max(0, part)) : 0
    return look.drawsBlocks ? blocks(part, cells, style) : hashes(part, cells, style)
  }

  private static func blocks(_ part: Double, _ cells: Int, _ style: Style) -> StyledLine {
    let filled = Int(part * Double(8 * cells))
    let text = String(repeating: "█", count: filled / 8) + eighths[filled % 8]
    let drawn = StyledLine(text, style)
    return drawn + StyledLine(String(repeating: "░", count: cells - drawn.width), .faint)
  }

  private static func hashes(_ part: Double, _ cells: Int, _ style: Style) -> StyledLine {
    let room = max(0, cells - 2)
    let filled = Int(part * Double(room))
    return StyledLine("[") + StyledLine(String(repeating: "#", count: filled), style)
      + StyledLine(String(repeating: "-", count: room - filled), .faint) + StyledLine("]")
  }
}

enum Sparkline {
  private static let blocks = Array("▁▂▃▄▅▆▇█")
  private static let signs = Array("_.:-=+*#")

  /// The latest at the right; the highest of them fills the line's height.
  static func line(_ values: [Int], cells: Int, _ style: Style, _ look: Look) -> StyledLine {
    let shown = values.suffix(max(0, cells))
    let highest = max(1, shown.max() ?? 1)
    let levels = look.drawsBlocks ? blocks : signs
    let text = shown.map { value in
      // What is not nothing is seen.
      value <= 0 ? levels[0] : levels[max(1, Int(Double(value) / Double(highest) * Double(levels.count - 1)))]
    }
    return .blanks(cells - shown.count) + StyledLine(String(text), style)
  }
}

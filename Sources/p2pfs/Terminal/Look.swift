// What the terminal at hand can show, and what whoever sits there wants to see.

struct Look: Hashable, Sendable {
  /// Colours and bold letters.
  let paints: Bool
  /// Bars of block characters; else of `#` and `-`.
  let drawsBlocks: Bool

  /// Into a pipe.
  static let plain = Look(paints: false, drawsBlocks: false)

  init(paints: Bool, drawsBlocks: Bool) {
    self.paints = paints
    self.drawsBlocks = drawsBlocks
  }

  /// Of a terminal, by what the environment says of it. NO_COLOR as no-color.org has it.
  init(of environment: Environment) {
    let terminal = environment["TERM"]
    let isSimple = terminal == nil || terminal == "dumb"
    paints = !isSimple && environment["NO_COLOR"] == nil
    let locale = (environment["LC_ALL"] ?? environment["LC_CTYPE"] ?? environment["LANG"] ?? "").uppercased()
    // The kernel's own console has only a few of the blocks.
    drawsBlocks = !isSimple && terminal != "linux" && (locale.contains("UTF-8") || locale.contains("UTF8"))
  }
}

/// What a piece of text means, and so how it is painted.
enum Style: String, Sendable {
  case plain = ""
  case bold = "1"
  case faint = "2"
  case good = "32"
  case warning = "33"
  case bad = "1;31"
  /// What comes here, and what goes.
  case incoming = "36"
  case outgoing = "35"
  /// The head of a table, as wide as the screen.
  case head = "7"
  /// The head of the one that keys are for.
  case chosenHead = "30;46"
}

// What `help` says, made from the tables of commands and options.

import GroupModel

enum Version {
  static let text = "p2pfs \(programVersion)"
}

enum HelpText {
  /// For somebody who typed nothing.
  static let usage = """
    usage: p2pfs [OPTION]... COMMAND [ARGUMENT]...
           p2pfs help [COMMAND]
    """

  static var overview: String {
    """
    \(usage)

    Commands:
    \(table(CommandWord.all.map { ($0.usage, $0.summary) }))

    Options, before or after the command:
    \(table(OptionWord.all.map { ($0.usage, $0.summary) }))

    'p2pfs help COMMAND' explains one command.
    """
  }

  static func explanation(of word: CommandWord) -> String {
    """
    usage: p2pfs \(word.usage)

    \(word.name) \(word.summary).
    \(word.explanation)
    """
  }

  private static func table(_ rows: [(String, String)]) -> String {
    let width = rows.map(\.0.count).max() ?? 0
    return rows.map { "  " + $0.0 + String(repeating: " ", count: width - $0.0.count + 2) + $0.1 }
      .joined(separator: "\n")
  }
}

// A command line of the shell, taken apart: options before or after the command, and the command's own words.

/// What a command line means.
struct ShellLine: Hashable, Sendable {
  let options: Options
  let command: Command
  /// As they were typed, for whoever carries the command out elsewhere.
  let words: [String]
  let flags: Set<String>

  /// `arguments` come without the program's own name.
  init(_ arguments: [String], environment: Environment) throws(Failure) {
    let parts = try LineParts(arguments, options: Options(from: environment))
    var options = parts.options
    words = parts.wordsOfMountHelper(&options) ?? parts.words
    flags = parts.flags
    self.options = options
    if let question = Command(asked: parts) {
      command = question
    } else {
      command = try Command(words: words, flags: parts.flags)
      if case .mount = command { return }
      guard !options.mount.isGiven else {
        throw .usage("-o and --user are for 'p2pfs mount': leave them out")
      }
    }
  }
}

extension Command {
  /// nil where neither --help nor --version is on the line.
  init?(asked parts: LineParts) {
    guard parts.options.asksForVersion || parts.options.asksForHelp else { return nil }
    self = parts.options.asksForVersion ? .version : .help(topic: parts.words.first { $0 != "help" })
  }
}

/// Options apart from words. `--option value`, `--option=value`, and `--`, after which all are words. A console's line is
/// taken apart alike.
struct LineParts {
  private(set) var words: [String] = []
  private(set) var options: Options
  private(set) var flags: Set<String> = []
  private var rest: ArraySlice<String>
  private let flagNames = CommandWord.all.flatMap(\.flags)

  init(_ arguments: [String], options: Options) throws(Failure) {
    self.options = options
    rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        words += rest
        return
      }
      try take(argument)
    }
  }

  /// mount(8) and /etc/fstab call `p2pfs SOURCE DIR -o OPTIONS`. A source that is a path names the state directory.
  func wordsOfMountHelper(_ options: inout Options) -> [String]? {
    guard words.count == 2, options.mount.isFromList,
      !CommandWord.all.contains(where: { $0.name == words[0] })
    else { return nil }
    if words[0].hasPrefix("/"), !options.mount.namesState { options.state = words[0] }
    return ["mount", words[1]]
  }

  /// A lone dash is a word.
  private mutating func take(_ argument: String) throws(Failure) {
    guard argument.utf8.first == UInt8(ascii: "-"), argument != "-" else {
      words.append(argument)
      return
    }
    if argument.hasPrefix("-o"), argument.utf8.count > 2 {
      return try take(OptionWord.named("-o", flags: flagNames), String(argument.dropFirst(2)))
    }
    let halves = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
      String.init)
    let attached = halves.count == 2 ? halves[1] : nil
    if flagNames.contains(halves[0]) {
      try refuse(attached, of: halves[0])
      flags.insert(halves[0])
    } else {
      try take(OptionWord.named(halves[0], flags: flagNames), attached)
    }
  }

  private mutating func take(_ option: OptionWord, _ attached: String?) throws(Failure) {
    guard option.takesValue else {
      try refuse(attached, of: option.name)
      return try option.set(&options, "")
    }
    guard let value = attached ?? rest.popFirst(), !value.isEmpty else {
      throw .usage("\(option.name) lacks its value: write '\(option.usage)'")
    }
    try option.set(&options, value)
  }

  private func refuse(_ attached: String?, of name: String) throws(Failure) {
    guard attached == nil else { throw .usage("\(name) takes no value: write just '\(name)'") }
  }
}

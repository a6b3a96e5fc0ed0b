// The interactive console: the daemon with a prompt. It shares while it takes commands, and downloads go on in the
// background.

import Glibc
import GroupModel
import Synchronization

struct Console {
  let daemon: Daemon
  let input: any ConsoleInput
  let door: ShellDoor

  /// Until `quit`, or the input's end.
  func run() {
    while let line = input.nextLine() {
      guard let words = ConsoleWords.split(line) else {
        daemon.complain(.usage("a quote is not closed: close it, or put a backslash before it"))
        continue
      }
      guard let first = words.first, !first.hasPrefix("#") else { continue }
      if ConsoleAlias.leaves.contains(first), words.count == 1 { return }
      run(line: words)
    }
  }

  private func run(line: [String]) {
    var command: Command?
    do throws(Failure) {
      let line = try ConsoleLine(line)
      if let question = line.question {
        try run(question)
      } else {
        for words in try ConsoleAlias.meaning(of: line.words, daemon.volume) {
          let parsed = try Command(words: words, flags: line.flags)
          command = parsed
          try run(parsed)
        }
      }
      try door.flush()
    } catch {
      try? door.flush()
      StandardStreams.complain("p2pfs: \(Self.asTypedHere(error.sentence(for: command)))")
    }
  }

  private func run(_ command: Command) throws(Failure) {
    if case .help(let word?) = command, let usage = ConsoleAlias.usages[word] {
      return try door.show(.line("usage: \(usage)"))
    }
    try runner.run(command)
    if command.changesLogin { try daemon.reload() }
    if command == .help(topic: nil) { try door.show(.line(ConsoleAlias.help)) }
  }

  /// Remedies name commands as a shell takes them.
  private static func asTypedHere(_ sentence: String) -> String { sentence.replacing("'p2pfs ", with: "'") }

  private var runner: CommandRunner {
    daemon.runner(door, ConsolePasswords(), in: WorkingDirectory.path, waits: false) {
      !Interrupts.isCalledOff.load(ordering: .relaxed)
    }
  }
}

/// A line of the console as a shell would take it apart.
struct ConsoleLine: Hashable {
  let words: [String]
  let flags: Set<String>
  /// What `--help` or `--version` asks, whatever else is on the line.
  let question: Command?

  init(_ typed: [String]) throws(Failure) {
    let none = Options(from: Environment { _ in nil })
    let parts = try LineParts(typed, options: none)
    words = parts.words
    flags = parts.flags
    question = Command(asked: parts)
    guard question != nil || parts.options == none else {
      throw .usage("options are for the command line that starts the console: leave them out here")
    }
  }
}

extension Command {
  /// The saved login is another one afterwards.
  var changesLogin: Bool {
    switch self {
    case .login, .logout, .passwd: true
    default: false
    }
  }
}

/// Typed behind the user, or asked for where there is a terminal.
private struct ConsolePasswords: PasswordAsking {
  func password(for purpose: PasswordPurpose, given: [UInt8]?) throws(Failure) -> [UInt8] {
    if let given { return given }
    return try PasswordSource(file: nil, environment: nil).password(for: purpose, given: nil)
  }
}

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
      run(words)
    }
  }

  private func run(_ words: [String]) {
    var command: Command?
    do throws(Failure) {
      for words in try ConsoleAlias.meaning(of: words, daemon.volume) {
        let flags = words.filter { $0.hasPrefix("--") }
        let parsed = try Command(words: words.filter { !$0.hasPrefix("--") }, flags: Set(flags))
        command = parsed
        try runner.run(parsed)
        if parsed.changesLogin { try daemon.reload() }
        if parsed == .help(topic: nil) { try door.show(.line(ConsoleAlias.help)) }
      }
      try door.flush()
    } catch {
      try? door.flush()
      StandardStreams.complain("p2pfs: \(Self.asTypedHere(error.sentence(for: command)))")
    }
  }

  /// Remedies name commands as a shell takes them.
  private static func asTypedHere(_ sentence: String) -> String { sentence.replacing("'p2pfs ", with: "'") }

  private var runner: CommandRunner {
    daemon.runner(door, ConsolePasswords(), in: WorkingDirectory.path, waits: false) {
      !Interrupts.isCalledOff.load(ordering: .relaxed)
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

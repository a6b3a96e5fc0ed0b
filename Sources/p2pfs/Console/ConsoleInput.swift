// Where the console's lines come from: a person at a terminal, with editing and history, or a script's pipe.

import CLineEdit
import Glibc
import Synchronization

protocol ConsoleInput {
  /// nil at the end.
  func nextLine() -> String?
}

/// libedit, as every shell user knows it.
struct TerminalInput: ConsoleInput {
  let prompt: String

  init(prompt: String) {
    self.prompt = prompt
    p2pfs_begin_line_editing()
    using_history()
    stifle_history(1000)
    Interrupts.begin()
  }

  func nextLine() -> String? {
    Interrupts.areKeys = true
    defer { Interrupts.areKeys = false }
    guard let text = readline(prompt) else { return nil }
    defer { free(text) }
    let line = String(cString: text)
    if !line.allSatisfy(\.isWhitespace), !Self.holdsPassword(line) { add_history(text) }
    return line
  }

  /// What the arrow keys bring back, somebody looking on must not read.
  private static func holdsPassword(_ line: String) -> Bool {
    let words = line.split(separator: " ")
    return words.count > 2 && (words[0] == "login" || words[0] == "create_user")
  }
}

/// Ctrl-C at a terminal. While a line is typed it is a key, which throws the line away, and not the peer; while a command
/// runs it calls that off.
enum Interrupts {
  static let isCalledOff = Atomic(false)
  private static let isAtPrompt = Atomic(false)

  fileprivate static var areKeys: Bool {
    get { isAtPrompt.load(ordering: .relaxed) }
    set {
      isCalledOff.store(false, ordering: .relaxed)
      isAtPrompt.store(newValue, ordering: .relaxed)
      var settings = termios()
      guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return }
      if newValue { settings.c_lflag &= ~tcflag_t(ISIG) } else { settings.c_lflag |= tcflag_t(ISIG) }
      tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }
  }

  /// A signal that somebody sends is no key: at the prompt it ends the program as ever.
  fileprivate static func begin() {
    signal(SIGINT) { _ in
      guard Interrupts.isAtPrompt.load(ordering: .relaxed) else {
        return Interrupts.isCalledOff.store(true, ordering: .relaxed)
      }
      signal(SIGINT, SIG_DFL)
      raise(SIGINT)
    }
  }
}

/// One line after the other, unbuffered beyond what was read.
final class PipeInput: ConsoleInput {
  /// A longer line is no command.
  static let lineBytesMax = 64 << 10

  private var rest: [UInt8] = []
  private var isAtEnd = false

  func nextLine() -> String? {
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        defer { rest.removeFirst(end + 1) }
        return String(decoding: rest[..<end], as: UTF8.self)
      }
      if isAtEnd || rest.count > Self.lineBytesMax { return lastLine() }
      readMore()
    }
  }

  private func lastLine() -> String? {
    guard !rest.isEmpty else { return nil }
    defer { rest = [] }
    return String(decoding: rest, as: UTF8.self)
  }

  private func readMore() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = read(STDIN_FILENO, &buffer, buffer.count)
    if count > 0 { rest += buffer[..<count] } else if count == 0 || errno != EINTR { isAtEnd = true }
  }
}

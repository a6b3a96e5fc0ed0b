// Asks at the terminal without showing what is typed. However it ends, also by Ctrl-C or a kill, the terminal
// shows again what is typed after it. One at a time in a process: a signal's handler knows only globals.

import Glibc

final class TerminalPrompt {
  private static let lineBytesMax = 4096

  private let terminal: Int32

  /// nil where there is no terminal.
  init?(path: String) {
    terminal = open(path, O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else { return nil }
    guard isatty(terminal) == 1 else {
      close(terminal)
      return nil
    }
  }

  deinit {
    if terminal >= 0 { close(terminal) }
  }

  func secret(_ prompt: String) throws(Failure) -> [UInt8] {
    guard SilentTerminal.begin(terminal) else { throw .disk(errno, "silencing the terminal") }
    defer { SilentTerminal.end() }
    say(prompt)
    defer { say("\n") }
    guard let line = try line() else {
      throw .usage("no password was typed: type it, or use --password-file FILE or $P2PFS_PASSWORD")
    }
    return line
  }

  private func say(_ text: String) { _ = SmallFile.write(Array(text.utf8), to: terminal) }

  /// nil at the end of input.
  private func line() throws(Failure) -> [UInt8]? {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while line.count < Self.lineBytesMax {
      let count = read(terminal, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .disk(errno, "reading from the terminal") }
      guard count > 0 else { return line.isEmpty ? nil : line }
      guard byte != UInt8(ascii: "\n") else { return line }
      line.append(byte)
    }
    return line
  }
}

/// The terminal while it does not echo, and what puts it right again.
private enum SilentTerminal {
  private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]
  nonisolated(unsafe) private static var terminal: Int32 = -1
  nonisolated(unsafe) private static let before = UnsafeMutablePointer<termios>.allocate(capacity: 1)
  nonisolated(unsafe) private static var actions: [(signal: Int32, before: sigaction)] = []

  /// Ctrl-Z is off meanwhile: the shell would come back on a terminal that shows nothing.
  static func begin(_ descriptor: Int32) -> Bool {
    guard tcgetattr(descriptor, before) == 0 else { return false }
    terminal = descriptor
    actions = signals.map { ($0, handle($0)) }
    var silent = before.pointee
    silent.c_lflag &= ~tcflag_t(ECHO | ECHONL)
    silent.c_lflag |= tcflag_t(ICANON | ISIG)
    withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VSUSP)] = 0 }
    guard tcsetattr(descriptor, TCSAFLUSH, &silent) == 0 else {
      end()
      return false
    }
    return true
  }

  static func end() {
    tcsetattr(terminal, TCSANOW, before)
    for var action in actions { sigaction(action.signal, &action.before, nil) }
    actions = []
  }

  /// Puts the terminal right, then lets the signal do what it always does. A signal that was ignored, as by
  /// nohup, stays so.
  private static func handle(_ signal: Int32) -> sigaction {
    var before = sigaction()
    sigaction(signal, nil, &before)
    guard unsafeBitCast(before.__sigaction_handler.sa_handler, to: Int.self) != 1 else { return before }
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      tcsetattr(SilentTerminal.terminal, TCSANOW, SilentTerminal.before)
      raise(signal)
    }
    action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
    sigaction(signal, &action, nil)
    return before
  }
}

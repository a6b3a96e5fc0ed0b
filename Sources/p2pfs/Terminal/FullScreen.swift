// A terminal taken whole, as editors take it: another screen without a cursor, keys as they are pressed. It has one
// owner and one goodbye, after which the terminal is as it was; also where the program crashes.
//
// Plain ECMA-48, and of DEC's private modes those that all terminals have: 1049 the other screen, 25 the cursor, 7
// the wrapping of long lines.

import CLinux
import Glibc

/// ## Concurrency model
/// One thread's. A crash may be any thread's: what it needs lies in `LastWords`.
final class FullScreen {
  private static let hello = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
  /// How long a terminal that takes nothing is waited for at the end.
  private static let goodbyeMilliseconds: Int32 = 500

  let descriptor: Int32
  private var before = termios()
  private(set) var isEntered = false
  /// Of the last frame, what the terminal has not taken yet.
  private var unwritten: [UInt8] = []

  /// A descriptor of its own, so that not waiting is not the shell's, too. nil where there is no terminal.
  init?() {
    descriptor = open("/dev/tty", O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    guard tcgetattr(descriptor, &before) == 0 else {
      close(descriptor)
      return nil
    }
  }

  deinit {
    leave()
    if descriptor >= 0 { close(descriptor) }
  }

  var size: (columns: Int, rows: Int) {
    let (columns, rows) = (p2pfs_terminal_columns(descriptor), p2pfs_terminal_rows(descriptor))
    return (columns > 0 ? Int(columns) : 80, rows > 0 ? Int(rows) : 24)
  }

  /// In the background the terminal is somebody else's.
  var isOurs: Bool { tcgetpgrp(descriptor) == getpgrp() }
}

// Coming and going.
extension FullScreen {
  /// Also once more, after others have had the terminal. Ctrl-C and Ctrl-Z stay what they are; Ctrl-S does not hold us.
  func enter() {
    if !isEntered { tcgetattr(descriptor, &before) }
    LastWords.begin(descriptor, before)
    var settings = before
    settings.c_lflag &= ~tcflag_t(ICANON | ECHO)
    settings.c_iflag &= ~tcflag_t(IXON)
    tcsetattr(descriptor, TCSANOW, &settings)
    isEntered = true
    write(Self.hello)
  }

  func leave() {
    guard isEntered else { return }
    isEntered = false
    write(LastWords.goodbye.description)
    finishWriting()
    tcsetattr(descriptor, TCSADRAIN, &before)
    LastWords.end()
  }

  private func finishWriting() {
    var watched = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    while wantsToWrite, poll(&watched, 1, Self.goodbyeMilliseconds) == 1,
      watched.revents & Int16(POLLHUP) == 0
    {
      goOnWriting()
    }
  }
}

// Drawing.
extension FullScreen {
  /// All lines in one write, over those that are there: nothing flickers. One that finds the last not yet taken is left
  /// out.
  func draw(_ lines: [StyledLine], columns: Int, _ look: Look) {
    guard isEntered, !wantsToWrite else { return }
    // Behind a full line the cursor still stands on its last cell, which would be erased.
    let drawn = lines.map { $0.painted(look) + ($0.width < columns ? "\u{1B}[K" : "") }
    write("\u{1B}[H" + drawn.joined(separator: "\r\n"))
  }

  var wantsToWrite: Bool { !unwritten.isEmpty }

  func goOnWriting() {
    let count = unwritten.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    if count > 0 { unwritten.removeFirst(count) }
    // A terminal that is gone is told by its signal.
    if count < 0, errno != EAGAIN, errno != EINTR { unwritten = [] }
  }

  private func write(_ text: String) {
    unwritten += text.utf8
    goOnWriting()
  }

  /// What was typed.
  func typed() -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &buffer, buffer.count)
    return count > 0 ? Array(buffer[..<count]) : []
  }
}

/// What puts the terminal right where nobody can say goodbye any more. A signal's handler knows only globals.
private enum LastWords {
  /// A style that was begun, long lines, the cursor, the screen.
  static let goodbye: StaticString = "\u{1B}[0m\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"
  private static let crashes = [SIGABRT, SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE]
  nonisolated(unsafe) private static var terminal: Int32 = -1
  nonisolated(unsafe) private static let before = UnsafeMutablePointer<termios>.allocate(capacity: 1)

  static func begin(_ descriptor: Int32, _ settings: termios) {
    before.initialize(to: settings)
    terminal = descriptor
    for number in crashes {
      signal(number) { number in
        _ = write(LastWords.terminal, LastWords.goodbye.utf8Start, LastWords.goodbye.utf8CodeUnitCount)
        tcsetattr(LastWords.terminal, TCSANOW, LastWords.before)
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }

  static func end() {
    for number in crashes { signal(number, SIG_DFL) }
    terminal = -1
  }
}

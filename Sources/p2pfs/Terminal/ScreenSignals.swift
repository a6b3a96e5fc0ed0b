// Signals of one who has the terminal whole: taken one after the other, in between, instead of anywhere.

import CLinux
import Glibc

/// For the main thread, before others are made: they leave these signals to it.
struct ScreenSignals {
  private static let watched = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP, SIGCONT]

  let descriptor: Int32

  init() {
    var set = sigset_t()
    sigemptyset(&set)
    for number in Self.watched where !Self.isIgnored(number) { sigaddset(&set, number) }
    var blocked = set
    // Who puts the terminal right from the background is not to be stopped for it.
    sigaddset(&blocked, SIGTTOU)
    pthread_sigmask(SIG_BLOCK, &blocked, nil)
    descriptor = p2pfs_signalfd(&set)
  }

  /// One that has come.
  func next() -> Int32? {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard poll(&watched, 1, 0) == 1 else { return nil }
    // struct signalfd_siginfo; the signal's number is its first word.
    var words = [UInt32](repeating: 0, count: 32)
    let count = words.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? Int32(words[0]) : nil
  }

  /// Stops here, as whoever pressed Ctrl-Z expects, and returns when it goes on.
  func stopHere() { deliver(SIGTSTP) }

  /// Ends the program as that signal ends programs.
  func die(of number: Int32) -> Never {
    signal(number, SIG_DFL)
    deliver(number)
    _exit(128 + number)
  }

  private func deliver(_ number: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    raise(number)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// As by nohup, and it is to stay so.
  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}

// What asks a program to stop: SIGINT, SIGTERM, and the end of its terminal.

import CLinux
import Glibc

/// Taken from all threads that are made later.
struct StopSignals: Sendable {
  private let descriptor: Int32

  init() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGINT)
    sigaddset(&set, SIGTERM)
    if !Self.isIgnored(SIGHUP) { sigaddset(&set, SIGHUP) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
    descriptor = p2pfs_signalfd(&set)
  }

  func wait() {
    var bytes = [UInt8](repeating: 0, count: 128)
    while read(descriptor, &bytes, bytes.count) < 0, errno == EINTR {}
  }

  /// As under nohup, and it is to stay so.
  private static func isIgnored(_ signal: Int32) -> Bool {
    var action = sigaction()
    sigaction(signal, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}

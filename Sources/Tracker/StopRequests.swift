// How a tracker is told to end: SIGINT, SIGTERM, or the line `quit` on its standard input, with or without blanks around it
// and a newline behind it.

import CLinux
import Glibc

final class StopRequests {
  /// A longer one is no word of ours.
  private static let lineBytesMax = 256

  private let signals: Int32
  private var line: [UInt8] = []
  private var isInputOpen = true

  init() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGINT)
    sigaddset(&set, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &set, nil)
    signals = p2pfs_signalfd(&set)
    precondition(signals >= 0, "the system gives no descriptor for signals")
  }

  /// Returns true when the tracker is to end, false when `other` can be read first.
  func wait(orUntil other: Int32 = -1) -> Bool {
    while true {
      var watched = [
        pollfd(fd: signals, events: Int16(POLLIN), revents: 0),
        pollfd(fd: isInputOpen ? 0 : -1, events: Int16(POLLIN), revents: 0),
        pollfd(fd: other, events: Int16(POLLIN), revents: 0),
      ]
      guard poll(&watched, nfds_t(watched.count), -1) > 0 else { continue }
      if watched[0].revents != 0 { return true }
      if watched[1].revents != 0, readInput() { return true }
      if watched[2].revents != 0 { return false }
    }
  }

  /// End-of-file by itself means nothing: a tracker in the background has no input.
  private func readInput() -> Bool {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(0, &bytes, bytes.count)
    guard count > 0 else {
      isInputOpen = false
      return saysQuit
    }
    for byte in bytes[..<count] {
      if byte == UInt8(ascii: "\n") {
        if saysQuit { return true }
        line = []
      } else if line.count <= Self.lineBytesMax {
        line.append(byte)
      }
    }
    return false
  }

  private var saysQuit: Bool {
    let words = line.split { [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains($0) }
    return line.count <= Self.lineBytesMax && words.count == 1 && words[0].elementsEqual("quit".utf8)
  }
}

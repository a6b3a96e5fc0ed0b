// Bytes to a descriptor, in large writes, with every failure noticed: an answer that reached a full disk only
// in half must not look like success.

import Glibc

final class OutputStream {
  private static let bufferBytesMax = 32 << 10

  let descriptor: Int32
  private var buffer: [UInt8] = []

  init(_ descriptor: Int32) { self.descriptor = descriptor }

  func write(_ text: String) throws(Failure) {
    buffer += text.utf8
    if buffer.count >= Self.bufferBytesMax { try flush() }
  }

  /// What could not be written is dropped: to try again would say it twice.
  func flush() throws(Failure) {
    defer { buffer.removeAll(keepingCapacity: true) }
    var written = 0
    while written < buffer.count {
      let count = buffer.withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written)
      }
      if count >= 0 { written += count } else { try bear(errno) }
    }
  }

  /// Returns where it is worth trying again.
  private func bear(_ number: Int32) throws(Failure) {
    switch number {
    case EINTR: return
    case EAGAIN: waitUntilWritable()
    case EPIPE: throw .readerGone
    default: throw .disk(number, "writing the answer")
    }
  }

  /// Somebody made the terminal or the pipe non-blocking for everyone who shares it.
  private func waitUntilWritable() {
    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&waiting, 1, -1)
  }
}

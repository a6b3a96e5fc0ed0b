// A blocking TCP connection to a port of this machine, from whichever of its addresses a test wants, before any
// TLS. Whatever it waits for in vain, it does not get.

import Glibc

package struct NoConnection: Error {
  package let errno: Int32
}

package final class Plug {
  package let descriptor: Int32
  private var isClosed = false

  /// 127.0.`from`.
  package init(
    to port: UInt16, from source: (UInt8, UInt8) = (0, 1), receiveBytes: Int32? = nil, patience: Double = 30
  ) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw NoConnection(errno: errno) }
    // OpenSSL writes to those who have hung up.
    signal(SIGPIPE, SIG_IGN)
    wait(atMost: patience)
    if var receiveBytes {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var one: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, size)
    // Ports are taken when both ends are known: thousands then fit behind one address.
    setsockopt(descriptor, Int32(IPPROTO_IP), 24, &one, size)
    try Self.call(descriptor, 0x7F00_0000 | UInt32(source.0) << 8 | UInt32(source.1), 0, bind)
    try Self.call(descriptor, 0x7F00_0001, port, connect)
  }

  deinit { end() }

  private static func call(
    _ descriptor: Int32, _ ip: UInt32, _ port: UInt16,
    _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = ip.bigEndian
    address.sin_port = port.bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw NoConnection(errno: errno) }
  }

  package func wait(atMost seconds: Double) {
    var patience = timeval(tv_sec: Int(seconds), tv_usec: Int((seconds - seconds.rounded(.down)) * 1e6))
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
    }
  }

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// Reads and forgets until the other end closes, properly or by a reset; false: it did not in time.
  package func isClosedByOther() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 { continue }
      return count == 0 || (errno != EAGAIN && errno != EINTR)
    }
  }

  /// Whether it is closed now, without waiting; what had come is forgotten.
  package var isClosedNow: Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
      if count > 0 { continue }
      return count == 0 || (errno != EAGAIN && errno != EINTR)
    }
  }

  package func end() {
    guard !isClosed else { return }
    isClosed = true
    close(descriptor)
  }
}

/// Thousands of connections need as many descriptors.
package func raiseDescriptorLimit() {
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  limit.rlim_cur = limit.rlim_max
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}

// Where tests put their files, and where their trackers listen.

import Foundation

/// A directory that goes when its test is over.
final class Scratch: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/p2pfs-test.XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template)!)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A directory in it.
  @discardableResult
  func make(_ name: String) -> String {
    try! FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    return path + "/" + name
  }

  @discardableResult
  func write(_ name: String, _ text: String) -> String {
    _ = FileManager.default.createFile(atPath: path + "/" + name, contents: Data(text.utf8))
    return path + "/" + name
  }
}

/// Ports that were free a moment ago, never the same twice in one run. They lie below those that the system gives to
/// connections that go out, so that none of these takes one meanwhile.
enum Ports {
  private static let lock = NSLock()
  nonisolated(unsafe) private static var used: Set<UInt16> = []

  /// Of tests that run side by side in two processes each has ports of its own.
  private static let shard = getenv("P2PFS_TEST_SHARD").flatMap { UInt16(String(cString: $0)) } ?? 0

  static func free() -> UInt16 {
    lock.lock()
    defer { lock.unlock() }
    while true {
      let port = UInt16.random(in: 5_000..<16_000) * 2 + shard
      if isFree(port), used.insert(port).inserted { return port }
    }
  }

  private static func isFree(_ port: UInt16) -> Bool {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    return bind(descriptor, to: port)
  }

  static func bind(_ descriptor: Int32, to port: UInt16) -> Bool {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    address.sin_port = port.bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
  }
}

/// Takes connections and never says a word.
final class DeafPort {
  let port: UInt16
  private let descriptor: Int32

  init?() {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    port = Ports.free()
    guard Ports.bind(descriptor, to: port), listen(descriptor, 16) == 0 else { return nil }
  }

  deinit { close(descriptor) }
}

/// Takes connections, says its piece to each at once, and hangs up: a server of something else.
final class ChattyPort: Sendable {
  let port: UInt16
  private let descriptor: Int32

  init?(saying text: String) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    port = Ports.free()
    self.descriptor = descriptor
    guard Ports.bind(descriptor, to: port), listen(descriptor, 16) == 0 else { return nil }
    Thread.detachNewThread {
      while case let line = accept(descriptor, nil, nil), line >= 0 {
        _ = send(line, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        close(line)
      }
    }
  }

  deinit {
    shutdown(descriptor, Int32(SHUT_RDWR))
    close(descriptor)
  }
}

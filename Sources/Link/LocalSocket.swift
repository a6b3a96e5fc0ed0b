// A line between two programs of one person on one machine: a Unix socket in his state directory, for the shell to
// reach the daemon. Plain and blocking: who may speak, the kernel says (SO_PEERCRED), and few speak at once.

internal import CLinux
internal import Glibc

/// One end of such a line. Frames are a length in four bytes, then so many bytes.
package final class LocalStream: Sendable {
  package static let frameBytesMax = 1 << 20

  private let descriptor: Int32

  init(takingOwnership descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// nil where nobody listens.
  package static func connect(to path: String) -> LocalStream? {
    let descriptor = socket(AF_UNIX, LocalAddress.kind, 0)
    guard descriptor >= 0 else { return nil }
    let stream = LocalStream(takingOwnership: descriptor)
    guard let address = LocalAddress(path), address.with({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
      return nil
    }
    return stream
  }

  /// false when the other end has gone.
  package func send(_ body: [UInt8]) -> Bool {
    precondition(body.count <= Self.frameBytesMax, "a frame longer than any may be")
    var bytes: [UInt8] = []
    withUnsafeBytes(of: UInt32(body.count).bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: body)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, LocalAddress.noSignal)
      }
      guard count > 0 else {
        if count < 0, errno == EINTR { continue }
        return false
      }
      sent += count
    }
    return true
  }

  /// nil when the other end has gone, or sends what is no frame.
  package func receive(bytesMax: Int = frameBytesMax) -> [UInt8]? {
    guard let header = read(4) else { return nil }
    let count = header.reduce(0) { $0 << 8 | Int($1) }
    guard count <= bytesMax else { return nil }
    return read(count)
  }

  private func read(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var have = 0
    while have < count {
      let got = bytes[have...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      guard got > 0 else {
        if got < 0, errno == EINTR { continue }
        return nil
      }
      have += got
    }
    return bytes
  }

  /// Both ends hear of it; whoever waits in `receive` or `send` is woken.
  package func end() { shutdown(descriptor, LocalAddress.bothWays) }

  /// Whoever is at the other end, by what the kernel knows of him.
  var userOfPeer: UInt32? {
    var credentials = p2pfs_credentials()
    return p2pfs_peer_credentials(descriptor, &credentials) == 0 ? credentials.user : nil
  }
}

/// Accepts from programs of the same user, and of no other.
package final class LocalListener: Sendable {
  private let descriptor: Int32
  private let path: String

  /// `path` must be free, or left behind by one who is gone: the caller holds the lock that says so.
  package init(at path: String) throws(SocketError) {
    guard let address = LocalAddress(path) else { throw SocketError(errno: ENAMETOOLONG) }
    let descriptor = socket(AF_UNIX, LocalAddress.kind, 0)
    guard descriptor >= 0 else { throw SocketError(errno: errno) }
    unlink(path)
    let before = umask(0o177)
    let bound = address.with { bind(descriptor, $0, $1) }
    umask(before)
    guard bound == 0, Glibc.listen(descriptor, 64) == 0 else {
      let error = SocketError(errno: errno)
      Glibc.close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.path = path
  }

  deinit { Glibc.close(descriptor) }

  /// Waits for the next one; nil when the listener is closed.
  package func accept() -> LocalStream? {
    while true {
      let accepted = p2pfs_accept_blocking(descriptor)
      guard accepted >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        if errno == EMFILE || errno == ENFILE {
          usleep(100_000)
          continue
        }
        return nil
      }
      let stream = LocalStream(takingOwnership: accepted)
      if stream.userOfPeer == geteuid() { return stream }
    }
  }

  package func close() {
    unlink(path)
    shutdown(descriptor, LocalAddress.bothWays)
  }
}

// A line between two programs of one person on one machine: a Unix socket in his state directory, for the shell to
// reach the daemon. Plain and blocking: who may speak, the kernel says (SO_PEERCRED), and few speak at once.

internal import CLinux
internal import Glibc

/// Why nothing more comes of such a line.
package enum LocalTrouble: Error {
  /// Nobody is at the other end, or one who sends what is no frame.
  case gone
  /// He is there, and for longer than this end waits he neither sends nor reads.
  case silent
}

/// One end of such a line. Frames are a length in four bytes, then so many bytes.
package final class LocalStream: Sendable {
  package static let frameBytesMax = 1 << 20

  private let descriptor: Int32

  init(takingOwnership descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  /// This end waits so long at most, for being let in too; the one that listens waits for ever.
  package static func connect(
    to path: String, waitingAtMost milliseconds: Int
  ) throws(LocalTrouble) -> LocalStream {
    let descriptor = socket(AF_UNIX, LocalAddress.kind, 0)
    guard descriptor >= 0 else { throw .gone }
    let stream = LocalStream(takingOwnership: descriptor)
    var time = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
    }
    guard let address = LocalAddress(path) else { throw .gone }
    while address.with({ Glibc.connect(descriptor, $0, $1) }) != 0 {
      guard errno == EINTR else { throw LocalTrouble(errno) }
    }
    return stream
  }

  package func send(_ body: [UInt8]) throws(LocalTrouble) {
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
        throw LocalTrouble(errno)
      }
      sent += count
    }
  }

  package func receive(bytesMax: Int = frameBytesMax) throws(LocalTrouble) -> [UInt8] {
    let count = try read(4).reduce(0) { $0 << 8 | Int($1) }
    guard count <= bytesMax else { throw .gone }
    return try read(count)
  }

  /// false when so much time has passed and there is nothing to receive, not even an end.
  package func hasNews(within milliseconds: Int) -> Bool {
    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&watched, 1, Int32(milliseconds)) > 0
  }

  private func read(_ count: Int) throws(LocalTrouble) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var have = 0
    while have < count {
      let got = bytes[have...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
      guard got != 0 else { throw .gone }
      guard got > 0 else {
        if errno == EINTR { continue }
        throw LocalTrouble(errno)
      }
      have += got
    }
    return bytes
  }

  /// Both ends hear of it; whoever waits in `receive` or `send` is woken.
  package func end() { shutdown(descriptor, LocalAddress.bothWays) }

  /// Whoever is at the other end, by what the kernel knows of him.
  var userOfPeer: UInt32? { peer?.user }

  package var processOfPeer: Int32? { peer?.process }

  private var peer: p2pfs_credentials? {
    var credentials = p2pfs_credentials()
    return p2pfs_peer_credentials(descriptor, &credentials) == 0 ? credentials : nil
  }
}

extension LocalTrouble {
  /// EAGAIN is what the system says when the time is over.
  fileprivate init(_ errno: Int32) { self = errno == EAGAIN ? .silent : .gone }
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
          // Nothing says when a file is closed.
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

// Accepts connections for one loop. Several loops may have a listener each on one socket; the kernel wakes one.

internal import CLinux
internal import Glibc

/// A port that is ours, on which nobody can connect yet.
package final class ListeningPort: Sendable {
  let socket: Socket
  package let address: SocketAddress

  /// Port 0 takes a free one; `address` says which.
  package init(at address: SocketAddress) throws(SocketError) {
    socket = try Socket.bound(to: address)
    self.address = socket.localAddress ?? address
  }

  /// Lines that come in by it answer without being doled out.
  package func beginUnpaced() { socket.beginUnpaced() }

  /// From now on connections are taken.
  package func open() throws(SocketError) { try socket.listen() }

  /// A descriptor of the open port for somebody who takes connections in another way, and closes it.
  package func descriptorForAnother() throws(SocketError) -> Int32 {
    let descriptor = fcntl(socket.descriptor, F_DUPFD_CLOEXEC, 0)
    guard descriptor >= 0 else { throw SocketError(errno: errno) }
    return descriptor
  }
}

package final class Listener: @unchecked Sendable {
  private static let acceptsPerTurn = 64

  private let port: ListeningPort
  private let loop: EventLoop
  private let accepted: (Socket, SocketAddress) -> Void
  /// Given up for a moment when descriptors run out, so that who comes can be turned away instead of left waiting.
  private var spare: Int32
  private var isWanted = false
  /// Connections for which there was no descriptor.
  package let turnedAway = Tally()

  package init(
    _ port: ListeningPort, on loop: EventLoop, accepted: @escaping @Sendable (Socket, SocketAddress) -> Void
  ) {
    self.port = port
    self.loop = loop
    self.accepted = accepted
    spare = Self.openSpare()
  }

  deinit {
    if spare >= 0 { close(spare) }
  }

  /// On the loop's thread.
  package func start() {
    isWanted = true
    loop.watch(port.socket.descriptor, [.readable, .exclusive], self)
  }

  /// On the loop's thread.
  package func stop() {
    isWanted = false
    loop.unwatch(port.socket.descriptor)
  }
}

extension Listener: Watched {
  func ready(_ events: Readiness) {
    for _ in 0..<Self.acceptsPerTurn where isWanted {
      switch acceptOne() {
      case .one(let socket, let address): accepted(socket, address)
      case .noneWaits: return
      case .wentAway: continue
      case .noRoom: return turnOneAway()
      }
    }
  }

  func comesBack() {}

  func loopEnds() { stop() }

  private enum Accepted {
    case one(Socket, SocketAddress)
    case noneWaits
    /// It hung up before we took it.
    case wentAway
    case noRoom
  }

  private func acceptOne() -> Accepted {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let descriptor = p2pfs_accept(port.socket.descriptor, address, &length)
        guard descriptor >= 0 else { return Self.failure(errno) }
        let socket = Socket(takingOwnership: descriptor)
        return SocketAddress(address).map { .one(socket, $0) } ?? .wentAway
      }
    }
  }

  /// accept(2): what went wrong with a connection before it was taken comes as an errno here, too.
  private static func failure(_ errno: Int32) -> Accepted {
    switch errno {
    case EAGAIN: .noneWaits
    case EMFILE, ENFILE, ENOBUFS, ENOMEM: .noRoom
    default: .wentAway
    }
  }

  /// With no descriptor left, a waiting connection would keep the socket readable and the loop spinning.
  private func turnOneAway() {
    guard spare >= 0 else { return pause() }
    close(spare)
    let waiting = p2pfs_accept(port.socket.descriptor, nil, nil)
    if waiting >= 0 {
      close(waiting)
      turnedAway.add()
    }
    spare = Self.openSpare()
    if waiting < 0 { pause() }
  }

  private static func openSpare() -> Int32 { Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC) }

  private func pause() {
    loop.unwatch(port.socket.descriptor)
    loop.after(milliseconds: 100) { [weak self] in self?.goOn() }
  }

  private func goOn() {
    if spare < 0 { spare = Self.openSpare() }
    if isWanted { start() }
  }
}

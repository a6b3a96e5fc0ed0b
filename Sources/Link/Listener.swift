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

  /// From now on connections are taken.
  package func open() throws(SocketError) { try socket.listen() }
}

package final class Listener: @unchecked Sendable {
  private static let acceptsPerTurn = 64

  private let port: ListeningPort
  private let loop: EventLoop
  private let accepted: (Socket, SocketAddress) -> Void
  /// Given up for a moment when descriptors run out, so that who comes can be turned away instead of left waiting.
  private var spare: Int32

  package init(
    _ port: ListeningPort, on loop: EventLoop, accepted: @escaping @Sendable (Socket, SocketAddress) -> Void
  ) {
    self.port = port
    self.loop = loop
    self.accepted = accepted
    spare = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
  }

  deinit {
    if spare >= 0 { close(spare) }
  }

  /// On the loop's thread.
  package func start() { loop.watch(port.socket.descriptor, [.readable, .exclusive], self) }

  package func stop() { loop.unwatch(port.socket.descriptor) }
}

extension Listener: Watched {
  func ready(_ events: Readiness) {
    for _ in 0..<Self.acceptsPerTurn {
      guard let descriptor = acceptOne() else { return }
      let socket = Socket(takingOwnership: descriptor.socket)
      accepted(socket, descriptor.address)
    }
  }

  private func acceptOne() -> (socket: Int32, address: SocketAddress)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let descriptor = p2pfs_accept(port.socket.descriptor, address, &length)
        guard descriptor >= 0 else {
          if errno == EMFILE || errno == ENFILE { turnOneAway() }
          return nil
        }
        guard let remote = SocketAddress(address) else {
          close(descriptor)
          return nil
        }
        return (descriptor, remote)
      }
    }
  }

  /// With no descriptor left, a waiting connection would keep the socket readable and the loop spinning.
  private func turnOneAway() {
    guard spare >= 0 else { return pause() }
    close(spare)
    let waiting = p2pfs_accept(port.socket.descriptor, nil, nil)
    if waiting >= 0 { close(waiting) }
    spare = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
  }

  private func pause() {
    stop()
    loop.after(milliseconds: 100) { [self] in
      spare = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
      start()
    }
  }
}

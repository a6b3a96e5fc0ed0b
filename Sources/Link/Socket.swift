// A TCP socket, non-blocking, closed when its owner goes.

internal import CLinux
internal import Glibc

/// Why a socket could not be made, bound or connected.
package struct SocketError: Error, Equatable, Sendable {
  package let errno: Int32

  package init(errno: Int32) { self.errno = errno }
}

package final class Socket: Sendable {
  let descriptor: Int32

  init(takingOwnership descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  private static func make(_ family: Int32) throws(SocketError) -> Socket {
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let descriptor = Glibc.socket(family, kind, 0)
    guard descriptor >= 0 else { throw SocketError(errno: errno) }
    return Socket(takingOwnership: descriptor)
  }

  /// Bound but not yet listening: whoever connects is refused, and so tries elsewhere.
  static func bound(to address: SocketAddress) throws(SocketError) -> Socket {
    let socket = try make(address.family)
    // A tracker that was killed comes back at once, past the connections that linger in TIME_WAIT.
    socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
    if address.family == AF_INET6 { socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
    let result = address.withSockaddr { bind(socket.descriptor, $0, $1) }
    guard result == 0 else { throw SocketError(errno: errno) }
    return socket
  }

  func listen() throws(SocketError) {
    guard Glibc.listen(descriptor, 4096) == 0 else { throw SocketError(errno: errno) }
  }

  /// Begins to connect; the loop tells when it has, or has not.
  static func connecting(to address: SocketAddress, isUnpaced: Bool) throws(SocketError) -> Socket {
    let socket = try make(address.family)
    socket.tune()
    if isUnpaced { socket.beginUnpaced() }
    let result = address.withSockaddr { connect(socket.descriptor, $0, $1) }
    guard result == 0 || errno == EINPROGRESS else { throw SocketError(errno: errno) }
    return socket
  }

  /// What became of a connection that was begun: 0, or an errno.
  var pendingError: Int32 {
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
    return error
  }

  /// What a socket that was accepted begins with.
  enum FirstByte: Equatable {
    case byte(UInt8)
    case nothingYet
    /// 0 for a proper end.
    case ended(errno: Int32)
  }

  /// Looks at the next byte and leaves it there.
  func peek() -> FirstByte {
    var byte: UInt8 = 0
    switch recv(descriptor, &byte, 1, Int32(MSG_PEEK)) {
    case 1: return .byte(byte)
    case 0: return .ended(errno: 0)
    default: return Self.saysToWait(errno) ? .nothingYet : .ended(errno: errno)
    }
  }

  /// Throws away what has come, some of it at a time; true when nothing can come any more.
  func discard(into scratch: UnsafeMutableRawBufferPointer) -> Bool {
    let count = recv(descriptor, scratch.baseAddress, scratch.count, 0)
    return count == 0 || count < 0 && !Self.saysToWait(errno)
  }

  /// We say nothing more; the other end may.
  func hangUp() { shutdown(descriptor, Int32(SHUT_WR)) }

  private static func saysToWait(_ errno: Int32) -> Bool { errno == EAGAIN || errno == EINTR }

  var localAddress: SocketAddress? { address(of: getsockname) }

  private func address(
    of ask: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
  ) -> SocketAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        ask(descriptor, address, &length) == 0 ? SocketAddress(address) : nil
      }
    }
  }

  /// Small messages must not wait for one another, and a cable that was cut is noticed while we send.
  func tune() {
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, 30_000)
  }

  /// Of what one peer is sent little lies in the kernel unsent, so that what is urgent need not wait behind it.
  func keepUnsentShort() { set(Int32(IPPROTO_TCP), p2pfs_tcp_notsent_lowat, Self.unsentBytes) }

  private static let unsentBytes: Int32 = 256 << 10

  func cork(_ isOn: Bool) { set(Int32(IPPROTO_TCP), p2pfs_tcp_cork, isOn ? 1 : 0) }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}

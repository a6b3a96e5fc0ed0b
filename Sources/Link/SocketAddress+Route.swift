// From which of its addresses this machine would speak to another: what that one sees, unless a router in between
// puts another in its place.

internal import CLinux
internal import Glibc

extension SocketAddress {
  /// Asks the kernel's table of routes; nothing is sent.
  package static func own(toward other: SocketAddress) -> SocketAddress? {
    let descriptor = socket(other.family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard other.withSockaddr({ connect(descriptor, $0, $1) }) == 0 else { return nil }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        getsockname(descriptor, address, &length) == 0 ? SocketAddress(address) : nil
      }
    }
  }
}

// An address that a socket can be bound or connected to. Names are looked up here and nowhere else.

package import GroupModel
internal import CLinux
internal import Glibc

package struct SocketAddress: Hashable, Sendable {
  /// The address in the network's byte order.
  package let ip: [UInt8]
  package let port: UInt16

  package init(ip: [UInt8], port: UInt16) {
    precondition(ip.count == 4 || ip.count == 16, "an address has 4 bytes or 16")
    self.ip = ip
    self.port = port
  }

  package init(_ peer: PeerAddress) { self.init(ip: peer.ip, port: peer.port) }

  package var peer: PeerAddress? { PeerAddress(ip: ip, port: port) }

  /// Every address that a host's name stands for. Asks the resolver, and waits for it.
  package static func resolve(host: String, port: UInt16) -> [SocketAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0 else { return [] }
    defer { freeaddrinfo(found) }
    var addresses: [SocketAddress] = []
    var next = found
    while let info = next {
      if let address = SocketAddress(info.pointee.ai_addr) { addresses.append(address) }
      next = info.pointee.ai_next
    }
    return addresses
  }

  init?(_ address: UnsafePointer<sockaddr>) {
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      self = address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { v4 in
        SocketAddress(
          ip: withUnsafeBytes(of: v4.pointee.sin_addr) { Array($0) },
          port: UInt16(bigEndian: v4.pointee.sin_port))
      }
    case AF_INET6:
      self = address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { v6 in
        SocketAddress(
          ip: withUnsafeBytes(of: v6.pointee.sin6_addr) { Array($0) },
          port: UInt16(bigEndian: v6.pointee.sin6_port)
        ).unmapped
      }
    default: return nil
    }
  }

  /// An IPv4 address that came over an IPv6 socket (`::ffff:a.b.c.d`), as what it is.
  private var unmapped: SocketAddress {
    let prefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
    return ip.starts(with: prefix) ? SocketAddress(ip: Array(ip[12...]), port: port) : self
  }

  var family: Int32 { ip.count == 4 ? AF_INET : AF_INET6 }

  func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    ip.count == 4 ? withV4(body) : withV6(body)
  }

  private func withV4<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var v4 = sockaddr_in()
    v4.sin_family = sa_family_t(AF_INET)
    v4.sin_port = port.bigEndian
    withUnsafeMutableBytes(of: &v4.sin_addr) { $0.copyBytes(from: ip) }
    return rebound(&v4, body)
  }

  private func withV6<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var v6 = sockaddr_in6()
    v6.sin6_family = sa_family_t(AF_INET6)
    v6.sin6_port = port.bigEndian
    withUnsafeMutableBytes(of: &v6.sin6_addr) { $0.copyBytes(from: ip) }
    return rebound(&v6, body)
  }

  private func rebound<Form, Result>(
    _ form: inout Form, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    withUnsafePointer(to: &form) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<Form>.size))
      }
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  package var description: String { ip.count == 4 ? "\(host):\(port)" : "[\(host)]:\(port)" }

  package var host: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    _ = ip.withUnsafeBytes { inet_ntop(family, $0.baseAddress, &text, socklen_t(text.count)) }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

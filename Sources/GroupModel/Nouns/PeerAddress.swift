// Where a member can be reached: the address in the network's byte order, and the port.

package struct PeerAddress: Hashable, Sendable {
  /// 4 bytes (IPv4) or 16 (IPv6).
  package let ip: [UInt8]
  package let port: UInt16

  package init?(ip: [UInt8], port: UInt16) {
    guard ip.count == 4 || ip.count == 16 else { return nil }
    self.ip = ip
    self.port = port
  }
}

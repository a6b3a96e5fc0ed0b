// The envelope of every message between two programs: twelve bytes, then the message (PROTOCOL.md 2).

package struct FrameHeader: Equatable, Sendable {
  package static let bytes = 12
  /// The longest message of all. Who is not logged in gets far less (`Connection`).
  package static let bodyBytesMax = 1 << 20

  package let bodyBytes: Int
  package let role: FrameRole
  package let kind: UInt8
  /// Pairs an answer with its request; 0 where there is no pair.
  package let exchange: UInt32

  package init(bodyBytes: Int, role: FrameRole, kind: UInt8, exchange: UInt32) {
    self.bodyBytes = bodyBytes
    self.role = role
    self.kind = kind
    self.exchange = exchange
  }

  /// The length is checked against what this sender may send now, before anything is kept for it.
  package init(reading reader: inout WireReader, bodyBytesMax: Int) throws(Malformed) {
    let length = try reader.u32()
    guard length <= bodyBytesMax else { throw Malformed("a message longer than it may be") }
    guard let role = FrameRole(rawValue: try reader.u8()) else { throw Malformed("an unknown frame role") }
    let kind = try reader.u8()
    guard try reader.u16() == 0 else { throw Malformed("reserved bits that are set") }
    let exchange = try reader.u32()
    try Self.check(role, kind: kind, length: length, exchange: exchange)
    self.init(bodyBytes: Int(length), role: role, kind: kind, exchange: exchange)
  }

  private static func check(
    _ role: FrameRole, kind: UInt8, length: UInt32, exchange: UInt32
  ) throws(Malformed) {
    switch role {
    case .ping, .pong:
      guard length == 0, kind == 0, exchange == 0 else { throw Malformed("a heartbeat with a content") }
    case .push:
      guard exchange == 0 else { throw Malformed("a push that wants an answer") }
    case .request, .answer:
      guard exchange != 0 else { throw Malformed("a request or answer without its number") }
    }
  }

  package func append(to bytes: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(bodyBytes).bigEndian) { bytes.append(contentsOf: $0) }
    bytes.append(role.rawValue)
    bytes.append(kind)
    bytes.append(0)
    bytes.append(0)
    withUnsafeBytes(of: exchange.bigEndian) { bytes.append(contentsOf: $0) }
  }
}

package enum FrameRole: UInt8, Sendable {
  case push = 0
  case request = 1
  case answer = 2
  case ping = 3
  case pong = 4
}

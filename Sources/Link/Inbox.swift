// Bytes that have come and are no whole message yet, or may not be looked at yet. It holds memory only while it
// holds bytes, and grows with the bytes that come, never with the length that a header announces.

struct Inbox {
  private var bytes: [UInt8] = []

  var isEmpty: Bool { bytes.isEmpty }

  mutating func append(_ more: RawSpan) {
    more.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  mutating func takeAll() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  /// What is left is what one record brought, so that copying it costs little; the room that a long message
  /// took is not kept for it.
  mutating func restore(_ held: consuming [UInt8], from taken: Int) {
    bytes = taken == 0 ? held : Array(held[taken...])
  }
}

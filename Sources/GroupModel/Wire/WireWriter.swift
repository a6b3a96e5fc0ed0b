// Appends the protocol's numbers, names and blobs to bytes that will be sent or stored. Big-endian throughout.

package struct WireWriter: Sendable {
  package private(set) var bytes: [UInt8]

  package init(reserving count: Int = 64) {
    bytes = []
    bytes.reserveCapacity(count)
  }

  package mutating func u8(_ value: UInt8) { bytes.append(value) }

  package mutating func u16(_ value: UInt16) { integer(value) }

  package mutating func u32(_ value: UInt32) { integer(value) }

  package mutating func u64(_ value: UInt64) { integer(value) }

  package mutating func i64(_ value: Int64) { integer(value) }

  package mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  private mutating func integer(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  package mutating func raw(_ value: some Collection<UInt8>) { bytes.append(contentsOf: value) }

  /// A length in one byte, then as many bytes.
  package mutating func short(_ value: some Collection<UInt8>) {
    precondition(value.count <= UInt8.max, "a short blob has 255 bytes at most")
    u8(UInt8(value.count))
    raw(value)
  }

  /// A length in two bytes, then as many bytes.
  package mutating func blob(_ value: some Collection<UInt8>) {
    precondition(value.count <= UInt16.max, "a blob has 65,535 bytes at most")
    u16(UInt16(value.count))
    raw(value)
  }

  /// How many follow, in four bytes, then each.
  package mutating func list<Element>(_ elements: [Element], each write: (inout WireWriter, Element) -> Void)
  {
    u32(UInt32(elements.count))
    for element in elements { write(&self, element) }
  }

  package mutating func optional<Value>(_ value: Value?, write: (inout WireWriter, Value) -> Void) {
    flag(value != nil)
    if let value { write(&self, value) }
  }

  package mutating func name(_ user: UserName) { short(user.description.utf8) }

  package mutating func name(_ group: GroupName) { short(group.description.utf8) }

  package mutating func path(_ path: FilePath) { blob(path.bytes) }
}

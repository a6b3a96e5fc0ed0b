// Takes the protocol's numbers, names and blobs out of bytes that a stranger sent. Every bound is checked
// before a byte is read and before memory is taken; nothing here can read past the end or trap.

/// Some bytes are not what they should be. The line that they came by ends.
package struct Malformed: Error, Equatable, CustomStringConvertible {
  package let what: StaticString

  package init(_ what: StaticString) { self.what = what }

  package var description: String { "\(what)" }

  package static func == (left: Self, right: Self) -> Bool { left.description == right.description }
}

package struct WireReader: ~Escapable {
  private let bytes: RawSpan
  private var offset = 0

  @_lifetime(copy bytes)
  package init(_ bytes: RawSpan) {
    self.bytes = bytes
  }

  package var remaining: Int { bytes.byteCount - offset }

  /// A message ends where its fields end: bytes left over are somebody's mistake, or attempt.
  package func end() throws(Malformed) {
    guard remaining == 0 else { throw Malformed("bytes after the end of a message") }
  }

  package mutating func u8() throws(Malformed) -> UInt8 { try integer() }

  package mutating func u16() throws(Malformed) -> UInt16 { try integer() }

  package mutating func u32() throws(Malformed) -> UInt32 { try integer() }

  package mutating func u64() throws(Malformed) -> UInt64 { try integer() }

  package mutating func i64() throws(Malformed) -> Int64 { Int64(bitPattern: try u64()) }

  package mutating func flag() throws(Malformed) -> Bool {
    switch try u8() {
    case 0: return false
    case 1: return true
    default: throw Malformed("a flag that is neither 0 nor 1")
    }
  }

  private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>() throws(Malformed) -> Value {
    let count = MemoryLayout<Value>.size
    guard remaining >= count else { throw Malformed("a message cut short") }
    defer { offset += count }
    return Value(bigEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Value.self))
  }

  /// The next `count` bytes, where they lie.
  @_lifetime(copy self)
  package mutating func span(_ count: Int) throws(Malformed) -> RawSpan {
    guard count >= 0, remaining >= count else { throw Malformed("a message cut short") }
    defer { offset += count }
    return bytes.extracting(offset..<offset + count)
  }

  package mutating func array(_ count: Int) throws(Malformed) -> [UInt8] {
    try span(count).withUnsafeBytes { Array($0) }
  }

  package mutating func short() throws(Malformed) -> [UInt8] { try array(Int(try u8())) }

  package mutating func blob(max: Int) throws(Malformed) -> [UInt8] {
    let count = Int(try u16())
    guard count <= max else { throw Malformed("a field longer than it may be") }
    return try array(count)
  }

  /// `bytesEach` is the least that one element takes: a count that could not fit is refused before memory is
  /// taken for it.
  package mutating func list<Element>(
    max: Int, bytesEach: Int, each read: (inout WireReader) throws(Malformed) -> Element
  ) throws(Malformed) -> [Element] {
    let count = Int(try u32())
    guard count <= max, count * bytesEach <= remaining else {
      throw Malformed("a list longer than it may be")
    }
    var elements: [Element] = []
    elements.reserveCapacity(count)
    for _ in 0..<count { elements.append(try read(&self)) }
    return elements
  }

  package mutating func optional<Value>(
    read: (inout WireReader) throws(Malformed) -> Value
  ) throws(Malformed) -> Value? {
    try flag() ? try read(&self) : nil
  }

  package mutating func user() throws(Malformed) -> UserName {
    guard let name = UserName(try text()) else { throw Malformed("a user's name that is none") }
    return name
  }

  package mutating func group() throws(Malformed) -> GroupName {
    guard let name = GroupName(try text()) else { throw Malformed("a group's name that is none") }
    return name
  }

  private mutating func text() throws(Malformed) -> String {
    let bytes = try short()
    guard bytes.count <= NameRule.bytesMax else { throw Malformed("a name longer than it may be") }
    return String(decoding: bytes, as: UTF8.self)
  }

  package mutating func path() throws(Malformed) -> FilePath {
    let bytes = try blob(max: FilePath.bytesMax)
    do { return try FilePath(bytes) } catch { throw Malformed("a path that is none") }
  }
}

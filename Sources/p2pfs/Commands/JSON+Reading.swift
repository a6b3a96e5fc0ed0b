// JSON read back: what a daemon has written. Strict, since only we write it, and bounded, since nothing is believed.

extension JSON {
  struct NotJSON: Error {}

  init(parsing text: [UInt8]) throws(NotJSON) {
    var parser = JSONParser(text)
    self = try parser.whole()
  }

  /// `null` where there is no such member.
  subscript(key: String) -> JSON {
    guard case .object(let members) = self else { return .null }
    return members.first { $0.key == key }?.value ?? .null
  }

  var string: String? { if case .string(let text) = self { text } else { nil } }

  var number: Int64? { if case .number(let value) = self { value } else { nil } }

  /// 0 for what is no number.
  var int: Int { number.map { Int($0) } ?? 0 }

  var flag: Bool { if case .bool(let value) = self { value } else { false } }

  var elements: [JSON] { if case .array(let values) = self { values } else { [] } }
}

private struct JSONParser {
  private static let depthMax = 32

  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func whole() throws(JSON.NotJSON) -> JSON {
    let value = try value(depth: 0)
    skipBlanks()
    guard place == bytes.count else { throw JSON.NotJSON() }
    return value
  }

  private mutating func value(depth: Int) throws(JSON.NotJSON) -> JSON {
    guard depth < Self.depthMax else { throw JSON.NotJSON() }
    skipBlanks()
    switch peek {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func object(_ depth: Int) throws(JSON.NotJSON) -> JSON {
    var members: [(key: String, value: JSON)] = []
    try list(until: UInt8(ascii: "}")) { (parser) throws(JSON.NotJSON) in
      parser.skipBlanks()
      let key = try parser.string()
      parser.skipBlanks()
      guard parser.take(UInt8(ascii: ":")) else { throw JSON.NotJSON() }
      members.append((key, try parser.value(depth: depth + 1)))
    }
    return .object(members)
  }

  private mutating func array(_ depth: Int) throws(JSON.NotJSON) -> JSON {
    var values: [JSON] = []
    try list(until: UInt8(ascii: "]")) { (parser) throws(JSON.NotJSON) in
      values.append(try parser.value(depth: depth + 1))
    }
    return .array(values)
  }

  private mutating func list(
    until end: UInt8, each: (inout JSONParser) throws(JSON.NotJSON) -> Void
  ) throws(JSON.NotJSON) {
    place += 1
    skipBlanks()
    if take(end) { return }
    while true {
      try each(&self)
      skipBlanks()
      if take(end) { return }
      guard take(UInt8(ascii: ",")) else { throw JSON.NotJSON() }
    }
  }

  private mutating func string() throws(JSON.NotJSON) -> String {
    guard take(UInt8(ascii: "\"")) else { throw JSON.NotJSON() }
    var text: [UInt8] = []
    while let byte = next() {
      switch byte {
      case UInt8(ascii: "\""):
        guard let valid = String(validating: text, as: UTF8.self) else { throw JSON.NotJSON() }
        return valid
      case UInt8(ascii: "\\"): text += try escaped()
      case 0..<0x20: throw JSON.NotJSON()
      default: text.append(byte)
      }
    }
    throw JSON.NotJSON()
  }

  /// What stands behind a backslash. Pairs of surrogates are not written by us.
  private mutating func escaped() throws(JSON.NotJSON) -> [UInt8] {
    switch next() {
    case UInt8(ascii: "\""): return [UInt8(ascii: "\"")]
    case UInt8(ascii: "\\"): return [UInt8(ascii: "\\")]
    case UInt8(ascii: "u"):
      guard place + 4 <= bytes.count,
        let code = UInt32(String(decoding: bytes[place..<place + 4], as: UTF8.self), radix: 16),
        let scalar = Unicode.Scalar(code)
      else { throw JSON.NotJSON() }
      place += 4
      return Array(String(scalar).utf8)
    default: throw JSON.NotJSON()
    }
  }

  private mutating func number() throws(JSON.NotJSON) -> JSON {
    let start = place
    while let byte = peek, byte == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    {
      place += 1
    }
    guard let value = Int64(String(decoding: bytes[start..<place], as: UTF8.self)) else {
      throw JSON.NotJSON()
    }
    return .number(value)
  }

  private mutating func word(_ text: String, _ value: JSON) throws(JSON.NotJSON) -> JSON {
    guard bytes[place...].starts(with: text.utf8) else { throw JSON.NotJSON() }
    place += text.utf8.count
    return value
  }

  private var peek: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func next() -> UInt8? {
    defer { place += 1 }
    return peek
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    place += 1
    return true
  }

  private mutating func skipBlanks() {
    while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") { place += 1 }
  }
}

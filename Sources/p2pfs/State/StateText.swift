// How state is written down: lines of `key value`, and parts of any bytes with their length before them, then
// the line `end`. Text where it can be, so that a person sees what is there (openssl finds the keys in it);
// strict when read, since only we write it.

struct StateText {
  private(set) var bytes: [UInt8]

  init(kind: String) { bytes = Array("p2pfs \(kind) 1\n".utf8) }

  mutating func line(_ key: String, _ value: String) { bytes += "\(key) \(value)\n".utf8 }

  mutating func part(_ name: String, _ content: [UInt8]) {
    line("part", "\(name) \(content.count)")
    bytes += content
    bytes += "\n".utf8
  }

  mutating func end() { bytes += "end\n".utf8 }
}

struct StateTextReader {
  struct Damaged: Error {}

  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8], kind: String) throws(Damaged) {
    rest = bytes[...]
    guard try line() == "p2pfs \(kind) 1" else { throw Damaged() }
  }

  mutating func value(of key: String) throws(Damaged) -> String {
    let line = try line()
    guard line.hasPrefix("\(key) ") else { throw Damaged() }
    return String(line.dropFirst(key.count + 1))
  }

  mutating func keyAndValue() throws(Damaged) -> (key: String, value: String) {
    let halves = try line().split(separator: " ", maxSplits: 1)
    guard halves.count == 2 else { throw Damaged() }
    return (String(halves[0]), String(halves[1]))
  }

  mutating func part(_ name: String) throws(Damaged) -> [UInt8] {
    guard let count = try Int(value(of: "part \(name)")), (0..<rest.count).contains(count) else {
      throw Damaged()
    }
    let content = Array(rest.prefix(count))
    rest = rest.dropFirst(count)
    guard rest.popFirst() == UInt8(ascii: "\n") else { throw Damaged() }
    return content
  }

  mutating func end() throws(Damaged) {
    guard try line() == "end", rest.isEmpty else { throw Damaged() }
  }

  /// Every line ends in a line's end, also the last one: a file cut short is noticed.
  private mutating func line() throws(Damaged) -> String {
    guard let end = rest.firstIndex(of: UInt8(ascii: "\n")),
      let line = String(validating: rest[..<end], as: UTF8.self)
    else { throw Damaged() }
    rest = rest[(end + 1)...]
    return line
  }
}

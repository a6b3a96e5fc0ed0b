// What the fuzz targets share. Each target is one function of arbitrary bytes that must come back, whatever they
// are: a trap, a failed `require`, a hang or what AddressSanitizer finds is a bug, and libFuzzer keeps the bytes.

import GroupModel

func require(_ holds: Bool, _ promise: String) {
  if !holds { fatalError("a broken promise: \(promise)") }
}

/// What parses must be written as the very bytes that it was read from: then nobody can say one thing in two ways.
func requireSame(_ written: [UInt8], _ read: some Collection<UInt8>) {
  require(written.elementsEqual(read), "one message has one form")
}

func bytes(writing write: (inout WireWriter) -> Void) -> [UInt8] {
  var writer = WireWriter()
  write(&writer)
  return writer.bytes
}

extension UnsafePointer<UInt8> {
  func array(_ count: Int) -> [UInt8] { Array(UnsafeBufferPointer(start: self, count: count)) }
}

/// Takes numbers out of the fuzzer's bytes; zeros when there are no more.
struct Dice {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

  mutating func int() -> Int { (0..<8).reduce(0) { number, _ in number << 8 | Int(byte()) } }

  /// Mostly small, so that some of them fit; sometimes anything at all.
  mutating func number(upTo max: Int) -> Int { byte() < 240 ? Int(byte()) % (max + 1) : int() }

  mutating func digest() -> Digest {
    let word = [UInt8](repeating: byte(), count: Digest.byteCount)
    return Digest(word.span.bytes)
  }
}

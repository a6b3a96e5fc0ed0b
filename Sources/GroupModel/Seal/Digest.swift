// A SHA-256 hash as a value: 32 bytes stored inline, so that an array of them is one flat run of memory.
// The words hold the bytes as they lie, in no byte order; only equality and the bytes have a meaning.

package struct Digest: Hashable, Sendable, BitwiseCopyable {
  package static let byteCount = 32
  package static let zero = Digest()

  private var word0 = UInt64(0)
  private var word1 = UInt64(0)
  private var word2 = UInt64(0)
  private var word3 = UInt64(0)

  private init() {}

  /// Exactly 32 bytes: whoever cut them from a message has counted them.
  package init(_ bytes: RawSpan) {
    precondition(bytes.byteCount == Self.byteCount, "a SHA-256 digest has 32 bytes")
    withUnsafeMutableBytes(of: &self) { own in
      bytes.withUnsafeBytes { own.copyMemory(from: $0) }
    }
  }

  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withUnsafeBytes(of: self, body)
  }
}

extension Digest {
  package init(hashing bytes: RawSpan) {
    var running = RunningDigest()
    running.update(bytes)
    self = running.finish()
  }

  package init(hashing bytes: UnsafeRawBufferPointer) {
    self.init(hashing: bytes.bytes)
  }

  /// The parent of two nodes of a tree: the hash of the one's bytes and then the other's.
  package init(hashing left: Digest, _ right: Digest) {
    let pair = (left, right)
    self = withUnsafeBytes(of: pair) { Digest(hashing: $0) }
  }
}

extension Digest: CustomStringConvertible {
  package var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(unsafeUninitializedCapacity: 2 * Self.byteCount) { text in
      withBytes { bytes in
        for (index, byte) in bytes.enumerated() {
          text[2 * index] = digits[Int(byte >> 4)]
          text[2 * index + 1] = digits[Int(byte & 15)]
        }
      }
      return 2 * Self.byteCount
    }
  }

  package var description: String { hex }

  /// 64 hex digits of either case, as people paste them.
  package init?(hex: some StringProtocol) {
    guard hex.utf8.count == 2 * Self.byteCount else { return nil }
    self.init()
    var nibbles: [UInt8] = []
    for digit in hex.utf8 {
      guard let nibble = Self.nibble(digit) else { return nil }
      nibbles.append(nibble)
    }
    withUnsafeMutableBytes(of: &self) { own in
      for index in own.indices { own[index] = nibbles[2 * index] << 4 | nibbles[2 * index + 1] }
    }
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

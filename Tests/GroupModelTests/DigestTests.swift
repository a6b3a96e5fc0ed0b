import Testing

@testable import GroupModel

@Suite struct DigestTests {
  /// From FIPS 180-2.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func `hashes as the standard says`(text: String, hex: String) {
    let bytes = Array(text.utf8)
    #expect(Digest(of: bytes).hex == hex)
    #expect(bytes.withUnsafeBytes { Digest(hashing: $0) }.hex == hex)
  }

  @Test func `bytes in parts have the hash of the whole`() {
    let bytes = Array(Sample.bytes.prefix(1000))
    for cut in 0...bytes.count {
      var running = RunningDigest()
      running.update(bytes.span.bytes.extracting(first: cut))
      running.update(bytes.span.bytes.extracting(droppingFirst: cut))
      #expect(running.finish() == Digest(of: bytes))
    }
  }

  @Test func `a pair is hashed as its bytes one after the other`() {
    let left = Digest(of: [1])
    let right = Digest(of: [2])
    let bytes = left.bytes + right.bytes
    #expect(Digest(hashing: left, right) == Digest(of: bytes))
    #expect(Digest(hashing: left, right) != Digest(hashing: right, left))
  }

  @Test func `hex goes out and comes back`() {
    let digest = Digest(of: Sample.bytes.prefix(77))
    #expect(Digest(hex: digest.hex) == digest)
    #expect(Digest(hex: digest.hex.uppercased()) == digest)
    #expect(Digest.zero.hex == String(repeating: "0", count: 64))
    #expect(ContentRoot(hex: digest.hex) == ContentRoot(digest))
  }

  @Test(arguments: [
    "", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
    String(repeating: "0", count: 63) + "g", "0x" + String(repeating: "0", count: 62),
    String(repeating: "0", count: 62) + "é", String(repeating: "０", count: 64),
  ])
  func `what is not 64 hex digits is no digest`(text: String) {
    #expect(Digest(hex: text) == nil)
    #expect(ContentRoot(hex: text) == nil)
  }
}

// A network with an authority and people, as the tests of the seals want it.

import Testing

@testable import GroupModel

/// Some noon in 2027.
let noon: Int64 = 1_800_000_000
let day: Int64 = 86_400

struct TestNetwork {
  let authority: Authority

  init() throws { authority = try Authority.make(now: noon) }

  func member(
    _ name: String, generation: UInt32 = 1, lineage: UInt64 = 1, key: KeyPair? = nil
  ) throws -> Certificate {
    let user = try #require(UserName(name))
    let request = try CertificateRequest(signedBy: key ?? .generate())
    return try authority.issueMember(
      user: user, generation: generation, lineage: lineage, request: request, now: noon)
  }

  func tracker() throws -> Certificate {
    try authority.issueTracker(publicKey: KeyPair.generate().publicKey)
  }
}

/// Every copy of `bytes` that differs in one bit.
func eachBitFlipped(_ bytes: [UInt8]) -> some Sequence<[UInt8]> {
  (0..<bytes.count * 8).lazy.map { bit in
    var copy = bytes
    copy[bit / 8] ^= 1 << UInt8(bit % 8)
    return copy
  }
}

/// Every beginning of `bytes` but the whole.
func eachBeginning(_ bytes: [UInt8]) -> some Sequence<[UInt8]> {
  (0..<bytes.count).lazy.map { Array(bytes.prefix($0)) }
}

/// The same DER, with a leading zero in the length of the whole: what BER allows and DER does not.
func withLongerLength(_ der: [UInt8]) -> [UInt8] {
  let lengthBytes = Int(der[1] & 0x7f)
  return [der[0], der[1] + 1, 0] + der[2..<2 + lengthBytes] + der[(2 + lengthBytes)...]
}

extension [UInt8] {
  init(pem text: String) { self.init(text.utf8) }
}

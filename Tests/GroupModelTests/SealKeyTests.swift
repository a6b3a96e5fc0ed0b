// Keys and requests: what is ours comes back, what is not ours or was touched is refused.

import Testing

@testable import GroupModel

@Suite struct SealKeyTests {
  @Test func `a key comes back from its PEM`() throws {
    let key = try KeyPair.generate()
    let pem = try key.pem()
    #expect(String(decoding: pem, as: UTF8.self).hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
    let read = try KeyPair(pem: pem)
    #expect(read.publicKey == key.publicKey)
    #expect(try read.pem() == pem)
  }

  @Test func `two keys differ`() throws {
    #expect(try KeyPair.generate().publicKey != KeyPair.generate().publicKey)
  }

  @Test(arguments: [Fixture.p384KeyPEM, Fixture.ed25519KeyPEM])
  func `a key of another kind is refused`(pem: String) {
    #expect(throws: SealError.foreign) { try KeyPair(pem: [UInt8](pem: pem)) }
  }

  @Test func `an encrypted key is refused without a question at the terminal`() {
    #expect(throws: SealError.malformed) { try KeyPair(pem: [UInt8](pem: Fixture.encryptedKeyPEM)) }
  }

  @Test func `what is no key is refused`() throws {
    let pem = try KeyPair.generate().pem()
    #expect(throws: SealError.malformed) { try KeyPair(pem: []) }
    #expect(throws: SealError.malformed) { try KeyPair(pem: Array("hello".utf8)) }
    #expect(throws: SealError.malformed) { try KeyPair(pem: pem + pem) }
    #expect(throws: SealError.malformed) { try KeyPair(pem: [UInt8](pem: Fixture.authorityPEM)) }
    #expect(throws: SealError.tooLong) { try KeyPair(pem: [UInt8](repeating: 10, count: 8193)) }
    // Without its last newline a PEM is whole.
    for beginning in eachBeginning(pem.dropLast()) {
      #expect(throws: SealError.self) { try KeyPair(pem: beginning) }
    }
  }

  @Test func `a damaged key is refused, or is still the same key`() throws {
    let key = try KeyPair.generate()
    for flipped in eachBitFlipped(try key.pem()) {
      // OpenSSL does not mind another version number, nor words before the frame.
      guard let read = try? KeyPair(pem: flipped) else { continue }
      let request = try CertificateRequest(der: CertificateRequest(signedBy: read).der)
      #expect(request.publicKey == key.publicKey)
    }
  }
}

@Suite struct SealRequestTests {
  @Test func `a request proves its key to the other side`() throws {
    let key = try KeyPair.generate()
    let request = try CertificateRequest(signedBy: key)
    let read = try CertificateRequest(der: request.der)
    #expect(read.publicKey == key.publicKey)
    #expect(read.der == request.der)
  }

  @Test func `a request with any bit changed is refused`() throws {
    let request = try CertificateRequest(signedBy: .generate())
    for flipped in eachBitFlipped(request.der) {
      #expect(throws: SealError.self) { try CertificateRequest(der: flipped) }
    }
  }

  @Test func `half a request and more than one are refused`() throws {
    let der = try CertificateRequest(signedBy: .generate()).der
    for beginning in eachBeginning(der) {
      #expect(throws: SealError.malformed) { try CertificateRequest(der: beginning) }
    }
    #expect(throws: SealError.malformed) { try CertificateRequest(der: der + [0]) }
    #expect(throws: SealError.malformed) { try CertificateRequest(der: withLongerLength(der)) }
    #expect(throws: SealError.malformed) { try CertificateRequest(der: der + der) }
    #expect(throws: SealError.tooLong) { try CertificateRequest(der: [UInt8](repeating: 0x30, count: 4097)) }
  }

  @Test func `another program's request is as good as ours`() throws {
    let request = try CertificateRequest(der: try #require(Hex.bytes(Fixture.plainRequest)))
    let network = try TestNetwork()
    let certificate = try network.authority.issueMember(
      user: try #require(UserName("alice")), generation: 1, lineage: 1, request: request, now: noon)
    // Whatever name the request asks for.
    #expect(certificate.holder == .member(user: UserName("alice")!, generation: 1, lineage: 1))
  }

  @Test(arguments: Fixture.foreignRequests)
  func `a request with another kind of key or signature is refused`(kind: String, hex: String) throws {
    let der = try #require(Hex.bytes(hex))
    #expect(throws: SealError.foreign, "\(kind)") { try CertificateRequest(der: der) }
  }
}

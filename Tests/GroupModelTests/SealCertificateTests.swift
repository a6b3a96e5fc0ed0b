// Certificates and the authority that makes them: what stands in one, and what is not taken for one.

import Testing

@testable import GroupModel

@Suite struct SealCertificateTests {
  @Test func `a certificate comes back from its DER and its PEM`() throws {
    let network = try TestNetwork()
    for certificate in [network.authority.certificate, try network.tracker(), try network.member("alice")] {
      for read in [try Certificate(der: certificate.der), try Certificate(pem: certificate.pem())] {
        #expect(read == certificate)
        #expect(read.fingerprint == certificate.fingerprint)
        #expect(read.holder == certificate.holder)
        #expect(read.serial == certificate.serial)
        #expect(read.publicKey == certificate.publicKey)
        #expect(read.notBefore == certificate.notBefore)
        #expect(read.notAfter == certificate.notAfter)
      }
      let shared = try certificate.withX509 { try Certificate(sharing: $0) }
      #expect(shared == certificate)
    }
  }

  @Test(
    arguments: [
      ("a", 0, 0), ("alice", 7, 9), (String(repeating: "z", count: 64), .max, .max),
      ("0.x_-Y", 1 << 31, 1 << 63),
    ] as [(String, UInt32, UInt64)])
  func `a member's name and numbers come back`(name: String, generation: UInt32, lineage: UInt64) throws {
    let made = try TestNetwork().member(name, generation: generation, lineage: lineage)
    let read = try Certificate(der: made.der)
    #expect(read.holder == .member(user: UserName(name)!, generation: generation, lineage: lineage))
    #expect(read.serial.count == 20)
    #expect(read.serial[0] == 1)
  }

  @Test func `no two certificates have one serial number`() throws {
    let network = try TestNetwork()
    let key = try KeyPair.generate()
    let serials = try (0..<50).map { _ in try network.member("alice", key: key).serial }
    #expect(Set(serials).count == serials.count)
  }

  @Test func `half a certificate and more than one are refused`() throws {
    let certificate = try TestNetwork().member("alice")
    for beginning in eachBeginning(certificate.der) {
      #expect(throws: SealError.malformed) { try Certificate(der: beginning) }
    }
    #expect(throws: SealError.malformed) { try Certificate(der: certificate.der + [0]) }
    #expect(throws: SealError.malformed) { try Certificate(der: certificate.der + certificate.der) }
    #expect(throws: SealError.malformed) { try Certificate(pem: certificate.pem() + certificate.pem()) }
    #expect(throws: SealError.malformed) { try Certificate(pem: KeyPair.generate().pem()) }
    #expect(throws: SealError.tooLong) { try Certificate(der: [UInt8](repeating: 0x30, count: 4097)) }
    #expect(throws: SealError.tooLong) { try Certificate(pem: [UInt8](repeating: 10, count: 8193)) }
  }

  @Test func `a certificate in a longer encoding is refused`() throws {
    let der = try TestNetwork().member("alice").der
    #expect(throws: SealError.malformed) { try Certificate(der: withLongerLength(der)) }
  }

  @Test func `a certificate of our form by another program is one of ours`() throws {
    let authority = try Certificate(der: #require(Hex.bytes(NearCertificates.authority)))
    let bob = try Certificate(der: #require(Hex.bytes(NearCertificates.bob)))
    #expect(authority.holder == .authority)
    #expect(
      bob.holder == .member(user: UserName("bob")!, generation: 0x0203_0405, lineage: 0x0607_0809_0a0b_0c0d))
    #expect(throws: SealError.foreign) { try Certificate(pem: [UInt8](pem: Fixture.p384CertificatePEM)) }
  }

  @Test(arguments: NearCertificates.foreign)
  func `one that differs in one thing is refused`(difference: String, hex: String) throws {
    let der = try #require(Hex.bytes(hex))
    #expect(throws: SealError.foreign, "\(difference)") { try Certificate(der: der) }
  }

  @Test func `the fingerprint is the one that openssl prints`() throws {
    let certificate = try Certificate(pem: [UInt8](pem: Fixture.authorityPEM))
    let printed = Fixture.authorityFingerprintByOpenSSL.split(separator: ":").joined()
    #expect(certificate.fingerprint == Fingerprint(printed))
    #expect(certificate.fingerprint.hex == printed.lowercased())
    #expect(certificate.fingerprint.description == "sha256:" + printed.lowercased())
    #expect(Fingerprint(certificate.fingerprint.description) == certificate.fingerprint)
  }

  @Test(arguments: [
    "", "sha256:", "sha256:12", String(repeating: "a", count: 63), String(repeating: "a", count: 65),
    String(repeating: "g", count: 64), "sha1:" + String(repeating: "a", count: 64),
    "sha256:sha256:" + String(repeating: "a", count: 64), "sha256: " + String(repeating: "a", count: 64),
    String(repeating: "é", count: 32), String(repeating: "aa:", count: 32),
  ])
  func `any other text is no fingerprint`(text: String) {
    #expect(Fingerprint(text) == nil)
  }
}

@Suite struct SealAuthorityTests {
  @Test func `an authority lasts for ever, from yesterday`() throws {
    let certificate = try TestNetwork().authority.certificate
    #expect(certificate.holder == .authority)
    #expect(certificate.notBefore == noon - day)
    #expect(certificate.notAfter == 253_402_300_799)
  }

  @Test func `an authority comes back from its two files`() throws {
    let network = try TestNetwork()
    let restored = try Authority(
      keyPEM: network.authority.keyPEM(), certificatePEM: network.authority.certificate.pem())
    #expect(restored.certificate == network.authority.certificate)
    let tracker = try restored.issueTracker(publicKey: KeyPair.generate().publicKey)
    #expect(tracker.isSigned(by: network.authority.certificate.publicKey))
  }

  @Test func `files that do not belong together are refused`() throws {
    let network = try TestNetwork()
    let other = try TestNetwork()
    let keyPEM = try network.authority.keyPEM()
    #expect(throws: SealError.notAPair) {
      try Authority(keyPEM: keyPEM, certificatePEM: other.authority.certificate.pem())
    }
    let key = try KeyPair.generate()
    let alice = try network.member("alice", key: key)
    #expect(throws: SealError.foreign) { try Authority(keyPEM: key.pem(), certificatePEM: alice.pem()) }
  }

  @Test func `an authority's certificate that another key signed is refused`() throws {
    let key = try KeyPair.generate()
    let draft = CertificateDraft(
      holder: .authority, publicKey: key.publicKey, notBefore: noon, notAfter: noon + day)
    let forged = try draft.signed(by: .generate(), issuer: nil)
    #expect(throws: SealError.badSignature) {
      try Authority(keyPEM: key.pem(), certificatePEM: forged.pem())
    }
  }

  @Test func `a member's certificate lasts a day, with five minutes before it`() throws {
    let network = try TestNetwork()
    let key = try KeyPair.generate()
    let alice = try network.member("alice", key: key)
    #expect(alice.notBefore == noon - 300)
    #expect(alice.notAfter == noon + day)
    #expect(alice.publicKey == key.publicKey)
  }

  @Test func `a tracker's certificate lasts as long as its authority`() throws {
    let network = try TestNetwork()
    let tracker = try network.tracker()
    #expect(tracker.holder == .tracker)
    #expect(tracker.notBefore == network.authority.certificate.notBefore)
    #expect(tracker.notAfter == Authority.endOfTime)
  }
}

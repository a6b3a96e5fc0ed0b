// Who is believed, and who is not, and why not.

import Glibc
import Testing

@testable import GroupModel

@Suite struct SealTrustTests {
  let network: TestNetwork
  let authority: Certificate
  let alice: Certificate

  init() throws {
    network = try TestNetwork()
    authority = network.authority.certificate
    alice = try network.member("alice", generation: 3, lineage: 5)
  }

  private func refusal(
    of leaf: Certificate, sentWith chain: [Certificate] = [], trusting pin: Pin? = nil, at now: Int64 = noon
  ) -> TrustError? {
    do throws(TrustError) {
      _ = try holder(of: leaf, sentWith: chain, trusting: pin ?? .certificate(authority), at: now)
      return nil
    } catch {
      return error
    }
  }

  private func isBelieved(der: [UInt8], sentWith chain: [Certificate], trusting pin: Pin) -> Bool {
    guard let leaf = try? Certificate(der: der) else { return false }
    return refusal(of: leaf, sentWith: chain, trusting: pin) == nil
  }

  @Test func `a member and a tracker are known by all three pins`() throws {
    let tracker = try network.tracker()
    let pins: [(Pin, [Certificate])] = [
      (.certificate(authority), []), (.certificate(authority), [authority]),
      (.fingerprint(authority.fingerprint), [authority]), (.nothingYet, [authority]),
    ]
    for (pin, chain) in pins {
      let one = try holder(of: alice, sentWith: chain, trusting: pin, at: noon)
      #expect(one.holder == .member(user: UserName("alice")!, generation: 3, lineage: 5))
      #expect(one.authority == authority)
      #expect(try holder(of: tracker, sentWith: chain, trusting: pin, at: noon).holder == .tracker)
    }
  }

  @Test func `a member of another network is refused`() throws {
    let other = try TestNetwork()
    let eve = try other.member("alice")
    #expect(refusal(of: eve) == .notSignedByAuthority)
    #expect(refusal(of: eve, sentWith: [authority]) == .notSignedByAuthority)
    #expect(refusal(of: eve, sentWith: [authority], trusting: .nothingYet) == .notSignedByAuthority)
    #expect(
      refusal(of: eve, sentWith: [authority], trusting: .fingerprint(authority.fingerprint))
        == .notSignedByAuthority)
  }

  @Test func `an authority other than the pinned one is refused`() throws {
    let other = try TestNetwork()
    let chain = [other.authority.certificate]
    let tracker = try other.tracker()
    #expect(refusal(of: tracker, sentWith: chain) == .otherAuthority)
    #expect(
      refusal(of: tracker, sentWith: chain, trusting: .fingerprint(authority.fingerprint)) == .otherAuthority)
  }

  @Test func `an authority that is not known must be sent`() {
    #expect(refusal(of: alice, trusting: .nothingYet) == .authorityNotSent)
    #expect(refusal(of: alice, trusting: .fingerprint(authority.fingerprint)) == .authorityNotSent)
  }

  @Test func `a certificate holds from its first second to its last`() {
    #expect(refusal(of: alice, at: noon - 301) == .notYetValid)
    #expect(refusal(of: alice, at: noon - 300) == nil)
    #expect(refusal(of: alice, at: noon + day - 1) == nil)
    #expect(refusal(of: alice, at: noon + day) == .expired)
    #expect(refusal(of: alice, at: 0) == .notYetValid)
    #expect(refusal(of: alice, at: .min) != nil)
    #expect(refusal(of: alice, at: .max) != nil)
  }

  @Test func `a tracker holds long after its members`() throws {
    let tracker = try network.tracker()
    #expect(refusal(of: tracker, at: noon + 10_000 * day) == nil)
    #expect(refusal(of: tracker, at: noon - 2 * day) == .notYetValid)
  }

  @Test func `a member vouches for nobody`() throws {
    let malloryKey = try KeyPair.generate()
    let mallory = try network.member("mallory", key: malloryKey)
    let draft = CertificateDraft(
      holder: .tracker, publicKey: try KeyPair.generate().publicKey, notBefore: noon, notAfter: noon + day)
    for issuer in [mallory, authority] {
      let forged = try draft.signed(by: malloryKey, issuer: issuer)
      #expect(refusal(of: forged) == .notSignedByAuthority)
      #expect(refusal(of: forged, sentWith: [authority]) == .notSignedByAuthority)
      #expect(refusal(of: forged, sentWith: [mallory]) == .junkInChain)
      #expect(refusal(of: forged, sentWith: [mallory, authority]) == .junkInChain)
      #expect(refusal(of: forged, sentWith: [mallory], trusting: .nothingYet) == .junkInChain)
      #expect(
        refusal(of: forged, sentWith: [mallory], trusting: .fingerprint(mallory.fingerprint)) == .junkInChain)
      #expect(refusal(of: forged, trusting: .certificate(mallory)) != nil)
    }
  }

  @Test func `a second authority under the first one's key identifier is refused`() throws {
    let malloryKey = try KeyPair.generate()
    let draft = CertificateDraft(
      holder: .authority, publicKey: malloryKey.publicKey, notBefore: noon, notAfter: noon + day)
    let impostor = try draft.signed(by: malloryKey, issuer: nil)
    #expect(refusal(of: alice, sentWith: [impostor], trusting: .nothingYet) == .notSignedByAuthority)
    #expect(refusal(of: alice, sentWith: [impostor]) == .otherAuthority)
  }

  @Test func `a chain with anything beside the authority is refused`() throws {
    let tracker = try network.tracker()
    let chains = [
      [alice], [tracker], [authority, authority], [authority, tracker], [tracker, authority],
      [alice, authority], [authority, try TestNetwork().authority.certificate],
    ]
    for chain in chains {
      #expect(refusal(of: alice, sentWith: chain) == .junkInChain)
      #expect(refusal(of: alice, sentWith: chain, trusting: .nothingYet) == .junkInChain)
      #expect(
        refusal(of: alice, sentWith: chain, trusting: .fingerprint(authority.fingerprint)) == .junkInChain)
    }
  }

  @Test func `nobody answers with the authority's own certificate`() {
    #expect(refusal(of: authority) == .authorityAsLeaf)
    #expect(refusal(of: authority, sentWith: [authority], trusting: .nothingYet) == .authorityAsLeaf)
  }

  @Test func `a leaf with any bit changed is never believed`() {
    #expect(isBelieved(der: alice.der, sentWith: [], trusting: .certificate(authority)))
    for flipped in eachBitFlipped(alice.der) {
      #expect(!isBelieved(der: flipped, sentWith: [], trusting: .certificate(authority)))
    }
  }

  @Test func `an authority with any bit changed vouches for nobody`() {
    for flipped in eachBitFlipped(authority.der) {
      guard let damaged = try? Certificate(der: flipped) else { continue }
      #expect(!isBelieved(der: alice.der, sentWith: [damaged], trusting: .nothingYet))
      #expect(
        !isBelieved(der: alice.der, sentWith: [damaged], trusting: .fingerprint(authority.fingerprint)))
    }
  }
}

@Suite struct SealErrorQueueTests {
  /// The tests do not link OpenSSL themselves; it is in the process.
  private func firstOpenSSLError() throws -> UInt {
    let symbol = try #require(dlsym(nil, "ERR_peek_error"))
    return unsafeBitCast(symbol, to: (@convention(c) () -> UInt).self)()
  }

  @Test func `a refusal leaves nothing in the thread's error queue`() throws {
    let network = try TestNetwork()
    let other = try TestNetwork()
    _ = try? KeyPair(pem: Array("junk".utf8))
    _ = try? Certificate(pem: Array("junk".utf8))
    _ = try? Certificate(der: [0x30, 0x80, 1])
    _ = try? CertificateRequest(der: [0x30, 3, 1])
    _ = try? holder(
      of: other.member("eve"), sentWith: [], trusting: .certificate(network.authority.certificate), at: noon)
    #expect(try firstOpenSSLError() == 0)
  }
}

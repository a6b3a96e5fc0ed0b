// The network's own certificate authority: a key, and a certificate that it has signed itself. The tracker
// makes it at its first start and keeps both as PEM; what time it is, the caller says.

package final class Authority: Sendable {
  /// 31 December 9999, 23:59:59: what RFC 5280 writes for "does not expire".
  package static let endOfTime: Int64 = 253_402_300_799
  private static let daySeconds: Int64 = 86_400
  /// So that a peer whose clock is a little behind takes a fresh certificate.
  private static let backdatingSeconds: Int64 = 300

  package let certificate: Certificate
  private let key: KeyPair

  package static func make(now: Int64) throws(SealError) -> Authority {
    let key = try KeyPair.generate()
    let draft = CertificateDraft(
      holder: .authority, publicKey: key.publicKey, notBefore: now - daySeconds, notAfter: endOfTime)
    return Authority(key: key, certificate: try draft.signed(by: key, issuer: nil))
  }

  package convenience init(keyPEM: [UInt8], certificatePEM: [UInt8]) throws(SealError) {
    let key = try KeyPair(pem: keyPEM)
    let certificate = try Certificate(pem: certificatePEM)
    guard certificate.holder == .authority else { throw .foreign }
    guard certificate.publicKey == key.publicKey else { throw .notAPair }
    guard certificate.isSigned(by: key.publicKey) else { throw .badSignature }
    self.init(key: key, certificate: certificate)
  }

  private init(key: KeyPair, certificate: Certificate) {
    self.key = key
    self.certificate = certificate
  }

  /// The private key, unencrypted: `wipe` it when it is written.
  package func keyPEM() throws(SealError) -> [UInt8] { try key.pem() }

  /// A tracker keeps the authority's key itself, so its certificate is good for as long as that one's is.
  package func issueTracker(publicKey: PublicKey) throws(SealError) -> Certificate {
    let draft = CertificateDraft(
      holder: .tracker, publicKey: publicKey, notBefore: certificate.notBefore, notAfter: certificate.notAfter
    )
    return try draft.signed(by: key, issuer: certificate)
  }

  /// The caller knows that it is `user` who asks; that he has the key, the request has proved.
  package func issueMember(
    user: UserName, generation: UInt32, lineage: UInt64, request: CertificateRequest, now: Int64,
    lifetimeSeconds: Int64 = daySeconds
  ) throws(SealError) -> Certificate {
    precondition(lifetimeSeconds > 0, "a certificate lives for some time")
    let draft = CertificateDraft(
      holder: .member(user: user, generation: generation, lineage: lineage), publicKey: request.publicKey,
      notBefore: now - Self.backdatingSeconds, notAfter: now + lifetimeSeconds)
    return try draft.signed(by: key, issuer: certificate)
  }
}

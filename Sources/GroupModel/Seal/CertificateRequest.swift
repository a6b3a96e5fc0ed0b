// What a member sends to get a certificate (PKCS#10): his public key, signed by the private one as proof
// that he has it. It asks for no name; who he is the tracker knows from the login.

import COpenSSL

package struct CertificateRequest: Sendable {
  package static let bytesMax = 4096

  package let der: [UInt8]
  package let publicKey: PublicKey

  package init(signedBy key: KeyPair) throws(SealError) {
    markErrors()
    defer { forgetErrors() }
    let request = try Owned(X509_REQ_new(), X509_REQ_free)
    try require(X509_REQ_set_version(request.pointer, 0))
    try require(X509_REQ_set_pubkey(request.pointer, key.evpKey))
    // Signing answers the signature's length.
    guard X509_REQ_sign(request.pointer, key.evpKey, EVP_sha256()) > 0 else { throw .refusedByOpenSSL }
    der = try encoded { i2d_X509_REQ(request.pointer, $0) }
    publicKey = key.publicKey
  }

  /// Reads a stranger's request. What comes out is signed by the key that it names.
  package init(der: [UInt8]) throws(SealError) {
    markErrors()
    defer { forgetErrors() }
    let request = try decoded(
      der, lengthMax: Self.bytesMax, by: { d2i_X509_REQ(nil, $0, $1) }, writtenBy: i2d_X509_REQ,
      release: X509_REQ_free)
    guard X509_REQ_get_version(request.pointer) == 0, Self.isSignedAsHere(request.pointer) else {
      throw .foreign
    }
    publicKey = try PublicKey(x509PublicKey: X509_REQ_get_X509_PUBKEY(request.pointer))
    try require(X509_REQ_verify(request.pointer, publicKey.evpKey), else: .badSignature)
    self.der = der
  }

  /// The algorithm's name in a request is not covered by its signature, so it is looked at by itself.
  private static func isSignedAsHere(_ x509Request: OpaquePointer) -> Bool {
    var algorithm: UnsafePointer<X509_ALGOR>?
    X509_REQ_get0_signature(x509Request, nil, &algorithm)
    return isECDSAWithSHA256(algorithm)
  }
}

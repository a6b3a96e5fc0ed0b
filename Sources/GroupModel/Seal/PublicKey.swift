// The public half of a P-256 key: the only kind of key that this network has.

import COpenSSL

/// Unchecked, because EVP_PKEY is reference-counted and never changed once it is here.
package final class PublicKey: @unchecked Sendable, Equatable {
  /// The SubjectPublicKeyInfo, DER: always 91 bytes.
  package let der: [UInt8]
  private let owned: Owned

  /// How each P-256 key begins that names its curve and holds an uncompressed point. To compare bytes
  /// leaves no room for a curve that is spelt out, and is only nearly P-256.
  private static let derPrefix: [UInt8] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
  ]
  private static let derBytes = 91

  /// The public half of `evpKey`, decoded anew, so that the private half does not live on in here.
  init(of evpKey: OpaquePointer) throws(SealError) {
    let der = try encoded { i2d_PUBKEY(evpKey, $0) }
    try Self.requireP256(der)
    owned = try decoded(
      der, lengthMax: Self.derBytes, by: { d2i_PUBKEY(nil, $0, $1) }, writtenBy: i2d_PUBKEY,
      release: EVP_PKEY_free)
    self.der = der
  }

  /// The key in a certificate or a request.
  init(x509PublicKey: OpaquePointer?) throws(SealError) {
    guard let x509PublicKey else { throw .malformed }
    let der = try encoded { i2d_X509_PUBKEY(x509PublicKey, $0) }
    try Self.requireP256(der)
    // Nil when the point does not lie on the curve.
    guard let evpKey = X509_PUBKEY_get(x509PublicKey) else { throw .malformed }
    owned = try Owned(evpKey, EVP_PKEY_free)
    self.der = der
  }

  private static func requireP256(_ der: [UInt8]) throws(SealError) {
    guard der.count == derBytes, der.starts(with: derPrefix) else { throw .foreign }
  }

  var evpKey: OpaquePointer { owned.pointer }

  package static func == (one: PublicKey, other: PublicKey) -> Bool { one.der == other.der }
}

/// ECDSA with SHA-256 and no parameters: the only signature that is taken here.
func isECDSAWithSHA256(_ algorithm: UnsafePointer<X509_ALGOR>?) -> Bool {
  guard let algorithm else { return false }
  return OBJ_obj2nid(algorithm.pointee.algorithm) == NID_ecdsa_with_SHA256
    && algorithm.pointee.parameter == nil
}

// A private P-256 key with its public half: a member's, a tracker's or the authority's. Nothing here
// writes it anywhere; who has its PEM keeps that with mode 0600, and wipes copies of it.

import COpenSSL

/// Unchecked, because EVP_PKEY is reference-counted, is never changed once it is here, and may sign for
/// several threads at once.
package final class KeyPair: @unchecked Sendable {
  package let publicKey: PublicKey
  private let owned: Owned

  package static func generate() throws(SealError) -> KeyPair {
    markErrors()
    defer { forgetErrors() }
    let context = try Owned(EVP_PKEY_CTX_new_from_name(nil, "EC", nil), EVP_PKEY_CTX_free)
    try require(EVP_PKEY_keygen_init(context.pointer))
    try require(EVP_PKEY_CTX_set_group_name(context.pointer, "P-256"))
    var evpKey: OpaquePointer?
    try require(EVP_PKEY_generate(context.pointer, &evpKey))
    return try KeyPair(Owned(evpKey, EVP_PKEY_free))
  }

  /// Reads what `pem` writes. A key of another kind, encrypted, or damaged so that its halves no longer
  /// belong together is refused.
  package convenience init(pem: [UInt8]) throws(SealError) {
    markErrors()
    defer { forgetErrors() }
    let read = try decoded(
      pem: pem, by: { PEM_read_bio_PrivateKey($0, nil, noPassword, nil) }, release: EVP_PKEY_free)
    try self.init(read)
    let context = try Owned(EVP_PKEY_CTX_new_from_pkey(nil, evpKey, nil), EVP_PKEY_CTX_free)
    try require(EVP_PKEY_check(context.pointer), else: .malformed)
  }

  private init(_ owned: consuming Owned) throws(SealError) {
    publicKey = try PublicKey(of: owned.pointer)
    self.owned = owned
  }

  /// The private key, unencrypted (PKCS#8): `wipe` it when it is written.
  package func pem() throws(SealError) -> [UInt8] {
    markErrors()
    defer { forgetErrors() }
    return try pemText { PEM_write_bio_PrivateKey($0, evpKey, nil, nil, 0, nil, nil) }
  }

  /// For TLS: the EVP_PKEY, which stays ours and is not to be changed. Who keeps it takes a reference.
  package func withEVPKey<Result, Failure>(
    _ body: (OpaquePointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(evpKey)
  }

  var evpKey: OpaquePointer { owned.pointer }
}

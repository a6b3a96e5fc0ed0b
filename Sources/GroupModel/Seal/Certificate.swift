// A certificate of this network's form (X.509 v3, P-256, ECDSA with SHA-256). That one can be made of some
// bytes says only that they are well formed: whether it is to be believed, `holder(of:…)` in Trust.swift tells.

import COpenSSL

/// Unchecked, because X509 is reference-counted and never changed once it is here; what OpenSSL works out
/// late and keeps in it, it keeps under a lock.
package final class Certificate: @unchecked Sendable, Equatable {
  package static let bytesMax = 4096

  package let der: [UInt8]
  package let fingerprint: Fingerprint
  package let holder: Holder
  package let publicKey: PublicKey
  /// 20 bytes; see `SerialNumber`.
  package let serial: [UInt8]
  /// Seconds since 1970.
  package let notBefore: Int64
  package let notAfter: Int64

  private let owned: Owned

  package convenience init(der: [UInt8]) throws(SealError) {
    markErrors()
    defer { forgetErrors() }
    try self.init(
      decoded(
        der, lengthMax: Self.bytesMax, by: { d2i_X509(nil, $0, $1) }, writtenBy: i2d_X509, release: X509_free)
    )
  }

  package convenience init(pem: [UInt8]) throws(SealError) {
    markErrors()
    defer { forgetErrors() }
    try self.init(
      decoded(pem: pem, by: { PEM_read_bio_X509($0, nil, noPassword, nil) }, release: X509_free))
  }

  /// For TLS: one that the other side has sent. It stays the caller's; this takes a reference of its own.
  package convenience init(sharing x509: OpaquePointer) throws(SealError) {
    markErrors()
    defer { forgetErrors() }
    try require(X509_up_ref(x509))
    try self.init(Owned(x509, X509_free))
  }

  init(_ owned: consuming Owned) throws(SealError) {
    let x509 = owned.pointer
    der = try encoded { i2d_X509(x509, $0) }
    guard der.count <= Self.bytesMax else { throw .tooLong }
    fingerprint = Fingerprint(ofDER: der)
    publicKey = try PublicKey(x509PublicKey: X509_get_X509_PUBKEY(x509))
    let fields = CertificateFields(x509: x509)
    (notBefore, notAfter) = try fields.validity()
    let serialNumber = try fields.serialNumber()
    serial = serialNumber.bytes
    holder = try fields.holder(serialNumber)
    try fields.requireForm(of: holder)
    self.owned = owned
  }

  package func pem() throws(SealError) -> [UInt8] {
    markErrors()
    defer { forgetErrors() }
    return try pemText { PEM_write_bio_X509($0, x509) }
  }

  /// For TLS: the X509, which stays ours and is not to be changed. Who keeps it takes a reference.
  package func withX509<Result, Failure>(
    _ body: (OpaquePointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(x509)
  }

  /// The signature alone: not the dates, nor who may sign.
  func isSigned(by key: PublicKey) -> Bool {
    markErrors()
    defer { forgetErrors() }
    return X509_verify(x509, key.evpKey) == 1
  }

  var x509: OpaquePointer { owned.pointer }

  package static func == (one: Certificate, other: Certificate) -> Bool { one.der == other.der }
}

// A certificate that is not signed yet: its fields and its extensions, written as `CertificateFields`
// wants to read them. Who may have one is for `Authority` to say.

import COpenSSL

struct CertificateDraft {
  let holder: Holder
  let publicKey: PublicKey
  let notBefore: Int64
  let notAfter: Int64

  /// Signs as `issuer`, or as itself where there is none.
  func signed(by key: KeyPair, issuer: Certificate?) throws(SealError) -> Certificate {
    markErrors()
    defer { forgetErrors() }
    let owned = try Owned(X509_new(), X509_free)
    try writeFields(to: owned.pointer)
    try writeExtensions(to: owned.pointer, issuer: issuer?.x509 ?? owned.pointer)
    // Signing answers the signature's length.
    guard X509_sign(owned.pointer, key.evpKey, EVP_sha256()) > 0 else { throw .refusedByOpenSSL }
    return try Certificate(owned)
  }

  private func writeFields(to x509: OpaquePointer) throws(SealError) {
    try require(X509_set_version(x509, 2))
    let serial = try SerialNumber.fresh(for: holder).bytes
    try require(ASN1_STRING_set(X509_get_serialNumber(x509), serial, Int32(serial.count)))
    try holder.subject.write(to: X509_get_subject_name(x509))
    try Holder.authority.subject.write(to: X509_get_issuer_name(x509))
    try require(X509_set_pubkey(x509, publicKey.evpKey))
    guard ASN1_TIME_set(X509_getm_notBefore(x509), Int(notBefore)) != nil,
      ASN1_TIME_set(X509_getm_notAfter(x509), Int(notAfter)) != nil
    else { throw .refusedByOpenSSL }
  }

  private func writeExtensions(to x509: OpaquePointer, issuer: OpaquePointer) throws(SealError) {
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, issuer, x509, nil, nil, 0)
    for (kind, value) in extensions {
      let made = X509V3_EXT_nconf_nid(nil, &context, kind, value)
      let addition = try Owned(made, X509_EXTENSION_free)
      try require(X509_add_ext(x509, addition.pointer, -1))
    }
  }

  private var extensions: [(kind: Int32, value: String)] {
    guard holder != .authority else {
      return [
        (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
        (NID_key_usage, "critical,keyCertSign"),
        (NID_subject_key_identifier, "hash"),
      ]
    }
    return [
      (NID_basic_constraints, "critical,CA:FALSE"),
      (NID_key_usage, "critical,digitalSignature"),
      (NID_ext_key_usage, "serverAuth,clientAuth"),
      (NID_subject_key_identifier, "hash"),
      (NID_authority_key_identifier, "keyid:always"),
    ]
  }
}

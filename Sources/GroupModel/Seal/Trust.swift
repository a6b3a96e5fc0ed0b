// Who is at the other end, by the certificates that he sent: a pure function of them, of what is pinned
// and of the time. That he also has the key is for TLS to find out; whether a member may still do
// something, for those who know his generation and lineage.

import COpenSSL

/// What is known of the network's authority before its certificate is seen.
package enum Pin: Equatable, Sendable {
  case certificate(Certificate)
  case fingerprint(Fingerprint)
  /// First sight: whichever authority is sent is taken; the caller shows it to the user and pins it.
  case nothingYet
}

package enum TrustError: Error, Equatable, Sendable {
  /// More was sent than the leaf and its authority, or something that is no authority in its place.
  case junkInChain
  /// The authority's certificate is not known yet, and was not sent.
  case authorityNotSent
  /// The network has another authority than the one that is pinned.
  case otherAuthority
  /// The authority's own certificate, which nobody may answer with.
  case authorityAsLeaf
  case notSignedByAuthority
  case notYetValid
  case expired
  /// Whatever else OpenSSL finds wrong.
  case unfit
}

/// Says who holds `leaf`, and which authority vouches for it. `chain` is what came after the leaf: nothing,
/// or the authority's certificate. Whether it had to be a tracker or a member is for the caller to compare.
package func holder(
  of leaf: Certificate, sentWith chain: [Certificate], trusting pin: Pin, at now: Int64
) throws(TrustError) -> (holder: Holder, authority: Certificate) {
  let authority = try authority(sentIn: chain, trusting: pin)
  guard leaf.holder != .authority else { throw .authorityAsLeaf }
  markErrors()
  defer { forgetErrors() }
  try verify(leaf, issuedBy: authority, at: now)
  return (leaf.holder, authority)
}

private func authority(sentIn chain: [Certificate], trusting pin: Pin) throws(TrustError) -> Certificate {
  guard chain.count <= 1, chain.allSatisfy({ $0.holder == .authority }) else { throw .junkInChain }
  if case .certificate(let pinned) = pin {
    guard chain.allSatisfy({ $0 == pinned }) else { throw .otherAuthority }
    return pinned
  }
  guard let sent = chain.first else { throw .authorityNotSent }
  if case .fingerprint(let pinned) = pin, sent.fingerprint != pinned { throw .otherAuthority }
  return sent
}

/// Both certificates are of our form already; here OpenSSL looks at the signatures, the dates and once more
/// at all that X.509 asks for.
private func verify(
  _ leaf: Certificate, issuedBy authority: Certificate, at now: Int64
) throws(TrustError) {
  guard let context = X509_STORE_CTX_new() else { throw .unfit }
  defer { X509_STORE_CTX_free(context) }
  guard let roots = OPENSSL_sk_new_null() else { throw .unfit }
  defer { OPENSSL_sk_free(roots) }
  guard OPENSSL_sk_push(roots, UnsafeRawPointer(authority.x509)) > 0,
    X509_STORE_CTX_init(context, nil, leaf.x509, nil) == 1
  else { throw .unfit }
  X509_STORE_CTX_set0_trusted_stack(context, roots)
  setRules(of: X509_STORE_CTX_get0_param(context), at: now)
  guard X509_verify_cert(context) != 1 else { return }
  throw TrustError(verifyError: X509_STORE_CTX_get_error(context))
}

private func setRules(of parameters: OpaquePointer?, at now: Int64) {
  // The authority's signature of itself proves nothing when it is pinned; at first sight it shows at least
  // that the certificate came here undamaged.
  X509_VERIFY_PARAM_set_flags(parameters, UInt(X509_V_FLAG_X509_STRICT | X509_V_FLAG_CHECK_SS_SIGNATURE))
  X509_VERIFY_PARAM_set_time(parameters, Int(now))
  X509_VERIFY_PARAM_set_depth(parameters, 0)
}

extension TrustError {
  fileprivate init(verifyError: Int32) {
    switch verifyError {
    case X509_V_ERR_CERT_NOT_YET_VALID: self = .notYetValid
    case X509_V_ERR_CERT_HAS_EXPIRED: self = .expired
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_CERT_SIGNATURE_FAILURE,
      X509_V_ERR_SUBJECT_ISSUER_MISMATCH, X509_V_ERR_AKID_SKID_MISMATCH:
      self = .notSignedByAuthority
    default: self = .unfit
    }
  }
}

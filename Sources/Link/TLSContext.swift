// What all lines of one kind have in common: who we are in them, whom we trust, and TLS 1.3 with nothing else
// beside it. No tickets, no early data, no renegotiation, no compression.

internal import COpenSSL
package import GroupModel

/// Certificate and key of this end. The authority's certificate goes along where the other end may not know it.
package struct Credential: Sendable {
  package let key: KeyPair
  package let certificate: Certificate
  package let authority: Certificate?

  package init(key: KeyPair, certificate: Certificate, authority: Certificate? = nil) {
    self.key = key
    self.certificate = certificate
    self.authority = authority
  }
}

/// Which protocol is spoken in a line; both ends must name the same.
package enum LineProtocol: String, Sendable {
  case tracker = "p2pfs-tracker/1"
  case peer = "p2pfs-peer/1"

  /// A member's certificate is good at both ends of a line, but nobody may play the tracker with it; and two
  /// members must both show theirs.
  func admits(_ other: Holder, to role: TLSRole) -> Bool {
    switch (self, role) {
    case (.tracker, .server): return true
    case (.tracker, .client): return other == .tracker
    case (.peer, _):
      if case .member = other { return true }
      return false
    }
  }
}

package enum TLSRole: Sendable {
  /// To a tracker the other end may stay anonymous; a certificate that it shows must hold.
  case server
  case client
}

/// Unchecked, because SSL_CTX is reference-counted and not changed after `init`.
package final class TLSContext: @unchecked Sendable {
  let role: TLSRole
  let lineProtocol: LineProtocol
  private let pin: Pin
  let context: OpaquePointer

  /// nil when OpenSSL cannot use the credential: key and certificate do not belong together.
  package init?(
    _ role: TLSRole, speaking lineProtocol: LineProtocol, as credential: Credential?, trusting pin: Pin
  ) {
    guard let context = SSL_CTX_new(role == .server ? TLS_server_method() : TLS_client_method()) else {
      return nil
    }
    self.role = role
    self.lineProtocol = lineProtocol
    self.pin = pin
    self.context = context
    restrict()
    guard credential.map(use) ?? true else { return nil }
    checkCertificates()
    role == .server ? selectProtocol() : offerProtocol()
  }

  deinit { SSL_CTX_free(context) }

  private func restrict() {
    _ = p2pfs_ssl_ctx_set_min_proto_version(context, TLS1_3_VERSION)
    SSL_CTX_set_ciphersuites(
      context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256")
    SSL_CTX_set_options(context, p2pfs_ssl_options)
    SSL_CTX_set_num_tickets(context, 0)
    SSL_CTX_set_max_early_data(context, 0)
    _ = p2pfs_ssl_ctx_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
    // Idle lines hold no buffers, and a write that was cut short may go on from where the bytes now lie.
    _ = p2pfs_ssl_ctx_set_mode(
      context,
      Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ENABLE_PARTIAL_WRITE)
        | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER)
    )
    // One call of the kernel for several records, where it has several.
    _ = p2pfs_ssl_ctx_set_read_ahead(context, 1)
    SSL_CTX_set_default_read_buffer_len(context, Self.readBytes)
    // A leaf and its authority; OpenSSL would take 100 KiB from anybody.
    _ = p2pfs_ssl_ctx_set_max_cert_list(context, 3 * Certificate.bytesMax)
    SSL_CTX_set_msg_callback(context, TLSLine.noteMessage)
  }

  private static let readBytes = 64 << 10

  private func use(_ credential: Credential) -> Bool {
    // Why it could not be used must not be taken for what some other call on this thread has to say.
    ERR_set_mark()
    defer { ERR_pop_to_mark() }
    let certified = credential.certificate.withX509 { SSL_CTX_use_certificate(context, $0) }
    let keyed = credential.key.withEVPKey { SSL_CTX_use_PrivateKey(context, $0) }
    guard certified == 1, keyed == 1, SSL_CTX_check_private_key(context) == 1 else { return false }
    guard let authority = credential.authority else { return true }
    return authority.withX509 { p2pfs_ssl_ctx_add1_chain_cert(context, $0) } == 1
  }

  private func checkCertificates() {
    let isNeeded = lineProtocol == .peer ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | isNeeded, nil)
    let me = Unmanaged.passUnretained(self).toOpaque()
    SSL_CTX_set_cert_verify_callback(
      context,
      { verification, me in
        Unmanaged<TLSContext>.fromOpaque(me!).takeUnretainedValue().verify(verification!) ? 1 : 0
      }, me)
  }

  /// Called by OpenSSL in the middle of a handshake, on the thread of the line's loop.
  private func verify(_ verification: OpaquePointer) -> Bool {
    do throws(TrustError) {
      try check(verification)
      return true
    } catch {
      X509_STORE_CTX_set_error(verification, error.verifyError)
      TLSLine.of(verification)?.trustError = error
      return false
    }
  }

  private func check(_ verification: OpaquePointer) throws(TrustError) {
    let sent = try certificates(verification)
    TLSLine.of(verification)?.seenAuthority = sent.chain.first?.fingerprint
    let found = try GroupModel.holder(
      of: sent.leaf, sentWith: sent.chain, trusting: pin, at: secondsSince1970())
    guard lineProtocol.admits(found.holder, to: role) else { throw .unfit }
    TLSLine.of(verification)?.met(
      found.holder, until: sent.leaf.notAfter, authority: found.authority)
  }

  private func certificates(
    _ verification: OpaquePointer
  ) throws(TrustError) -> (leaf: Certificate, chain: [Certificate]) {
    let stack = X509_STORE_CTX_get0_untrusted(verification)
    let count = OPENSSL_sk_num(stack)
    guard (1...3).contains(count) else { throw .junkInChain }
    do {
      let sent = try (0..<count).map { index in
        try Certificate(sharing: OpaquePointer(OPENSSL_sk_value(stack, index)!))
      }
      return (sent[0], Array(sent.dropFirst()))
    } catch {
      throw .unfit
    }
  }

  /// The wire form of one protocol's name: its length, then its letters.
  private var protocolName: [UInt8] {
    let name = Array(lineProtocol.rawValue.utf8)
    return [UInt8(name.count)] + name
  }

  private func offerProtocol() {
    SSL_CTX_set_alpn_protos(context, protocolName, UInt32(protocolName.count))
  }

  private func selectProtocol() {
    let me = Unmanaged.passUnretained(self).toOpaque()
    SSL_CTX_set_alpn_select_cb(
      context,
      { _, selected, length, offered, offeredLength, me in
        let context = Unmanaged<TLSContext>.fromOpaque(me!).takeUnretainedValue()
        let mine = context.protocolName
        guard
          let found = TLSContext.find(
            mine, in: UnsafeBufferPointer(start: offered, count: Int(offeredLength)))
        else {
          return SSL_TLSEXT_ERR_ALERT_FATAL
        }
        selected?.pointee = found
        length?.pointee = UInt8(mine.count - 1)
        return SSL_TLSEXT_ERR_OK
      }, me)
  }

  /// Where, in a list of names each behind its length, `name` stands.
  fileprivate static func find(_ name: [UInt8], in list: UnsafeBufferPointer<UInt8>) -> UnsafePointer<UInt8>?
  {
    var offset = 0
    while offset < list.count {
      let end = offset + 1 + Int(list[offset])
      guard end <= list.count else { return nil }
      if list[offset..<end].elementsEqual(name) { return list.baseAddress! + offset + 1 }
      offset = end
    }
    return nil
  }
}

extension TrustError {
  /// Decides which alert OpenSSL sends, and so what the other side can tell its user.
  fileprivate var verifyError: Int32 {
    switch self {
    case .expired: X509_V_ERR_CERT_HAS_EXPIRED
    case .notYetValid: X509_V_ERR_CERT_NOT_YET_VALID
    case .otherAuthority, .notSignedByAuthority, .authorityNotSent:
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
    case .junkInChain, .authorityAsLeaf, .unfit: X509_V_ERR_INVALID_CA
    }
  }
}

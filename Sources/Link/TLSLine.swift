// One TLS 1.3 line over a non-blocking socket: what OpenSSL says of it, as values. Belongs to one loop's thread.

internal import COpenSSL
internal import Glibc
internal import GroupModel

final class TLSLine {
  private let ssl: OpaquePointer
  private let lineProtocol: LineProtocol
  /// Set by the context while it checks the other end's certificate.
  var trustError: TrustError?
  /// The authority that the other end sent, believed or not.
  var seenAuthority: Fingerprint?
  private(set) var holder: Holder?
  private(set) var holderNotAfter = Int64.max
  private(set) var authority: Certificate?
  private(set) var saidGoodbye = false
  private var isDone = false
  /// Key updates, session tickets: what comes of these after the handshake.
  private var handshakeMessages = 0
  /// Of every record of a handshake, and so of every line.
  static let firstByte = UInt8(SSL3_RT_HANDSHAKE)

  init?(_ context: TLSContext, on socket: Socket) {
    guard let ssl = SSL_new(context.context) else { return nil }
    self.ssl = ssl
    lineProtocol = context.lineProtocol
    guard SSL_set_fd(ssl, socket.descriptor) == 1 else { return nil }
    context.role == .server ? SSL_set_accept_state(ssl) : SSL_set_connect_state(ssl)
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
  }

  deinit { SSL_free(ssl) }

  /// The line in whose handshake OpenSSL asks for a certificate to be checked.
  static func of(_ verification: OpaquePointer) -> TLSLine? {
    guard let ssl = X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()),
      let me = SSL_get_ex_data(OpaquePointer(ssl), 0)
    else { return nil }
    return Unmanaged<TLSLine>.fromOpaque(me).takeUnretainedValue()
  }

  /// Each costs some microseconds, and OpenSSL handles as many as there are before it returns: a flood of them
  /// would stop the whole loop. A line that lives for petabytes has less than a hundred.
  private static let handshakeMessagesMax = 100

  /// Called by OpenSSL with every message and record, sent or received.
  static let noteMessage:
    @convention(c) (Int32, Int32, Int32, UnsafeRawPointer?, Int, OpaquePointer?, UnsafeMutableRawPointer?) ->
      Void =
      { isSent, _, contentType, _, _, ssl, _ in
        guard isSent == 0, contentType == SSL3_RT_HANDSHAKE, let me = SSL_get_ex_data(ssl, 0) else { return }
        Unmanaged<TLSLine>.fromOpaque(me).takeUnretainedValue().noteHandshakeMessage()
      }

  private func noteHandshakeMessage() {
    guard isDone else { return }
    handshakeMessages += 1
    // As if it had said goodbye: OpenSSL returns at its next record.
    if floods { SSL_set_shutdown(ssl, SSL_get_shutdown(ssl) | SSL_RECEIVED_SHUTDOWN) }
  }

  private var floods: Bool { handshakeMessages > Self.handshakeMessagesMax }

  func met(_ holder: Holder, until notAfter: Int64, authority: Certificate) {
    self.holder = holder
    holderNotAfter = notAfter
    self.authority = authority
  }

  /// The authority's certificate is wanted once at most; then its memory is not kept for every line.
  func takeAuthority() -> Certificate? {
    defer { authority = nil }
    return authority
  }
}

enum TLSProgress {
  case done
  case wantsRead
  case wantsWrite
  case ended(LineEnd)
}

enum TLSTransfer {
  case bytes(Int)
  case wantsRead
  case wantsWrite
  case ended(LineEnd)
}

extension TLSLine {
  func shakeHands() -> TLSProgress {
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    if result == 1 {
      isDone = true
      return speaksOurProtocol ? .done : .ended(.handshakeFailed("another protocol"))
    }
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .wantsRead
    case SSL_ERROR_WANT_WRITE: return .wantsWrite
    default: return .ended(distrust ?? brokenOff())
    }
  }

  /// A client that names no protocol at all is not refused by OpenSSL.
  private var speaksOurProtocol: Bool {
    var name: UnsafePointer<UInt8>?
    var length: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &length)
    return UnsafeBufferPointer(start: name, count: Int(length)).elementsEqual(lineProtocol.rawValue.utf8)
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> TLSTransfer {
    ERR_clear_error()
    let result = SSL_read(ssl, buffer.baseAddress, Int32(buffer.count))
    return result > 0 ? .bytes(Int(result)) : stopped(result)
  }

  func write(_ buffer: UnsafeRawBufferPointer) -> TLSTransfer {
    ERR_clear_error()
    let result = SSL_write(ssl, buffer.baseAddress, Int32(min(buffer.count, Int(Int32.max))))
    return result > 0 ? .bytes(Int(result)) : stopped(result)
  }

  private func stopped(_ result: Int32) -> TLSTransfer {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: .wantsRead
    case SSL_ERROR_WANT_WRITE: .wantsWrite
    case SSL_ERROR_ZERO_RETURN: .ended(floods ? .malformed("a flood of key updates") : .goodbye)
    case SSL_ERROR_SYSCALL: .ended(.lost(errno: errno))
    default: .ended(distrust ?? brokenLine())
    }
  }

  /// Says goodbye if that is possible at once. Waiting for the other's goodbye would serve nobody.
  func sayGoodbye() {
    guard !saidGoodbye, SSL_is_init_finished(ssl) == 1 else { return }
    saidGoodbye = true
    ERR_clear_error()
    SSL_shutdown(ssl)
  }
}

// OpenSSL's reasons as ours.
extension TLSLine {
  private var distrust: LineEnd? {
    if trustError == .otherAuthority, let seenAuthority { return .otherAuthority(seen: seenAuthority) }
    return trustError.map(LineEnd.untrusted)
  }

  /// Once a line is open, what is no TLS in it is as bad as what is no message.
  private func brokenLine() -> LineEnd {
    let end = brokenOff()
    guard case .handshakeFailed(let reason) = end else { return end }
    return .malformed(reason)
  }

  /// Who goes away in the middle of a handshake, as a program that ends does, is lost and has said nothing wrong.
  private func brokenOff() -> LineEnd {
    let error = ERR_peek_error()
    guard error != 0 else { return .lost(errno: errno) }
    switch p2pfs_err_reason(error) {
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .lost(errno: 0)
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return .turnedAway(.expired)
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return .turnedAway(.unknownAuthority)
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
      SSL_R_TLSV1_ALERT_ACCESS_DENIED, SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return .turnedAway(.otherwise)
    default: return .handshakeFailed(reason(error))
    }
  }

  private func reason(_ error: UInt) -> String {
    guard let text = ERR_reason_error_string(error) else { return "TLS error \(error)" }
    return String(cString: text)
  }
}

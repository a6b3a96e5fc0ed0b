// A TLS client that says whatever a test wants, byte by byte, over a blocking socket. What it waits for in vain
// for half a minute, it does not get.

import COpenSSL
import Glibc
import GroupModel
import Testing

@testable import Link

final class RawClient {
  struct Frame: Equatable {
    let role: FrameRole
    let kind: UInt8
    let exchange: UInt32
    let body: [UInt8]
  }

  /// How the other end left.
  enum End: Equatable { case goodbye, cut, refused(Int32), stillThere }

  let descriptor: Int32
  private let context: OpaquePointer
  private let ssl: OpaquePointer
  private var isClosed = false

  init(to address: SocketAddress, receiveBytes: Int32? = nil) throws {
    descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
    context = SSL_CTX_new(TLS_client_method())
    ssl = SSL_new(context)
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    if var receiveBytes {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBytes, socklen_t(MemoryLayout<Int32>.size))
    }
    var one: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    try #require(address.withSockaddr { connect(descriptor, $0, $1) } == 0)
    SSL_set_fd(ssl, descriptor)
    speak("p2pfs-tracker/1")
  }

  /// Connected, the handshake done.
  convenience init(_ server: TestServer, receiveBytes: Int32? = nil) throws {
    try self.init(to: server.address, receiveBytes: receiveBytes)
    try #require(shakeHands())
  }

  deinit {
    SSL_free(ssl)
    SSL_CTX_free(context)
    if !isClosed { close(descriptor) }
  }

  func speak(_ name: String?) {
    let name = name.map { [UInt8($0.utf8.count)] + Array($0.utf8) } ?? []
    SSL_set_alpn_protos(ssl, name, UInt32(name.count))
  }

  func speakTLS12() { SSL_ctrl(ssl, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil) }

  func shakeHands() -> Bool {
    defer { ERR_clear_error() }
    return SSL_connect(ssl) == 1
  }
}

// Inside TLS.
extension RawClient {
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    defer { ERR_clear_error() }
    return bytes.isEmpty || SSL_write(ssl, bytes, Int32(bytes.count)) == bytes.count
  }

  @discardableResult
  func send(_ role: FrameRole, _ kind: UInt8 = 0, _ exchange: UInt32 = 0, _ body: [UInt8] = []) -> Bool {
    send(Self.bytes(role, kind, exchange, body))
  }

  static func bytes(
    _ role: FrameRole, _ kind: UInt8 = 0, _ exchange: UInt32 = 0, _ body: [UInt8] = []
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    FrameHeader(bodyBytes: body.count, role: role, kind: kind, exchange: exchange).append(to: &bytes)
    return bytes + body
  }

  func receive(_ count: Int) -> [UInt8]? {
    // Other tests on this thread want the queue of OpenSSL's errors empty.
    defer { ERR_clear_error() }
    var bytes = [UInt8](repeating: 0, count: count)
    var have = 0
    while have < count {
      let got = bytes.withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress! + have, Int32(count - have)) }
      guard got > 0 else { return nil }
      have += Int(got)
    }
    return bytes
  }

  func receiveFrame() -> Frame? {
    guard let head = receive(FrameHeader.bytes) else { return nil }
    var reader = WireReader(head.span.bytes)
    guard let header = try? FrameHeader(reading: &reader, bodyBytesMax: FrameHeader.bodyBytesMax),
      let body = header.bodyBytes == 0 ? [] : receive(header.bodyBytes)
    else { return nil }
    return Frame(role: header.role, kind: header.kind, exchange: header.exchange, body: body)
  }

  /// Reads all there is, and says how it ended.
  func readToEnd() -> End {
    defer { ERR_clear_error() }
    var byte: UInt8 = 0
    while true {
      let got = SSL_read(ssl, &byte, 1)
      guard got <= 0 else { continue }
      switch SSL_get_error(ssl, got) {
      case SSL_ERROR_ZERO_RETURN: return .goodbye
      case SSL_ERROR_SYSCALL: return errno == EAGAIN ? .stillThere : .cut
      case SSL_ERROR_WANT_READ: return .stillThere
      default:
        let reason = p2pfs_err_reason(ERR_peek_error())
        return reason == SSL_R_UNEXPECTED_EOF_WHILE_READING ? .cut : .refused(reason)
      }
    }
  }

  func sayGoodbye() {
    defer { ERR_clear_error() }
    SSL_shutdown(ssl)
  }

  /// Asks the other end to change its keys, which it must answer.
  func updateKeys() {
    defer { ERR_clear_error() }
    SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED)
    SSL_do_handshake(ssl)
  }
}

// Below TLS.
extension RawClient {
  @discardableResult
  func sendPlain(_ bytes: [UInt8]) -> Bool { Glibc.send(descriptor, bytes, bytes.count, 0) == bytes.count }

  /// The other end's FIN or reset, whatever came before it.
  func waitUntilClosed() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let got = recv(descriptor, &buffer, buffer.count, 0)
      if got > 0 { continue }
      return got == 0 || errno != EAGAIN
    }
  }

  /// Goes away without a word.
  func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Goes away with a reset.
  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    close(descriptor)
    isClosed = true
  }
}

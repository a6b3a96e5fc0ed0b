// One who speaks to a tracker as tests want it: whole requests and answers, or whatever bytes, over a blocking TLS
// line with or without a certificate. What he waits for in vain is an error, not a hang.

import COpenSSL
import Glibc
package import GroupModel
package import Link

package enum VisitorTrouble: Error, Equatable {
  case noHandshake, timedOut, ended, strangeFrame, noName
}

/// ## Concurrency model
/// One thread's at a time.
package final class Visitor: @unchecked Sendable {
  package struct Frame: Equatable, Sendable {
    package let role: FrameRole
    package let kind: UInt8
    package let exchange: UInt32
    package let body: [UInt8]
  }

  package let plug: Plug
  private let context: OpaquePointer
  private let ssl: OpaquePointer
  private var nextExchange: UInt32 = 0
  /// Answers that came while others were waited for.
  private var early: [UInt32: Frame] = [:]
  /// What was pushed and not looked at yet.
  package var pushes: [TrackerPush] = []
  /// The requests that were sent, for who wants to replay them.
  package private(set) var said: [[UInt8]] = []
  package var isNotingWhatItSays = false

  /// Connected; nothing is said yet.
  package init(silentlyOn plug: Plug, as credential: Credential? = nil, tls12: Bool = false) {
    self.plug = plug
    let context: OpaquePointer = SSL_CTX_new(TLS_client_method())
    self.context = context
    if tls12 { SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(TLS1_2_VERSION), nil) }
    if let credential {
      _ = credential.certificate.withX509 { SSL_CTX_use_certificate(context, $0) }
      _ = credential.key.withEVPKey { SSL_CTX_use_PrivateKey(context, $0) }
    }
    ssl = SSL_new(context)
    let name = Array(LineProtocol.tracker.rawValue.utf8)
    SSL_set_alpn_protos(ssl, [UInt8(name.count)] + name, UInt32(name.count + 1))
    SSL_set_fd(ssl, plug.descriptor)
  }

  /// Connected, the handshake done.
  package convenience init(
    to port: UInt16, as credential: Credential? = nil, from source: (UInt8, UInt8) = (0, 1),
    receiveBytes: Int32? = nil, patience: Double = 30
  ) throws {
    let plug = try Plug(to: port, from: source, receiveBytes: receiveBytes, patience: patience)
    self.init(silentlyOn: plug, as: credential)
    guard shakeHands() else { throw VisitorTrouble.noHandshake }
  }

  deinit {
    SSL_free(ssl)
    SSL_CTX_free(context)
  }

  package func shakeHands() -> Bool {
    ERR_clear_error()
    return SSL_connect(ssl) == 1
  }

  /// Says goodbye and waits for the other's.
  package func sayGoodbye() { SSL_shutdown(ssl) }

  /// As one who leaves.
  package func leave() {
    sayGoodbye()
    plug.end()
  }
}

// Bytes and frames.
extension Visitor {
  /// How every handshake begins: for those who never go on with it.
  package static func clientHello() -> [UInt8] {
    let context: OpaquePointer = SSL_CTX_new(TLS_client_method())
    let ssl: OpaquePointer = SSL_new(context)
    defer {
      SSL_free(ssl)
      SSL_CTX_free(context)
    }
    let name = Array(LineProtocol.tracker.rawValue.utf8)
    SSL_set_alpn_protos(ssl, [UInt8(name.count)] + name, UInt32(name.count + 1))
    let sent: OpaquePointer = BIO_new(BIO_s_mem())
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), sent)
    SSL_set_connect_state(ssl)
    SSL_do_handshake(ssl)
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = BIO_read(sent, &bytes, Int32(bytes.count))
    ERR_clear_error()
    return Array(bytes.prefix(Int(count)))
  }

  @discardableResult
  package func send(_ bytes: [UInt8]) -> Bool {
    ERR_clear_error()
    return bytes.isEmpty || SSL_write(ssl, bytes, Int32(bytes.count)) == Int32(bytes.count)
  }

  package static func frame(
    _ role: FrameRole, _ kind: UInt8 = 0, _ exchange: UInt32 = 0, _ body: [UInt8] = []
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    FrameHeader(bodyBytes: body.count, role: role, kind: kind, exchange: exchange).append(to: &bytes)
    return bytes + body
  }

  private func receive(_ count: Int) throws(VisitorTrouble) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var have = 0
    while have < count {
      ERR_clear_error()
      let got = bytes.withUnsafeMutableBytes { SSL_read(ssl, $0.baseAddress! + have, Int32(count - have)) }
      guard got > 0 else {
        let isWaiting = SSL_get_error(ssl, got) == SSL_ERROR_WANT_READ
        throw isWaiting || errno == EAGAIN ? .timedOut : .ended
      }
      have += Int(got)
    }
    return bytes
  }

  package func receiveFrame() throws(VisitorTrouble) -> Frame {
    errno = 0
    let head = try receive(FrameHeader.bytes)
    var reader = WireReader(head.span.bytes)
    guard let header = try? FrameHeader(reading: &reader, bodyBytesMax: FrameHeader.bodyBytesMax) else {
      throw .strangeFrame
    }
    let body = header.bodyBytes == 0 ? [] : try receive(header.bodyBytes)
    return Frame(role: header.role, kind: header.kind, exchange: header.exchange, body: body)
  }

  /// Reads whatever comes until the line ends; false: it did not in time.
  package func isEndedByOther() -> Bool {
    while true {
      do throws(VisitorTrouble) { _ = try receiveFrame() } catch { return error != .timedOut }
    }
  }
}

// Requests and answers.
extension Visitor {
  /// Sends a request and returns its number, without waiting.
  @discardableResult
  package func begin(_ request: TrackerRequest) -> UInt32 {
    nextExchange += 1
    var writer = WireWriter()
    request.write(to: &writer)
    let frame = Self.frame(.request, request.kind, nextExchange, writer.bytes)
    if isNotingWhatItSays { said.append(frame) }
    send(frame)
    return nextExchange
  }

  package func ask(_ request: TrackerRequest) throws(VisitorTrouble) -> TrackerAnswer {
    try answer(to: begin(request))
  }

  package func answer(to exchange: UInt32) throws(VisitorTrouble) -> TrackerAnswer {
    try Self.decode(frame(answering: exchange))
  }

  /// The answer as it is on the wire.
  package func frame(answering exchange: UInt32) throws(VisitorTrouble) -> Frame {
    while true {
      if let frame = early.removeValue(forKey: exchange) { return frame }
      try takeFrame()
    }
  }

  private func takeFrame() throws(VisitorTrouble) {
    let frame = try receiveFrame()
    switch frame.role {
    case .answer: early[frame.exchange] = frame
    case .ping: send(Self.frame(.pong))
    case .push:
      var reader = WireReader(frame.body.span.bytes)
      guard let push = try? TrackerPush(kind: frame.kind, reading: &reader) else { throw .strangeFrame }
      pushes.append(push)
    case .pong, .request: throw .strangeFrame
    }
  }

  package static func decode(_ frame: Frame) throws(VisitorTrouble) -> TrackerAnswer {
    var reader = WireReader(frame.body.span.bytes)
    guard let answer = try? TrackerAnswer(kind: frame.kind, reading: &reader) else { throw .strangeFrame }
    return answer
  }

  /// The next push, whenever it comes.
  package func nextPush() throws(VisitorTrouble) -> TrackerPush {
    while pushes.isEmpty { try takeFrame() }
    return pushes.removeFirst()
  }

  /// Reads pushes up to the first that is such, and returns all of them.
  @discardableResult
  package func hear(until isLast: (TrackerPush) -> Bool) throws(VisitorTrouble) -> [TrackerPush] {
    var heard: [TrackerPush] = []
    while heard.last.map(isLast) != true { heard.append(try nextPush()) }
    return heard
  }

  /// Asks for something and waits for the answer. What was pushed before is here then, but for what another thread of
  /// the tracker is about to push.
  package func settle() throws(VisitorTrouble) { _ = try ask(.listMyGroups(after: nil)) }
}

// What everybody asks for.
extension Visitor {
  package func propose(_ wish: Proposal.Wish, in group: GroupName) throws(VisitorTrouble) -> TrackerAnswer {
    try ask(.propose(.random, Proposal(wish, in: group)))
  }

  package func follow(listening port: UInt16 = 7000) throws(VisitorTrouble) {
    guard case .done = try ask(.follow(listening: PeerAddress(ip: [127, 0, 0, 1], port: port))) else {
      throw .strangeFrame
    }
  }

  package func login(_ user: UserName, _ password: String) throws -> TrackerAnswer {
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    return try ask(.login(user, password: Array(password.utf8), certificateRequest: request))
  }

  package func id(of name: GroupName) throws(VisitorTrouble) -> GroupID? {
    guard case .groups(let groups, _) = try ask(.listGroups(after: nil)) else { throw .strangeFrame }
    return groups.first { $0.name == name }?.id
  }
}

extension RequestID {
  package static var random: RequestID {
    RequestID(instance: .random(in: .min ... .max), sequence: .random(in: .min ... .max))
  }
}

extension TrackerAnswer {
  package var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }
}

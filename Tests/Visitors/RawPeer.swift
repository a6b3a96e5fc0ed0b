// A peer that does as a test says: it has a real line with a real certificate, and no manners of its own.

package import GroupModel
package import Link

/// What a raw peer has lived to see.
package struct RawRecord: Sendable {
  package var opened = 0
  package var asked: [PeerRequest] = []
  package var pushes: [PeerPush] = []
  package var answers: [(kind: UInt8, body: [UInt8])] = []
  package var failures: [LineEnd] = []
  package var ends: [LineEnd] = []
}

/// What its loop's thread touches: it outlives the peer itself, which ends on the test's thread.
private final class RawLines: @unchecked Sendable {
  var lines: [Connection] = []
  var listener: Listener?
}

package final class RawPeer: @unchecked Sendable {
  package typealias Asked = (Connection, PeerRequest, UInt32) -> Void

  package let loop = EventLoop(name: "raw")
  package let record = Awaitable(RawRecord())
  package let user: UserName
  private let port: ListeningPort
  private let state = RawLines()
  fileprivate let whenAsked: Asked

  /// Listens, and does `whenAsked` with what it is asked: nothing, unless a test says otherwise.
  package init(
    _ name: String, as credential: Credential, pin: Pin, whenAsked: @escaping Asked = { _, _, _ in }
  ) throws {
    guard let user = UserName(name) else { throw VisitorTrouble.noName }
    self.user = user
    self.whenAsked = whenAsked
    port = try ListeningPort(at: SocketAddress(ip: [127, 0, 0, 1], port: 0))
    try port.open()
    let context = try Self.context(.server, .peer, credential, pin)
    loop.start()
    nonisolated(unsafe) let party = RawParty(self)
    loop.post { [state, port, loop] in
      state.listener = Listener(port, on: loop) { socket, remote in
        state.lines.append(.accept(socket, from: remote, on: loop, context, limits: .wide, for: party))
      }
      state.listener?.start()
    }
  }

  private static func context(
    _ end: TLSRole, _ speaking: LineProtocol, _ credential: Credential?, _ pin: Pin
  ) throws -> TLSContext {
    guard let context = TLSContext(end, speaking: speaking, as: credential, trusting: pin) else {
      throw VisitorTrouble.noHandshake
    }
    return context
  }

  deinit {
    loop.stop()
    state.listener = nil
    state.lines = []
  }

  package var address: PeerAddress { port.address.peer! }

  package var holder: ContentHolder { ContentHolder(user: user, address: address, pieces: .all) }

  /// Dials a member, and waits until the line is open or has ended.
  package func dial(
    _ address: SocketAddress, as credential: Credential?, pin: Pin, speaking: LineProtocol = .peer
  ) throws {
    let context = try Self.context(.client, speaking, credential, pin)
    nonisolated(unsafe) let party = RawParty(self)
    loop.post { [state, loop] in
      if let line = try? Connection.connect(to: address, on: loop, context, limits: .wide, for: party) {
        state.lines.append(line)
      }
    }
    try record.wait(for: "a line") { $0.opened > 0 || !$0.ends.isEmpty }
  }

  package func onLine(_ body: @escaping @Sendable (Connection) -> Void) {
    loop.post { [state] in if let line = state.lines.last { body(line) } }
  }

  package func ask(_ request: PeerRequest) {
    var writer = WireWriter()
    request.write(to: &writer)
    ask(request.kind, writer.bytes)
  }

  package func ask(_ kind: UInt8, _ body: [UInt8]) {
    onLine { [record] line in
      line.ask(kind, body, within: 60_000) { result in
        record.change { record in
          switch result {
          case .success(let answer): record.answers.append(answer)
          case .failure(let end): record.failures.append(end)
          }
        }
      }
    }
  }

  package func push(_ push: PeerPush) {
    var writer = WireWriter()
    push.write(to: &writer)
    let (kind, bytes) = (push.kind, writer.bytes)
    onLine { line in line.push(kind, bytes) }
  }
}

private final class RawParty: Party {
  private let record: Awaitable<RawRecord>
  private let whenAsked: RawPeer.Asked

  init(_ peer: RawPeer) {
    record = peer.record
    whenAsked = peer.whenAsked
  }

  func lineOpened(_ line: Connection) { record.change { $0.opened += 1 } }

  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed) {
    var reader = WireReader(body)
    let request = try PeerRequest(kind: kind, reading: &reader)
    record.change { $0.asked.append(request) }
    whenAsked(line, request, exchange)
  }

  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {
    var reader = WireReader(body)
    let push = try PeerPush(kind: kind, reading: &reader)
    record.change { $0.pushes.append(push) }
  }

  func lineEnded(_ line: Connection, because end: LineEnd) { record.change { $0.ends.append(end) } }
}

extension LineLimits {
  package static var wide: LineLimits {
    var limits = LineLimits()
    limits.bodyBytesMax = FrameHeader.bodyBytesMax
    limits.unsentBytesMax = 64 << 20
    return limits
  }
}

extension Connection {
  package func answerJoin(_ exchange: UInt32, _ held: HeldBlocks) {
    var writer = WireWriter()
    writer.held(held)
    answer(exchange, PeerKind.join, writer.bytes)
  }

  package func refuse(_ exchange: UInt32, _ refusal: Refusal) {
    var writer = WireWriter()
    writer.refusal(refusal)
    answer(exchange, PeerKind.refusal, writer.bytes)
  }
}

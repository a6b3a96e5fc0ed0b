// A peer that does as a test says: it has a real line with a real certificate, and no manners of its own.

import GroupModel
import Link
import Synchronization
import Testing

@testable import Swarm

/// What a raw peer has lived to see.
struct RawRecord {
  var opened = 0
  var asked: [PeerRequest] = []
  var pushes: [PeerPush] = []
  var answers: [(kind: UInt8, body: [UInt8])] = []
  var failures: [LineEnd] = []
  var ends: [LineEnd] = []
}

/// What its loop's thread touches: it outlives the peer itself, which ends on the test's thread.
private final class RawLines: @unchecked Sendable {
  var lines: [Connection] = []
  var listener: Listener?
}

final class RawPeer: @unchecked Sendable {
  typealias Asked = (Connection, PeerRequest, UInt32) -> Void

  let loop = EventLoop(name: "raw")
  let record = Awaitable(RawRecord())
  let user: UserName
  private let port: ListeningPort
  private let state = RawLines()
  fileprivate let whenAsked: Asked

  /// Listens, and does `whenAsked` with what it is asked: nothing, unless a test says otherwise.
  init(
    _ name: String, as credential: Credential, pin: Pin, whenAsked: @escaping Asked = { _, _, _ in }
  ) throws {
    user = try #require(UserName(name))
    self.whenAsked = whenAsked
    port = try ListeningPort(at: SocketAddress(ip: [127, 0, 0, 1], port: 0))
    try port.open()
    let context = try #require(TLSContext(.server, speaking: .peer, as: credential, trusting: pin))
    loop.start()
    nonisolated(unsafe) let party = RawParty(self)
    loop.post { [state, port, loop] in
      state.listener = Listener(port, on: loop) { socket, remote in
        state.lines.append(.accept(socket, from: remote, on: loop, context, limits: .wide, for: party))
      }
      state.listener?.start()
    }
  }

  deinit {
    loop.stop()
    state.listener = nil
    state.lines = []
  }

  var holder: ContentHolder { ContentHolder(user: user, address: port.address.peer!, pieces: .all) }

  /// Dials a member, and waits until the line is open or has ended.
  func dial(_ member: TestMember, as credential: Credential?, pin: Pin, speaking: LineProtocol = .peer) throws
  {
    let context = try #require(TLSContext(.client, speaking: speaking, as: credential, trusting: pin))
    let address = member.swarm.address
    nonisolated(unsafe) let party = RawParty(self)
    loop.post { [state, loop] in
      if let line = try? Connection.connect(to: address, on: loop, context, limits: .wide, for: party) {
        state.lines.append(line)
      }
    }
    try record.wait(for: "a line") { $0.opened > 0 || !$0.ends.isEmpty }
  }

  func onLine(_ body: @escaping @Sendable (Connection) -> Void) {
    loop.post { [state] in if let line = state.lines.last { body(line) } }
  }

  func ask(_ request: PeerRequest) {
    var writer = WireWriter()
    request.write(to: &writer)
    ask(request.kind, writer.bytes)
  }

  func ask(_ kind: UInt8, _ body: [UInt8]) {
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

  func push(_ push: PeerPush) {
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
  static var wide: LineLimits {
    var limits = LineLimits()
    limits.bodyBytesMax = FrameHeader.bodyBytesMax
    limits.unsentBytesMax = 64 << 20
    return limits
  }
}

extension Connection {
  func answerJoin(_ exchange: UInt32, _ held: HeldBlocks) {
    var writer = WireWriter()
    writer.held(held)
    answer(exchange, PeerKind.join, writer.bytes)
  }

  func refuse(_ exchange: UInt32, _ refusal: Refusal) {
    var writer = WireWriter()
    writer.refusal(refusal)
    answer(exchange, PeerKind.refusal, writer.bytes)
  }
}

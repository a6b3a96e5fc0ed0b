// One line to one peer, in both directions: what it asks of us goes to the server, what we ask of it comes from the
// fetcher. Here is only what is said; what it means is theirs.

internal import GroupModel
internal import Link

/// ## Concurrency model
/// Belongs to the loop of its line.
final class PeerSession {
  let id: PeerID
  let line: Connection
  /// Where we dialled it; nil where it dialled us.
  let dialled: PeerAddress?
  let began: Instant
  private unowned let roster: Roster
  private unowned let server: PieceServer
  private unowned let fetcher: Fetcher
  /// What it asks of us.
  var desk = ServingDesk()
  /// What we asked of it.
  var exchanges: [Ticket: UInt32] = [:]
  var joins: [ContentKey: JoinState] = [:]
  var lastUsed: Instant
  var sent: RateMeter
  var received: RateMeter
  var sending = ContentRates()
  var receiving = ContentRates()
  private var unwantedPushes = 0

  /// How our wish to join a content at this peer stands.
  enum JoinState {
    case asked, joined, refused
  }

  init(
    _ id: PeerID, on line: Connection, dialled: PeerAddress?, _ roster: Roster, _ server: PieceServer,
    _ fetcher: Fetcher
  ) {
    self.id = id
    self.line = line
    self.dialled = dialled
    self.roster = roster
    self.server = server
    self.fetcher = fetcher
    let now = Instant.now
    began = now
    lastUsed = now
    sent = RateMeter(now: now)
    received = RateMeter(now: now)
  }

  var isDialledByUs: Bool { dialled != nil }

  /// Blocks have gone over it.
  var wasUseful: Bool { sent.total + received.total > 0 }

  /// Nobody at either end wants anything of the other.
  var isUnused: Bool {
    desk.joins.isEmpty && desk.isEmpty && exchanges.isEmpty && !joins.values.contains { $0 == .joined }
  }

  func push(_ push: PeerPush) {
    var writer = WireWriter()
    push.write(to: &writer)
    line.push(push.kind, writer.bytes)
  }

  func refuse(_ exchange: UInt32, _ refusal: Refusal) {
    var writer = WireWriter()
    writer.refusal(refusal)
    line.answer(exchange, PeerKind.refusal, writer.bytes)
  }
}

extension PeerSession: Party {
  func lineOpened(_ line: Connection) {}

  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed) {
    var reader = WireReader(body)
    let request = try PeerRequest(kind: kind, reading: &reader)
    lastUsed = .now
    server.take(request, exchange, from: self)
  }

  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {
    var reader = WireReader(body)
    switch try PeerPush(kind: kind, reading: &reader) {
    case .gained(let key, let blocks): try noteChange(fetcher.peerGained(self, blocks, of: key))
    case .lost(let key, let blocks): try noteChange(fetcher.peerLost(self, blocks, of: key))
    case .cancel(let exchange): server.cancel(exchange, from: self)
    case .part(let key): server.part(key, from: self)
    }
  }

  /// We may have parted while its word was on the way. But not a thousand times.
  private func noteChange(_ wasWanted: Bool) throws(Malformed) {
    unwantedPushes = wasWanted ? 0 : unwantedPushes + 1
    if unwantedPushes > Self.unwantedPushesMax { throw Malformed("a flood of what nobody wants to know") }
  }

  private static let unwantedPushesMax = 1000

  func lineSent(_ line: Connection) {
    if line.unsentBytes == 0 { desk.groupsUnsent = [] }
    server.dispatch()
  }

  func lineEnded(_ line: Connection, because end: LineEnd) {
    server.sessionEnded(self)
    roster.sessionEnded(self, because: end)
    fetcher.sessionEnded(self)
  }
}

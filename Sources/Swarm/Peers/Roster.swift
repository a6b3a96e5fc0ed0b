// Who is on a line with us: dials, accepts, keeps one line to each peer, lets go those that are of no use, and
// remembers who lied and who could not be reached.

internal import Glibc
internal import GroupModel
internal import Link

/// ## Concurrency model
/// Belongs to the loop of its peers.
final class Roster {
  private struct Failure {
    enum Kind {
      /// A good line has ended: whoever ended it had a reason, of which we may hear in a moment.
      case justEnded
      /// Its machine says that nobody listens: a program that begins anew is there again in a moment.
      case notListening
      /// The line was of no use.
      case turnsAway
      case away

      /// The longer it has failed, the longer it is left alone.
      func pauseMilliseconds(after count: Int) -> Int {
        switch self {
        case .justEnded: 100
        case .notListening: min(50 << count, 400)
        case .turnsAway: min(500 << count, 10_000)
        case .away: min(500 << count, 300_000)
        }
      }
    }

    let kind: Kind
    let count: Int
    let at: Instant
    let until: Instant

    init(_ kind: Kind, after last: Failure?, now: Instant) {
      self.kind = kind
      count = last?.kind == kind ? min(10, (last?.count ?? 0) + 1) : 1
      at = now
      until = now + kind.pauseMilliseconds(after: count)
    }
  }

  private(set) var me: PeerID
  private let loop: EventLoop
  private let limits: SwarmLimits
  private let pin: Pin
  private let membership: any Membership
  private var clientContext: TLSContext
  private var serverContext: TLSContext
  unowned var server: PieceServer!
  unowned var fetcher: Fetcher!
  private var isStopped = false
  private(set) var sessions: [PeerID: PeerSession] = [:]
  private var newcomers: [ObjectIdentifier: Newcomer] = [:]
  /// In the order in which they came.
  private var strangers: [Newcomer] = []
  private var dialling: Set<PeerAddress> = []
  private var failures: [PeerAddress: Failure] = [:]
  /// Who was found at an address, the last time.
  private var found: [PeerAddress: PeerID] = [:]
  private var liars: Set<PeerID> = []
  private(set) var refusedLines = 0
  private let log: @Sendable (String) -> Void
  private var logged = StrangerLines()

  init?(
    as credential: Credential, trusting pin: Pin, among membership: any Membership, on loop: EventLoop,
    _ limits: SwarmLimits, log: @escaping @Sendable (String) -> Void
  ) {
    guard let me = PeerID(credential.certificate.holder),
      let client = TLSContext(.client, speaking: .peer, as: credential, trusting: pin),
      let server = TLSContext(.server, speaking: .peer, as: credential, trusting: pin)
    else { return nil }
    self.me = me
    self.loop = loop
    self.limits = limits
    self.pin = pin
    self.membership = membership
    self.log = log
    clientContext = client
    serverContext = server
  }

  /// A renewed certificate: for lines from now on. That of another login of the same user is another peer, whom the
  /// others are to meet as such.
  func use(_ credential: Credential) -> Bool {
    guard let holder = PeerID(credential.certificate.holder), holder.user == me.user,
      let client = TLSContext(.client, speaking: .peer, as: credential, trusting: pin),
      let server = TLSContext(.server, speaking: .peer, as: credential, trusting: pin)
    else { return false }
    clientContext = client
    serverContext = server
    if holder != me {
      me = holder
      for session in sessions.values { session.line.end(because: .closed) }
    }
    return true
  }

  func stop() {
    isStopped = true
    for newcomer in newcomers.values { newcomer.line?.close() }
    for session in sessions.values { session.line.close() }
  }
}

// Coming in.
extension Roster {
  func accept(_ socket: Socket, from remote: SocketAddress) {
    if strangers.count >= limits.strangersMax { strangers.first?.line?.end(because: .crowdedOut) }
    let newcomer = Newcomer(dialled: nil, self)
    strangers.append(newcomer)
    newcomers[ObjectIdentifier(newcomer)] = newcomer
    newcomer.line = .accept(socket, from: remote, on: loop, serverContext, for: newcomer)
  }

  func dial(_ address: PeerAddress) {
    // Each line that ends lets the fetcher look for others; after the last one nobody would end those.
    guard !isStopped else { return }
    dialling.insert(address)
    let newcomer = Newcomer(dialled: address, self)
    newcomers[ObjectIdentifier(newcomer)] = newcomer
    do throws(SocketError) {
      newcomer.line = try .connect(
        to: SocketAddress(address), on: loop, clientContext, isUnpaced: true, for: newcomer)
    } catch {
      newcomerEnded(newcomer, because: .unreachable(errno: error.errno))
    }
  }

  func met(_ newcomer: Newcomer, _ line: Connection) {
    forget(newcomer)
    guard let id = PeerID(line.holder) else { return line.end(because: .malformed("no member")) }
    if let address = newcomer.dialled { found[address] = id }
    guard id != me, !liars.contains(id), makeRoom(for: id, line, isDialledByUs: newcomer.dialled != nil)
    else {
      refusedLines += 1
      newcomer.line = nil
      line.handOver(to: TurnedAway.shared)
      line.close()
      if let address = newcomer.dialled { noteFailure(of: address, .turnsAway) }
      return fetcher.sourcesChanged()
    }
    begin(id, line, dialled: newcomer.dialled)
  }

  /// Where both dialled at once, the line that the lesser dialled stays; where one of them dialled again, it knows
  /// why.
  private func makeRoom(for id: PeerID, _ line: Connection, isDialledByUs: Bool) -> Bool {
    guard let old = sessions[id] else { return sessions.count < limits.linesMax || endOneUnused() }
    guard old.isDialledByUs != isDialledByUs else {
      old.line.end(because: .closed)
      return true
    }
    let lesserIsMe = me < id
    guard isDialledByUs == lesserIsMe else { return false }
    old.line.end(because: .closed)
    return true
  }

  private func endOneUnused() -> Bool {
    let unused = sessions.values.filter(\.isUnused).min { $0.lastUsed < $1.lastUsed }
    unused?.line.end(because: .crowdedOut)
    return unused != nil
  }

  private func begin(_ id: PeerID, _ line: Connection, dialled: PeerAddress?) {
    line.limits = Self.lineLimits
    let session = PeerSession(id, on: line, dialled: dialled, self, server, fetcher)
    sessions[id] = session
    line.handOver(to: session)
    server.sessionBegan(session)
    fetcher.sessionBegan(session)
    loop.after(milliseconds: Self.strangerMilliseconds) { [weak self, weak session] in
      guard let self, let session, !membership.sharesGroup(with: id.user) else { return }
      session.line.end(because: .closed)
    }
  }

  /// So much later he may have heard that he is out of our groups, or we that he is in one.
  private static let strangerMilliseconds = 1_000

  /// Of one who has said who he is. What waits unsent is bounded by the server, and must not keep us from hearing
  /// that it is no longer wanted.
  private static var lineLimits: LineLimits {
    var limits = LineLimits()
    limits.bodyBytesMax = FrameHeader.bodyBytesMax
    limits.unsentBytesPause = 3 << 20
    limits.unsentBytesMax = 4 << 20
    return limits
  }
}

/// Hears the end of a line that nobody wants.
private final class TurnedAway: Party, Sendable {
  static let shared = TurnedAway()

  func lineOpened(_ line: Connection) {}
  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed) {}
  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {}
  func lineEnded(_ line: Connection, because end: LineEnd) {}
}

// Going.
extension Roster {
  func newcomerEnded(_ newcomer: Newcomer, because end: LineEnd) {
    forget(newcomer)
    if end.isFault { say("somebody at \(newcomer.place) was turned away: \(end)") }
    guard let address = newcomer.dialled else { return }
    noteFailure(of: address, end.isOfNobodyListening ? .notListening : .away)
    fetcher.sourcesChanged()
  }

  private func forget(_ newcomer: Newcomer) {
    newcomers[ObjectIdentifier(newcomer)] = nil
    strangers.removeAll { $0 === newcomer }
    if let address = newcomer.dialled { dialling.remove(address) }
  }

  /// Once it is no longer left alone, those who want something of it hear of it again.
  private func noteFailure(of address: PeerAddress, _ kind: Failure.Kind) {
    let now = Instant.now
    let failure = Failure(kind, after: failures[address], now: now)
    failures[address] = failure
    loop.after(milliseconds: failure.until.milliseconds(after: now) + 1) { [weak self] in
      guard let self, !isStopped else { return }
      fetcher.sourcesChanged()
    }
  }

  /// A line that ends as soon as it is open is as good as none: who turns us away says so only then.
  func sessionEnded(_ session: PeerSession, because end: LineEnd) {
    if end.isFault { say("\(session.id.user) at \(session.line.remote) was cut off: \(end)") }
    guard sessions[session.id] === session else { return }
    sessions[session.id] = nil
    guard let address = session.dialled else { return }
    if session.wasUseful || session.began + Self.stableMilliseconds < .now {
      noteFailure(of: address, .justEnded)
    } else {
      noteFailure(of: address, .turnsAway)
    }
  }

  private static let stableMilliseconds = 2_000

  /// It is not spoken to again by this process.
  func ban(_ id: PeerID) {
    liars.insert(id)
    sessions[id]?.line.end(because: .malformed("bytes that are not the content's"))
  }

  var liarCount: Int { liars.count }

  func isLiar(_ id: PeerID) -> Bool { liars.contains(id) }

  private func say(_ text: String) {
    let (isShown, leftOut) = logged.admit(at: secondsSince1970())
    if leftOut > 0 { log("\(leftOut) more lines like these were left out") }
    if isShown { log(text) }
  }

  /// Of one with whom nothing is shared any longer.
  func endLines(of user: UserName) {
    for session in sessions.values where session.id.user == user { session.line.end(because: .closed) }
  }

  /// Now and then: lines on which nothing happens are let go, failures of long ago forgotten. A line does not outlive
  /// the certificate that it was opened with: who still has a login has renewed his by then, and comes back with it.
  func sweep(now: Instant) {
    let seconds = secondsSince1970()
    for session in sessions.values where session.line.holderNotAfter <= seconds {
      session.line.end(because: .closed)
    }
    for session in sessions.values
    where session.isUnused && session.lastUsed + limits.idleMilliseconds < now {
      session.line.close()
    }
    failures = failures.filter { now < $0.value.until + 600_000 }
    if found.count > 4096 { found = [:] }
  }
}

extension LineEnd {
  fileprivate var isOfNobodyListening: Bool {
    switch self {
    case .unreachable(let errno): errno == ECONNREFUSED
    case .lost: true
    default: false
    }
  }

  /// Of the other end's, and one that people want to know of: what is merely gone or unreachable is daily life.
  fileprivate var isFault: Bool {
    switch self {
    case .malformed, .untrusted, .otherAuthority, .handshakeFailed, .doesNotRead: true
    case .closed, .goodbye, .lost, .unreachable, .turnedAway, .timedOut, .crowdedOut: false
    }
  }
}

extension Newcomer {
  fileprivate var place: String {
    dialled?.description ?? line?.remote.description ?? "an address that is gone"
  }
}

// Looking for one who holds something.
extension Roster {
  enum Reach {
    case reached(PeerSession)
    /// Or about to be.
    case dialling
    /// Not tried yet, or long enough ago.
    case free
    /// Nobody listened there at that moment, and it is tried again in another.
    case refused(at: Instant)
    case failed
    /// It is ourselves, or a liar.
    case unwanted
  }

  func reach(_ holder: ContentHolder, now: Instant) -> Reach {
    if let id = found[holder.address] {
      if id == me || liars.contains(id) { return .unwanted }
      if id.user == holder.user, let session = sessions[id] { return .reached(session) }
    }
    if dialling.contains(holder.address) { return .dialling }
    if let session = sessionThatDialled(holder) { return .reached(session) }
    guard let failure = failures[holder.address], now < failure.until else { return .free }
    return switch failure.kind {
    case .justEnded: .dialling
    case .notListening: .refused(at: failure.at)
    case .turnsAway, .away: .failed
    }
  }

  /// Whose line came in from the machine where the holder listens: most likely it is the same program.
  private func sessionThatDialled(_ holder: ContentHolder) -> PeerSession? {
    sessions.values.first { session in
      !session.isDialledByUs && session.id.user == holder.user && session.line.remote.ip == holder.address.ip
    }
  }
}

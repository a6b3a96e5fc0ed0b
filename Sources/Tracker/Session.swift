// One client's line, from its handshake to its end: who speaks, and which groups he hears of. His requests are in
// Session+Requests.swift, what he holds and watches in Session+Holding.swift.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// A party of its line: told of it on the loop's thread, where `who`, `listening` and `announced` live. What the
/// clerk's thread shares with it, the groups whose decisions it hears, is under `membership`.
final class Session: @unchecked Sendable {
  private static let loginMilliseconds = 60_000
  /// A certificate lives for a day. Each renewal is signed on the loop, where the others wait for it.
  static let renewalsASecond = 1
  static let renewalsBurst = 8

  enum Who {
    case stranger
    /// Showed a certificate of a login that has been ended since.
    case former(UserName)
    case member(UserName, Login)
  }

  private struct Membership {
    /// Whom the session speaks for; nil for one who is not logged in, or has gone.
    var user: UserName?
    var isFollowing = false
    var groups: Set<GroupID> = []
  }

  let id: SessionID
  let loop: EventLoop
  let office: Office
  var who = Who.stranger
  private(set) var line: Connection?
  var listening: PeerAddress?
  /// What was announced and what is watched, and what of the user's allowance each takes.
  var announced: [ContentKey: Int] = [:]
  var watched: Set<ContentKey> = []
  var allowance = AnnouncementAllowance()
  var renewals = Bucket(at: 0)
  private var loginDue = Instant.never
  private let membership = Mutex(Membership())
  /// Nobody waits for the answers any longer, whichever thread was to give them.
  private let isOver = Atomic(false)
  /// Told when the session no longer is one of the unknown, who are only let in up to a number.
  var onAdmission: (() -> Void)?

  init(_ id: SessionID, on loop: EventLoop, _ office: Office) {
    self.id = id
    self.loop = loop
    self.office = office
  }

  func begin(on line: Connection) { self.line = line }

  var hasEnded: Bool { isOver.load(ordering: .relaxed) }

  /// What the clerk had to say to this session.
  func deliver(_ kind: UInt8, _ exchange: UInt32, _ body: [UInt8]) {
    guard exchange == 0 else { return line?.answer(exchange, kind, body) ?? () }
    office.counts.pushes.add()
    line?.push(kind, body)
  }
}

// The groups whose decisions it hears. Changed by the clerk, whose errands may be older than whom the session
// speaks for now.
extension Session {
  var isFollowing: Bool { membership.withLock { $0.isFollowing } }

  func startFollowing(as user: UserName) {
    membership.withLock { if $0.user == user { $0.isFollowing = true } }
  }

  /// false: it is in already, does not follow, or speaks for somebody else.
  func enter(_ group: GroupID, as user: UserName) -> Bool {
    membership.withLock { membership in
      guard membership.isFollowing, membership.user == user else { return false }
      return membership.groups.insert(group).inserted
    }
  }

  func leave(_ group: GroupID) {
    membership.withLock { _ = $0.groups.remove(group) }
    // Unless it has come back in meanwhile, and announced anew.
    loop.post { [self] in if !isIn(group) { withdraw { $0.group == group } } }
  }

  func isIn(_ group: GroupID) -> Bool { membership.withLock { $0.groups.contains(group) } }
}

extension Session: Party {
  func lineOpened(_ line: Connection) {
    guard case .member(let user, let generation, let lineage)? = line.holder else { return awaitLogin() }
    let login = Login(generation: generation, lineage: lineage)
    let isAdmitted = office.accounts.admits(user, login)
    office.counts.certificateLogins[isAdmitted ? .admitted : .ended].add()
    become(isAdmitted ? .member(user, login) : .former(user))
  }

  private func awaitLogin() {
    loginDue = .now + Self.loginMilliseconds
    loop.after(milliseconds: Self.loginMilliseconds) { [weak self] in self?.endIfStillUnknown() }
  }

  private func endIfStillUnknown() {
    guard let line, line.isOpen, Instant.now >= loginDue else { return }
    line.end(because: .timedOut(.login))
  }

  func line(
    _ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan
  ) throws(Malformed) {
    var reader = WireReader(body)
    let request = try TrackerRequest(kind: kind, reading: &reader)
    office.counts.requests[RequestKind(request)].add()
    switch who {
    case .member(let user, let login):
      serve(request, exchange, to: user, login)
    case .stranger, .former:
      serveUnknown(request, exchange)
    }
  }

  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {
    throw Malformed("a push to the tracker, which takes none")
  }

  func lineEnded(_ line: Connection, because end: LineEnd) {
    isOver.store(true, ordering: .relaxed)
    office.counts.ended[EndKind(end)].add()
    office.witnesses.forget(id)
    become(.stranger)
    onAdmission?()
    onAdmission = nil
    note(end, of: line)
    self.line = nil
  }

  private func note(_ end: LineEnd, of line: Connection) {
    switch end {
    case .closed, .goodbye, .lost, .crowdedOut, .unreachable:
      office.log.debug("\(line.remote): \(end)")
    case .handshakeFailed, .otherAuthority, .untrusted, .turnedAway, .timedOut, .malformed, .doesNotRead:
      office.log.stranger("\(line.remote): \(end)")
    }
  }

  /// The one place where a session changes whom it speaks for.
  func become(_ next: Who) {
    if case .member(let user, _) = who { standDown(user) }
    who = next
    guard case .member(let user, let login) = next else { return becomeUnknown() }
    loginDue = .never
    membership.withLock { $0.user = user }
    let (allowance, oldest) = office.presence.enter(self, as: user)
    self.allowance = allowance
    oldest?.loop.post { oldest?.line?.end(because: .crowdedOut) }
    line?.limits = .forMembers
    onAdmission?()
    onAdmission = nil
    // It may have been revoked between the first look and now, when whoever ends sessions can see this one.
    if !office.accounts.admits(user, login) { line?.end(because: .closed) }
  }

  private func becomeUnknown() {
    guard let line, line.isOpen else { return }
    line.limits = LineLimits()
    awaitLogin()
  }

  /// Sharing stops the moment a member logs out or his line ends.
  private func standDown(_ user: UserName) {
    office.presence.leave(self, as: user)
    withdraw { _ in true }
    let groups = membership.withLock { membership in
      defer { membership = Membership() }
      return membership.groups
    }
    for group in groups { office.presence.unfollow(group, by: self) }
  }

  private func withdraw(where matches: (ContentKey) -> Bool) {
    for key in announced.keys.filter(matches) { withdraw(key) }
    for key in watched.filter(matches) { stopWatching(key) }
  }

  func withdraw(_ key: ContentKey) {
    guard let weight = announced.removeValue(forKey: key) else { return }
    office.registry.withdraw(key, of: id, allowance)
    allowance.giveBack(weight)
  }
}

extension LineLimits {
  static var forMembers: LineLimits {
    var limits = LineLimits()
    limits.bodyBytesMax = FrameHeader.bodyBytesMax
    return limits
  }
}

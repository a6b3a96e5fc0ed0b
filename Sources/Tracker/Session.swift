// One client's line, from its handshake to its end: who speaks, and what is made of each of his requests.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// A party of its line: told of it on the loop's thread, where `who`, `listening` and `announced` live. What the
/// clerk's thread shares with it, the groups whose decisions it hears, is under `membership`.
final class Session: @unchecked Sendable {
  private static let loginMilliseconds = 60_000
  /// A certificate lives for a day. Each renewal is signed on the loop, where the others wait for it.
  private static let renewalsASecond = 1
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
  private(set) var who = Who.stranger
  private(set) var line: Connection?
  private var listening: PeerAddress?
  /// What was announced and what is watched, and what of the user's allowance each takes.
  private var announced: [ContentKey: Int] = [:]
  private var watched: Set<ContentKey> = []
  private var allowance = AnnouncementAllowance()
  private var renewals = Bucket(at: 0)
  private var loginDue = Instant.never
  private let membership = Mutex(Membership())
  /// Told when the session no longer is one of the unknown, who are only let in up to a number.
  var onAdmission: (() -> Void)?

  init(_ id: SessionID, on loop: EventLoop, _ office: Office) {
    self.id = id
    self.loop = loop
    self.office = office
  }

  func begin(on line: Connection) { self.line = line }

  /// What the clerk had to say to this session.
  func deliver(_ kind: UInt8, _ exchange: UInt32, _ body: [UInt8]) {
    exchange == 0 ? line?.push(kind, body) : line?.answer(exchange, kind, body)
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
    become(office.accounts.admits(user, login) ? .member(user, login) : .former(user))
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
  private func become(_ next: Who) {
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

  private func withdraw(_ key: ContentKey) {
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

// Answers.
extension Session {
  func answer(_ exchange: UInt32, _ kind: UInt8, _ answer: TrackerAnswer) {
    var writer = WireWriter()
    answer.write(to: &writer)
    line?.answer(exchange, answer.kind(answering: kind), writer.bytes)
  }

  /// For those who answer on another thread.
  private func later(_ exchange: UInt32, _ kind: UInt8) -> @Sendable (TrackerAnswer) -> Void {
    { [self] result in loop.post { [self] in answer(exchange, kind, result) } }
  }

  private func later(_ exchange: UInt32, _ kind: UInt8) -> @Sendable (Refusal?) -> Void {
    let reply: @Sendable (TrackerAnswer) -> Void = later(exchange, kind)
    return { refusal in reply(refusal.map(TrackerAnswer.refused) ?? .done) }
  }
}

// Requests of those who are not logged in.
extension Session {
  /// Whom guesses and hashes are counted against. Whoever has one IPv6 address has 2^64 of them.
  private var address: [UInt8] {
    guard let ip = line?.remote.ip else { return [] }
    return ip.count == 16 ? Array(ip.prefix(8)) : ip
  }

  private func serveUnknown(_ request: TrackerRequest, _ exchange: UInt32) {
    switch request {
    case .createUser(let id, let user, let password): createUser(id, user, password, exchange)
    case .login(let user, let password, let certificateRequest):
      login(user, password, certificateRequest, exchange)
    case .changePassword(_, let password, let certificateRequest):
      guard case .former(let user) = who else { return refuseUnknown(request, exchange) }
      repeatChange(user, password, certificateRequest, exchange)
    default: refuseUnknown(request, exchange)
    }
  }

  private func refuseUnknown(_ request: TrackerRequest, _ exchange: UInt32) {
    if case .former = who { return answer(exchange, request.kind, .refused(.loginEnded)) }
    answer(exchange, request.kind, .refused(.notLoggedIn))
  }

  /// One who changed his password and lost the answer comes back with a certificate of the old one. That he has the
  /// new password says that it was he.
  private func repeatChange(_ user: UserName, _ password: [UInt8], _ request: [UInt8], _ exchange: UInt32) {
    office.doorkeeper.login(user, password, request, from: address) { [self] result in
      let result = result.mapError { $0 == .wrongLogin ? .loginEnded : $0 }
      loop.post { [self] in admit(result, exchange, TrackerKind.changePassword) }
    }
  }

  private func createUser(_ id: RequestID, _ user: UserName, _ password: [UInt8], _ exchange: UInt32) {
    office.doorkeeper.createUser(
      id, user, password, from: address, reply: later(exchange, TrackerKind.createUser))
  }

  private func login(_ user: UserName, _ password: [UInt8], _ request: [UInt8], _ exchange: UInt32) {
    office.doorkeeper.login(user, password, request, from: address) { [self] result in
      loop.post { [self] in admit(result, exchange, TrackerKind.login) }
    }
  }

  private func admit(_ result: Result<Doorkeeper.Pass, Refusal>, _ exchange: UInt32, _ kind: UInt8) {
    guard line?.isOpen == true else { return }
    if case .success(let pass) = result {
      become(.member(pass.user, pass.login))
    }
    answer(exchange, kind, TrackerAnswer(result))
  }
}

// Requests of members.
extension Session {
  private func serve(
    _ request: TrackerRequest, _ exchange: UInt32, to user: UserName, _ login: Login
  ) {
    switch request {
    case .createUser(let id, let user, let password): createUser(id, user, password, exchange)
    case .login(let user, let password, let request): self.login(user, password, request, exchange)
    case .renew(let certificateRequest):
      answer(exchange, request.kind, renew(user, login, certificateRequest))
    case .changePassword(let id, let password, let request):
      changePassword(id, user, login, password, request, exchange)
    case .logout: logout(user, login, exchange)
    case .propose(let id, let proposal):
      submit(.decide(id, proposal, by: user, for: self, exchange: exchange), request, exchange)
    case .follow(let address):
      listening = address.map(seenFromHere)
      submit(.follow(self, user, exchange: exchange), request, exchange)
    case .setSharing(let id, let group, let path, let isOn):
      submit(
        .share(id, group, path, isOn: isOn, by: user, for: self, exchange: exchange), request, exchange)
    case .stopWatching(let key):
      stopWatching(key)
      answer(exchange, request.kind, .done)
    case .announce(let holdings): answer(exchange, request.kind, announce(holdings, user))
    case .locate(let key): answer(exchange, request.kind, locate(key))
    case .listGroups, .listMyGroups, .listRequests, .listMembers, .catchUp, .countSharers:
      let isTaken = office.archive.look(
        up: request, for: user, reply: later(exchange, request.kind))
      if !isTaken { answer(exchange, request.kind, .refused(.busy)) }
    }
  }

  private func submit(_ errand: Errand, _ request: TrackerRequest, _ exchange: UInt32) {
    if !office.clerk.submit(errand) { answer(exchange, request.kind, .refused(.busy)) }
  }

  private func renew(_ user: UserName, _ login: Login, _ certificateRequest: [UInt8]) -> TrackerAnswer {
    let now = Int64(Instant.now.nanoseconds / 1_000_000_000)
    guard renewals.take(at: now, perSecond: Self.renewalsASecond, burst: Self.renewalsBurst) else {
      return .refused(.throttled(seconds: 1))
    }
    return TrackerAnswer(office.doorkeeper.pass(user, login, certificateRequest))
  }

  private func changePassword(
    _ id: RequestID, _ user: UserName, _ login: Login, _ password: [UInt8], _ request: [UInt8],
    _ exchange: UInt32
  ) {
    office.doorkeeper.changePassword(id, user, login, password, request, from: address) { [self] result in
      if case .success = result { endOutdated(of: user) }
      loop.post { [self] in
        if case .success(let pass) = result, case .member(user, login) = who {
          who = .member(user, pass.login)
        }
        answer(exchange, TrackerKind.changePassword, TrackerAnswer(result))
      }
    }
  }

  private func logout(_ user: UserName, _ login: Login, _ exchange: UInt32) {
    // Longer than the last certificate of this lineage can live.
    let revocation = Revocation(lineage: login.lineage, until: secondsSince1970() + 2 * 86_400)
    let reply: @Sendable (Refusal?) -> Void = later(exchange, TrackerKind.logout)
    let errand = Errand.revoke(revocation, of: user) { [self] refusal in
      if refusal == nil { endOutdated(of: user) }
      loop.post { [self] in if refusal == nil, case .member(user, login) = who { become(.former(user)) } }
      reply(refusal)
    }
    if !office.clerk.submit(errand) { reply(.busy) }
  }

  /// This user's other sessions whose certificates are no longer good, since the password was changed or their
  /// login was ended.
  private func endOutdated(of user: UserName) {
    for session in office.presence.sessions(of: user) where session.id != id {
      session.loop.post { session.endIfOutdated() }
    }
  }

  private func endIfOutdated() {
    guard case .member(let user, let login) = who, !office.accounts.admits(user, login) else { return }
    line?.end(because: .closed)
  }
}

extension TrackerAnswer {
  fileprivate init(_ result: Result<Doorkeeper.Pass, Refusal>) {
    switch result {
    case .success(let pass): self = .certificate(pass.certificate.der)
    case .failure(let refusal): self = .refused(refusal)
    }
  }
}

// What members hold.
extension Session {
  /// One who listens on all his addresses is reached at the one that he comes from.
  private func seenFromHere(_ address: PeerAddress) -> PeerAddress {
    guard address.ip.allSatisfy({ $0 == 0 }), let line else { return address }
    return PeerAddress(ip: line.remote.ip, port: address.port) ?? address
  }

  private func announce(_ holdings: [Holding], _ user: UserName) -> TrackerAnswer {
    guard let listening else { return .refused(.malformed) }
    for holding in holdings {
      guard isIn(holding.key.group) else { return .refused(.notMember) }
      guard holding.pieces != .none else {
        withdraw(holding.key)
        continue
      }
      guard makeRoom(for: holding) else { return .refused(.limitReached) }
      let registration = Registration(user: user, address: listening, pieces: holding.pieces)
      office.registry.announce(holding.key, of: id, registration, allowance)
    }
    return .done
  }

  private func makeRoom(for holding: Holding) -> Bool {
    let before = announced[holding.key] ?? 0
    let weight = AnnouncementAllowance.weight(of: holding.pieces)
    guard allowance.take(weight - before) else { return false }
    announced[holding.key] = weight
    return true
  }

  private func locate(_ key: ContentKey) -> TrackerAnswer {
    guard isIn(key.group) else { return .refused(.notMember) }
    guard watched.contains(key) || allowance.take(1) else { return .refused(.limitReached) }
    // First, so that nobody who comes in between is missed.
    watched.insert(key)
    office.registry.watch(key, by: self)
    return .holders(office.registry.holders(of: key, except: id))
  }

  private func stopWatching(_ key: ContentKey) {
    guard watched.remove(key) != nil else { return }
    office.registry.stopWatching(key, by: id)
    allowance.giveBack(1)
  }
}

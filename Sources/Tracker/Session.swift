// One client's line, from its handshake to its end: who speaks, and what is made of each of his requests.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// A party of its line: told of it on the loop's thread, where `who`, `listening` and `announced` live. What the
/// clerk's thread shares with it, the groups whose decisions it hears, is under `membership`.
final class Session: @unchecked Sendable {
  /// Beyond so many contents a member announces what he was asked for, not all that he has.
  static let announcedMax = 1 << 17
  private static let loginMilliseconds = 60_000

  enum Who {
    case stranger
    /// Showed a certificate of a login that has been ended since.
    case former(UserName)
    case member(UserName, generation: UInt32, lineage: UInt64)
  }

  private struct Membership {
    var isFollowing = false
    var isGone = false
    var groups: Set<GroupID> = []
  }

  let id: SessionID
  let loop: EventLoop
  let office: Office
  private(set) var who = Who.stranger
  private(set) var line: Connection?
  private var listening: PeerAddress?
  private var announced: Set<ContentKey> = []
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

// The groups whose decisions it hears. Changed by the clerk.
extension Session {
  var isFollowing: Bool { membership.withLock { $0.isFollowing } }

  var isGone: Bool { membership.withLock { $0.isGone } }

  func startFollowing() { membership.withLock { $0.isFollowing = true } }

  /// false: it is in already, or gone.
  func enter(_ group: GroupID) -> Bool {
    membership.withLock { $0.isGone ? false : $0.groups.insert(group).inserted }
  }

  func leave(_ group: GroupID) {
    membership.withLock { _ = $0.groups.remove(group) }
    loop.post { [self] in withdraw { $0.group == group } }
  }

  private func isIn(_ group: GroupID) -> Bool { membership.withLock { $0.groups.contains(group) } }
}

extension Session: Party {
  func lineOpened(_ line: Connection) {
    if case .member(let user, let generation, let lineage)? = line.holder {
      if office.accounts.admits(user, generation: generation, lineage: lineage) {
        become(.member(user, generation: generation, lineage: lineage))
      } else {
        who = .former(user)
      }
    }
    loop.after(milliseconds: Self.loginMilliseconds) { [weak self] in self?.endIfStillUnknown() }
  }

  private func endIfStillUnknown() {
    guard let line, line.isOpen else { return }
    if case .member = who { return }
    line.end(because: .timedOut(.login))
  }

  func line(
    _ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan
  ) throws(Malformed) {
    var reader = WireReader(body)
    let request = try TrackerRequest(kind: kind, reading: &reader)
    switch who {
    case .member(let user, let generation, let lineage):
      serve(request, exchange, to: user, generation, lineage)
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
    if case .member(let user, _, _) = who { standDown(user) }
    who = next
    guard case .member(let user, _, _) = next else { return }
    office.presence.enter(self, as: user)
    line?.limits = .forMembers
    onAdmission?()
    onAdmission = nil
  }

  /// Sharing stops the moment a member logs out or his line ends.
  private func standDown(_ user: UserName) {
    office.presence.leave(self, as: user)
    withdraw { _ in true }
    let groups = membership.withLock { membership in
      defer {
        membership.groups = []
        membership.isFollowing = false
        membership.isGone = line?.isOpen != true
      }
      return membership.groups
    }
    for group in groups { office.presence.unfollow(group, by: self) }
  }

  private func withdraw(where matches: (ContentKey) -> Bool) {
    for key in announced.filter(matches) {
      office.registry.withdraw(key, of: id)
      announced.remove(key)
    }
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
  private var address: [UInt8] { line?.remote.ip ?? [] }

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
      become(.member(pass.user, generation: pass.generation, lineage: pass.lineage))
    }
    answer(exchange, kind, TrackerAnswer(result))
  }
}

// Requests of members.
extension Session {
  private func serve(
    _ request: TrackerRequest, _ exchange: UInt32, to user: UserName, _ generation: UInt32, _ lineage: UInt64
  ) {
    switch request {
    case .createUser(let id, let user, let password): createUser(id, user, password, exchange)
    case .login(let user, let password, let request): login(user, password, request, exchange)
    case .renew(let certificateRequest):
      let renewed = office.doorkeeper.pass(user, generation, lineage: lineage, certificateRequest)
      answer(exchange, request.kind, TrackerAnswer(renewed))
    case .changePassword(let id, let password, let request):
      changePassword(id, user, lineage, password, request, exchange)
    case .logout: logout(lineage, exchange)
    case .propose(let id, let proposal):
      submit(.decide(id, proposal, by: user, for: self, exchange: exchange), request, exchange)
    case .follow(let address):
      listening = address.map(seenFromHere)
      submit(.follow(self, user, exchange: exchange), request, exchange)
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

  /// The other sessions of this user showed certificates that are no longer good, and end.
  private func changePassword(
    _ id: RequestID, _ user: UserName, _ lineage: UInt64, _ password: [UInt8], _ request: [UInt8],
    _ exchange: UInt32
  ) {
    office.doorkeeper.changePassword(
      id, user, lineage: lineage, password, request, from: address
    ) { [self] result in
      if case .success = result { endOthers(of: user) { _ in true } }
      loop.post { [self] in
        if case .success(let pass) = result, case .member = who {
          who = .member(user, generation: pass.generation, lineage: lineage)
        }
        answer(exchange, TrackerKind.changePassword, TrackerAnswer(result))
      }
    }
  }

  private func logout(_ lineage: UInt64, _ exchange: UInt32) {
    guard case .member(let user, _, _) = who else { return }
    // Longer than the last certificate of this lineage can live.
    let revocation = Revocation(lineage: lineage, until: secondsSince1970() + 2 * 86_400)
    let reply: @Sendable (Refusal?) -> Void = later(exchange, TrackerKind.logout)
    let errand = Errand.revoke(revocation) { [self] refusal in
      if refusal == nil { endOthers(of: user) { $0 == lineage } }
      loop.post { [self] in if refusal == nil { become(.former(user)) } }
      reply(refusal)
    }
    if !office.clerk.submit(errand) { reply(.busy) }
  }

  private func endOthers(of user: UserName, where matches: @escaping @Sendable (UInt64) -> Bool) {
    for session in office.presence.sessions(of: user) where session.id != id {
      session.loop.post {
        guard case .member(_, _, let lineage) = session.who, matches(lineage) else { return }
        session.line?.end(because: .closed)
      }
    }
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
      if holding.pieces == .none {
        office.registry.withdraw(holding.key, of: id)
        announced.remove(holding.key)
      } else {
        guard announced.count < Self.announcedMax || announced.contains(holding.key) else {
          return .refused(.limitReached)
        }
        announced.insert(holding.key)
        let registration = Registration(user: user, address: listening, pieces: holding.pieces)
        office.registry.announce(holding, of: id, registration)
      }
    }
    return .done
  }

  private func locate(_ key: ContentKey) -> TrackerAnswer {
    guard isIn(key.group) else { return .refused(.notMember) }
    return .holders(office.registry.holders(of: key, except: id))
  }
}

// What is made of each request: at once where memory knows, else by the clerk, the archive or the doorkeeper, who answer
// later and on other threads.

import GroupModel
import Link

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
  private var caller: Doorkeeper.Caller {
    let ip = line?.remote.ip ?? []
    let address = ip.count == 16 ? Array(ip.prefix(8)) : ip
    return Doorkeeper.Caller(address: address) { [self] in hasEnded }
  }

  func serveUnknown(_ request: TrackerRequest, _ exchange: UInt32) {
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
    office.doorkeeper.login(user, password, request, from: caller) { [self] result in
      let result = result.mapError { $0 == .wrongLogin ? .loginEnded : $0 }
      loop.post { [self] in admit(result, exchange, TrackerKind.changePassword) }
    }
  }

  private func createUser(_ id: RequestID, _ user: UserName, _ password: [UInt8], _ exchange: UInt32) {
    office.doorkeeper.createUser(
      id, user, password, from: caller, reply: later(exchange, TrackerKind.createUser))
  }

  private func login(_ user: UserName, _ password: [UInt8], _ request: [UInt8], _ exchange: UInt32) {
    office.doorkeeper.login(user, password, request, from: caller) { [self] result in
      office.counts.passwordLogins[PasswordOutcome(result)].add()
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
  func serve(
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
        .share(id, group, path, isOn: isOn, by: user, login, for: self, exchange: exchange), request,
        exchange)
    case .stopWatching(let key):
      stopWatching(key)
      answer(exchange, request.kind, .done)
    case .saw(let group, let number):
      if isIn(group) { office.witnesses.saw(number, of: group, by: id) }
      answer(exchange, request.kind, .done)
    case .announce(let holdings): answer(exchange, request.kind, announce(holdings, user, login))
    case .locate(let key): answer(exchange, request.kind, locate(key))
    case .listGroups, .listMyGroups, .listRequests, .listMembers, .catchUp, .countSharers:
      let isTaken = office.archive.look(
        up: request, for: user, in: self, reply: later(exchange, request.kind))
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
    office.doorkeeper.changePassword(id, user, login, password, request, from: caller) { [self] result in
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

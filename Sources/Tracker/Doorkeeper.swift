// Accounts at the door: makes them, checks passwords, issues certificates. What costs a password's hash waits its
// turn in the hash room; guessing is throttled; a wrong name and a wrong password look and take the same.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// Called on the sessions' loops; replies come on the hash room's or the clerk's thread.
final class Doorkeeper: Sendable {
  /// Who has logged in, and the certificate that says so for a day.
  struct Pass: Sendable {
    let user: UserName
    let login: Login
    let certificate: Certificate
  }

  /// Who asks.
  struct Caller: Sendable {
    /// Whom guesses and hashes are counted against. Whoever has one IPv6 address has 2^64 of them.
    let address: [UInt8]
    /// Nothing is hashed for one who no longer waits for it.
    let hasGone: @Sendable () -> Bool
  }

  private let accounts: Accounts
  private let authority: Authority
  private let clerk: Clerk
  private let hashRoom: HashRoom
  private let throttle = Mutex(Throttle())

  init(_ accounts: Accounts, _ authority: Authority, _ clerk: Clerk, _ hashRoom: HashRoom) {
    self.accounts = accounts
    self.authority = authority
    self.clerk = clerk
    self.hashRoom = hashRoom
  }

  /// Passwords that wait for being hashed.
  var waiting: Int { hashRoom.waiting }

  func createUser(
    _ id: RequestID, _ user: UserName, _ password: [UInt8], from caller: Caller,
    reply: @escaping @Sendable (Refusal?) -> Void
  ) {
    guard isPassword(password) else { return reply(.malformed) }
    inHashRoom(caller, refuse: { reply(.busy) }) { [clerk] in
      guard let hash = Self.hash(password) else { return reply(.busy) }
      guard clerk.submit(.openAccount(id, user, hash, reply: reply)) else { return reply(.busy) }
    }
  }

  func login(
    _ user: UserName, _ password: [UInt8], _ request: [UInt8], from caller: Caller,
    reply: @escaping @Sendable (Result<Pass, Refusal>) -> Void
  ) {
    if let wait = throttle.withLock({ $0.admit(user, from: caller.address, at: Self.seconds) }) {
      return reply(.failure(.throttled(seconds: wait)))
    }
    let conclude = { @Sendable [self] (result: Result<Pass, Refusal>) in
      throttle.withLock { throttle in
        switch result {
        case .success: throttle.forgive(user, from: caller.address)
        case .failure(.busy): throttle.takeBack(user, from: caller.address)
        case .failure: break
        }
      }
      reply(result)
    }
    inHashRoom(caller, refuse: { conclude(.failure(.busy)) }) { [self] in
      conclude(check(user, password, request))
    }
  }

  /// The calendar may be set back; what this counts may not.
  private static var seconds: Int64 { Int64(Instant.now.nanoseconds / 1_000_000_000) }

  private func check(_ user: UserName, _ password: [UInt8], _ request: [UInt8]) -> Result<Pass, Refusal> {
    let account = accounts[user]
    let hash = account?.password ?? .decoy
    // Without memory for an attempt nobody knows whether it is right.
    guard let isRight = try? hash.matches(password.span.bytes) else { return .failure(.busy) }
    guard let account, isRight else { return .failure(.wrongLogin) }
    return pass(user, Login(generation: account.generation, lineage: .random(in: 1 ... .max)), request)
  }

  func changePassword(
    _ id: RequestID, _ user: UserName, _ login: Login, _ password: [UInt8], _ request: [UInt8],
    from caller: Caller, reply: @escaping @Sendable (Result<Pass, Refusal>) -> Void
  ) {
    guard isPassword(password) else { return reply(.failure(.malformed)) }
    inHashRoom(caller, refuse: { reply(.failure(.busy)) }) { [self] in
      // What cannot be certified afterwards must not change anything before.
      guard (try? CertificateRequest(der: request)) != nil else { return reply(.failure(.malformed)) }
      guard let hash = Self.hash(password) else { return reply(.failure(.busy)) }
      let errand = Errand.changePassword(id, user, login, hash) { [self] changed in
        reply(
          changed.flatMap { pass(user, Login(generation: $0.generation, lineage: login.lineage), request) })
      }
      if !clerk.submit(errand) { reply(.failure(.busy)) }
    }
  }

  /// A fresh certificate for one who is in.
  func pass(_ user: UserName, _ login: Login, _ request: [UInt8]) -> Result<Pass, Refusal> {
    guard let request = try? CertificateRequest(der: request),
      let certificate = try? authority.issueMember(
        user: user, generation: login.generation, lineage: login.lineage, request: request,
        now: secondsSince1970())
    else { return .failure(.malformed) }
    return .success(Pass(user: user, login: login, certificate: certificate))
  }

  private func inHashRoom(
    _ caller: Caller, refuse: @escaping @Sendable () -> Void, _ work: @escaping @Sendable () -> Void
  ) {
    hashRoom.submit(from: caller.address, refuse: refuse) {
      if caller.hasGone() { refuse() } else { work() }
    }
  }

  private func isPassword(_ password: [UInt8]) -> Bool {
    PasswordHash.passwordBytes.contains(password.count)
  }

  /// nil when the machine has no memory for it.
  private static func hash(_ password: [UInt8]) -> PasswordHash? {
    try? PasswordHash.make(password: password.span.bytes)
  }
}

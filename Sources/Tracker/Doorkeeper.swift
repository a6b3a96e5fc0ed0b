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
    let generation: UInt32
    let lineage: UInt64
    let certificate: Certificate
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

  func createUser(
    _ id: RequestID, _ user: UserName, _ password: [UInt8], from address: [UInt8],
    reply: @escaping @Sendable (Refusal?) -> Void
  ) {
    guard isPassword(password) else { return reply(.malformed) }
    let isTaken = hashRoom.submit(from: address) { [clerk] in
      guard let hash = Self.hash(password) else { return reply(.busy) }
      guard clerk.submit(.openAccount(id, user, hash, reply: reply)) else { return reply(.busy) }
    }
    if !isTaken { reply(.busy) }
  }

  func login(
    _ user: UserName, _ password: [UInt8], _ request: [UInt8], from address: [UInt8],
    reply: @escaping @Sendable (Result<Pass, Refusal>) -> Void
  ) {
    if let wait = throttle.withLock({ $0.admit(user, from: address, at: secondsSince1970()) }) {
      return reply(.failure(.throttled(seconds: wait)))
    }
    let isTaken = hashRoom.submit(from: address) { [self] in
      let result = check(user, password, request)
      if case .success = result { throttle.withLock { $0.forgive(user, from: address) } }
      reply(result)
    }
    guard !isTaken else { return }
    throttle.withLock { $0.forgive(user, from: address) }
    reply(.failure(.busy))
  }

  private func check(_ user: UserName, _ password: [UInt8], _ request: [UInt8]) -> Result<Pass, Refusal> {
    let account = accounts[user]
    let hash = account?.password ?? .decoy
    let isRight = (try? hash.matches(password.span.bytes)) ?? false
    guard let account, isRight else { return .failure(.wrongLogin) }
    return pass(user, account.generation, lineage: .random(in: 1 ... .max), request)
  }

  func changePassword(
    _ id: RequestID, _ user: UserName, lineage: UInt64, _ password: [UInt8], _ request: [UInt8],
    from address: [UInt8], reply: @escaping @Sendable (Result<Pass, Refusal>) -> Void
  ) {
    guard isPassword(password) else { return reply(.failure(.malformed)) }
    let isTaken = hashRoom.submit(from: address) { [self] in
      guard let hash = Self.hash(password) else { return reply(.failure(.busy)) }
      let errand = Errand.changePassword(id, user, hash) { [self] changed in
        reply(changed.flatMap { pass(user, $0.generation, lineage: lineage, request) })
      }
      if !clerk.submit(errand) { reply(.failure(.busy)) }
    }
    if !isTaken { reply(.failure(.busy)) }
  }

  /// A fresh certificate for one who is in.
  func pass(
    _ user: UserName, _ generation: UInt32, lineage: UInt64, _ request: [UInt8]
  ) -> Result<Pass, Refusal> {
    guard let request = try? CertificateRequest(der: request),
      let certificate = try? authority.issueMember(
        user: user, generation: generation, lineage: lineage, request: request, now: secondsSince1970())
    else { return .failure(.malformed) }
    return .success(Pass(user: user, generation: generation, lineage: lineage, certificate: certificate))
  }

  private func isPassword(_ password: [UInt8]) -> Bool {
    PasswordHash.passwordBytes.contains(password.count)
  }

  /// nil when the machine has no memory for it.
  private static func hash(_ password: [UInt8]) -> PasswordHash? {
    try? PasswordHash.make(password: password.span.bytes)
  }
}

// Weighs each proposal by Rules, numbers it, writes it, and tells everyone. One thread with the ledger's one
// connection that writes: whatever waits is decided together and made durable by one commit, and only then
// answered.

import Catalog
import GroupModel
import Link
import Synchronization

/// What the clerk is asked to do. A `reply` is called on the clerk's thread, after the commit.
enum Errand: Sendable {
  case decide(RequestID, Proposal, by: UserName, for: Session, exchange: UInt32)
  case openAccount(RequestID, UserName, PasswordHash, reply: @Sendable (Refusal?) -> Void)
  case changePassword(
    RequestID, UserName, Login, PasswordHash, reply: @Sendable (Result<Account, Refusal>) -> Void)
  case revoke(Revocation, of: UserName, reply: @Sendable (Refusal?) -> Void)
  case follow(Session, UserName, exchange: UInt32)
  case share(RequestID, GroupName, FilePath, isOn: Bool, by: UserName, Login, for: Session, exchange: UInt32)

  /// Whose turn it takes.
  var user: UserName {
    switch self {
    case .decide(_, _, let user, _, _), .openAccount(_, let user, _, _),
      .changePassword(_, let user, _, _, _),
      .revoke(_, let user, _), .follow(_, let user, _), .share(_, _, _, _, let user, _, _, _):
      user
    }
  }
}

/// What became of an errand.
enum Ruling {
  case refused(Refusal)
  /// It was so already: by an earlier wish, or by this one before its answer was lost.
  case stands(Outcome)
  case decided(GroupName, Decision)
  case opened(Account)
  case changed(Account)
  case revoked(Revocation)
  case following([GroupID])
}

/// ## Concurrency model
/// `submit` and `close` are for every thread; the desk is under its mutex, and the bell counts. Everything else,
/// the ledger included, belongs to the clerk's own thread.
final class Clerk: @unchecked Sendable {
  static let errandsMax = 1 << 14
  /// Of one user: more than all of his programs have under way when they are busy.
  static let errandsEachMax = 1 << 11
  /// How many are decided by one commit, and for how long: enough to share its cost, little enough that nobody
  /// waits long, whatever the others want.
  static let batchMax = 1024
  static let batchMilliseconds = 50

  private struct Waiting {
    let errand: Errand
    let since = Instant.now
  }

  private struct Desk {
    var errands = FairQueue<UserName, Waiting>(max: errandsMax, maxEach: errandsEachMax)
    var isClosing = false
  }

  private let desk = Mutex(Desk())
  private let bell = Semaphore()
  private var thread: WorkerThread?

  let ledger: any Ledger
  let accounts: Accounts
  let presence: Presence
  let witnesses: Witnesses
  let registry: Registry
  let log: Log
  let counts = DecisionCounts()
  /// Called when the ledger can no longer be trusted.
  let giveUp: @Sendable (String) -> Never

  /// Accounts that this batch has put into the ledger, not committed yet.
  var uncommitted: [UserName: Account] = [:]
  var mail = OutgoingMail()
  /// When the batch at hand was taken up.
  private(set) var now = secondsSince1970()
  private var lastTidied = secondsSince1970()

  init(
    _ ledger: any Ledger, _ accounts: Accounts, _ presence: Presence, _ witnesses: Witnesses,
    _ registry: Registry, _ log: Log, giveUp: @escaping @Sendable (String) -> Never
  ) {
    self.ledger = ledger
    self.accounts = accounts
    self.presence = presence
    self.witnesses = witnesses
    self.registry = registry
    self.log = log
    self.giveUp = giveUp
  }

  func start() { thread = WorkerThread("ledger") { [self] in serve() } }

  /// false: the desk is full, or has enough of this user. What comes when it is closing gets no answer from here:
  /// all lines are about to end, and whoever asked asks the tracker that takes over.
  func submit(_ errand: Errand) -> Bool {
    let isTaken = desk.withLock { desk in
      desk.isClosing || desk.errands.add(Waiting(errand: errand), of: errand.user)
    }
    if isTaken { bell.signal() }
    return isTaken
  }

  var waiting: Int { desk.withLock { $0.errands.count } }

  /// Waits until everything that was taken in is decided.
  func close() {
    desk.withLock { $0.isClosing = true }
    bell.signal()
    thread?.join()
  }

  private func serve() {
    while true {
      bell.wait()
      while let first = next() { settle(beginningWith: first) { self.next() } }
      if desk.withLock({ $0.isClosing }) { return ledger.close() }
      tidyNowAndThen()
    }
  }

  private func next() -> Waiting? { desk.withLock { $0.errands.next() } }

  /// By one commit: the first, and whatever else waits by the time it is weighed.
  private func settle(beginningWith first: Waiting, then next: () -> Waiting?) {
    now = secondsSince1970()
    let end = Instant.now + Self.batchMilliseconds
    var batch: [Waiting] = []
    var rulings: [Ruling] = []
    do throws(DatabaseError) {
      try ledger.commit { () throws(DatabaseError) in
        var waiting = Optional(first)
        while let one = waiting {
          batch.append(one)
          rulings.append(try rule(on: one.errand))
          waiting = batch.count < Self.batchMax && Instant.now < end ? next() : nil
        }
      }
    } catch {
      if batch.isEmpty { batch = [first] }
      // Those who need no room must not be refused for the sake of those who do.
      if error == .full, batch.count > 1 { return settleEach(batch) }
      rulings = batch.map { _ in refusal(because: error) }
    }
    for (waiting, ruling) in zip(batch, rulings) {
      conclude(waiting.errand, ruling)
      counts.add(waiting.errand, ruling, since: waiting.since)
    }
    uncommitted = [:]
    mail.send()
    // Whoever decides faster than the loops can tell it would fill the memory with what is to be told.
    mail.waitForRoom()
  }

  private func settleEach(_ batch: [Waiting]) {
    uncommitted = [:]
    for waiting in batch { settle(beginningWith: waiting) { nil } }
  }

  /// A full disk is told to those who asked, and is no reason to end: there may be room again. After any other
  /// failure of the disk nobody knows what is on it; a tracker that starts anew reads what is.
  private func refusal(because error: DatabaseError) -> Ruling {
    guard error == .full else { giveUp("the ledger cannot be written: \(error.sentence)") }
    log.stranger("no room on the tracker's disk: changes are refused until there is")
    return .refused(.trackerFull)
  }

  /// How long a repeated wish is recognised: far longer than any client repeats one.
  private static let outcomeSeconds: Int64 = 3600

  private func tidyNowAndThen() {
    guard now - lastTidied > 600 else { return }
    lastTidied = now
    do throws(DatabaseError) {
      try ledger.commit { () throws(DatabaseError) in
        try ledger.forgetOutcomes(before: now - Self.outcomeSeconds)
        try ledger.forgetRevocations(before: now)
        try ledger.pruneTombstones()
      }
    } catch {
      _ = refusal(because: error)
    }
  }
}

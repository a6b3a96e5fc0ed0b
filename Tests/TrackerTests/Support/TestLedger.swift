// A ledger that fails when a test wants it to, over a real one whose commits need not survive a power cut.

import Catalog
import GroupModel
import Synchronization

@testable import Tracker

final class TestLedger: Ledger {
  enum Trouble: Equatable {
    case none
    /// The commit fails as on a full disk, after everything was weighed.
    case fullAtCommit
    /// The first write does.
    case fullAtWriting
  }

  let place = Place()
  private let ledger: SQLiteLedger
  /// Set by the test, read by the clerk.
  let trouble = Mutex(Trouble.none)
  /// How many errands each commit had.
  let weighed = Mutex<[Int]>([])
  private var weighedNow = 0

  init() throws { ledger = try SQLiteLedger(path: place.path + "/ledger.sqlite", durability: .processCrash) }

  func commit(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError) {
    weighedNow = 0
    defer { weighed.withLock { $0.append(weighedNow) } }
    try ledger.commit { () throws(DatabaseError) in
      try body()
      if trouble.withLock({ $0 == .fullAtCommit }) { throw .full }
    }
  }

  private func mayWrite() throws(DatabaseError) {
    if trouble.withLock({ $0 == .fullAtWriting }) { throw .full }
  }

  func facts(for proposal: Proposal, by actor: UserName) throws(DatabaseError) -> (GroupID?, Facts) {
    try ledger.facts(for: proposal, by: actor)
  }

  func found(_ group: GroupName) throws(DatabaseError) -> GroupID { try ledger.found(group) }

  func apply(_ decision: Decision) throws(DatabaseError) {
    try mayWrite()
    try ledger.apply(decision)
  }

  func memberships(of user: UserName) throws(DatabaseError) -> [GroupID] { try ledger.memberships(of: user) }

  func pruneTombstones() throws(DatabaseError) { try ledger.pruneTombstones() }

  func setSharing(
    _ path: FilePath, in group: GroupID, by user: UserName, isOn: Bool
  ) throws(DatabaseError) {
    try mayWrite()
    try ledger.setSharing(path, in: group, by: user, isOn: isOn)
  }

  func isShared(_ entry: Entry, in group: GroupID) throws(DatabaseError) -> Bool {
    try ledger.isShared(entry, in: group)
  }

  func outcome(of wish: RequestID, by user: UserName) throws(DatabaseError) -> Tracker.Outcome? {
    weighedNow += 1
    return try ledger.outcome(of: wish, by: user)
  }

  func remember(
    _ outcome: Tracker.Outcome, of wish: RequestID, by user: UserName, at second: Int64
  ) throws(DatabaseError) {
    try ledger.remember(outcome, of: wish, by: user, at: second)
  }

  func forgetOutcomes(before second: Int64) throws(DatabaseError) {
    try ledger.forgetOutcomes(before: second)
  }

  func put(_ account: Account) throws(DatabaseError) {
    try mayWrite()
    try ledger.put(account)
  }

  func put(_ revocation: Revocation) throws(DatabaseError) {
    try mayWrite()
    try ledger.put(revocation)
  }

  func forgetRevocations(before second: Int64) throws(DatabaseError) {
    try ledger.forgetRevocations(before: second)
  }

  /// What is durable, whatever anybody remembers.
  func accounts() throws -> Set<UserName> { Set(try ledger.accounts().map(\.user)) }
}

// Where decisions and accounts are durable. SQLite is the ledger that is built in; trackers on several hosts will
// want another, so the clerk knows only this.

import Catalog
import GroupModel

/// ## Concurrency model
/// The clerk's thread, and no other.
protocol Ledger: AnyObject {
  /// All of `body` or nothing of it, and durable when this returns.
  func commit(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError)

  /// Everything into one file, so that a copy of it is a copy of all. Nothing is asked afterwards.
  func close()

  func facts(for proposal: Proposal, by actor: UserName) throws(DatabaseError) -> (GroupID?, Facts)
  func found(_ group: GroupName) throws(DatabaseError) -> GroupID
  func apply(_ decision: Decision) throws(DatabaseError)
  /// Groups in which this user stands inside.
  func memberships(of user: UserName) throws(DatabaseError) -> [GroupID]
  /// Forgets what was removed long ago; who was away for longer starts anew.
  func pruneTombstones() throws(DatabaseError)

  /// What a user has said of sharing one file. Who published it shares it until he says otherwise.
  func setSharing(
    _ path: FilePath, in group: GroupID, by user: UserName, isOn: Bool
  ) throws(DatabaseError)
  func isShared(_ entry: Entry, in group: GroupID) throws(DatabaseError) -> Bool

  /// What a wish led to, if it was granted before.
  func outcome(of wish: RequestID, by user: UserName) throws(DatabaseError) -> Outcome?
  func remember(
    _ outcome: Outcome, of wish: RequestID, by user: UserName, at second: Int64
  ) throws(DatabaseError)
  func forgetOutcomes(before second: Int64) throws(DatabaseError)

  func put(_ account: Account) throws(DatabaseError)
  func put(_ revocation: Revocation) throws(DatabaseError)
  /// Those that no certificate can need any longer.
  func forgetRevocations(before second: Int64) throws(DatabaseError)
}

/// A granted wish: where it was decided. For an account there is no group, and both are 0.
struct Outcome: Equatable, Sendable {
  let group: GroupID
  let number: UInt64
}

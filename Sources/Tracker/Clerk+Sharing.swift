// Who shares a file, which is durable: it holds across logins, and a file leaves its group with its last sharer.

import Catalog
import GroupModel

extension Clerk {
  /// Everyone in the group may share what is published there, and each says so for himself alone; of his machines, each
  /// for itself: who stops at one goes on sharing while another of his is online and holds all of it.
  func share(
    _ id: RequestID, _ path: FilePath, in name: GroupName, isOn: Bool, by user: UserName, at lineage: UInt64
  ) throws(DatabaseError) -> Ruling {
    if let before = try ledger.outcome(of: id, by: user) { return .stands(before) }
    let probe = Proposal(.unpublish(path), in: name)
    let (group, facts) = try ledger.facts(for: probe, by: user)
    do throws(Refusal) { try Rules.mustBeInside(facts) } catch { return .refused(error) }
    guard let group, let entry = facts.target else { return .refused(.noSuchFile) }
    guard !entry.kind.isDirectory else { return .refused(.isDirectory) }
    let goesOn = isOn || isHeldElsewhere(entry, in: group, by: user, besides: lineage)
    try ledger.setSharing(path, in: group, by: user, isOn: goesOn)
    let standing = Outcome(group: group, number: facts.next - 1)
    let isLast = goesOn ? false : !(try isShared(entry, in: group, without: user))
    guard isLast else {
      try ledger.remember(standing, of: id, by: user, at: now)
      return .stands(standing)
    }
    let decision = Decision(group: group, number: facts.next, changes: [.unpublished(path)])
    try ledger.apply(decision)
    try ledger.remember(Outcome(group: group, number: facts.next), of: id, by: user, at: now)
    return .decided(name, decision)
  }

  private func isHeldElsewhere(
    _ entry: Entry, in group: GroupID, by user: UserName, besides lineage: UInt64
  ) -> Bool {
    guard case .file(let content) = entry.kind, let root = content.root else { return false }
    return registry.isHeldWhole(ContentKey(group: group, root: root), by: user, besides: lineage)
  }

  /// By those who have said so, or else by those who hold all of it now, because they have read it. Of these nothing is
  /// written until the others have stopped; from then on they share it as if they had said so.
  private func isShared(
    _ entry: Entry, in group: GroupID, without user: UserName
  ) throws(DatabaseError) -> Bool {
    if try ledger.isShared(entry, in: group) { return true }
    guard case .file(let content) = entry.kind, let root = content.root else { return false }
    var isShared = false
    for holder in registry.wholeHolders(of: ContentKey(group: group, root: root), except: user) {
      guard try ledger.memberships(of: holder).contains(group) else { continue }
      try ledger.setSharing(entry.path, in: group, by: holder, isOn: true)
      isShared = true
    }
    return isShared
  }
}

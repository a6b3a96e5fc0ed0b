// What everyone asks of the book: who is in a group, and what lies in it.

internal import Catalog
package import GroupModel
internal import Synchronization

extension GroupBook {
  package func isMember(_ user: UserName, of group: GroupID) -> Bool {
    rolls.withLock { $0[group]?.members.contains(user) ?? false }
  }

  package func isOwner(_ user: UserName, of group: GroupID) -> Bool {
    rolls.withLock { $0[group]?.owner == user }
  }

  package func sharesGroup(with user: UserName) -> Bool {
    rolls.withLock { $0.values.contains { $0.members.contains(user) } }
  }

  /// Whether this member is in it.
  func isMine(_ group: GroupID) -> Bool { rolls.withLock { $0[group] != nil } }

  /// The groups that this member is in.
  package var groups: [GroupID: GroupName] { rolls.withLock { $0.mapValues(\.name) } }

  package func group(named name: GroupName) -> GroupID? {
    rolls.withLock { $0.first { $0.value.name == name }?.key }
  }

  /// The last decision of a group that was folded; 0 for a group that is not known here.
  package func folded(_ group: GroupID) -> UInt64 { rolls.withLock { $0[group]?.folded ?? 0 } }

  package func owner(of group: GroupID) -> UserName? { rolls.withLock { $0[group]?.owner } }

  /// Until a decision is here, which is known to have been made: a moment, unless the line was lost meanwhile.
  package func waitFor(_ number: UInt64, of group: GroupID) {
    _ = wait(milliseconds: 2_000) {
      folded(group) >= number || groups[group] == nil || isUnwritten(number, of: group)
    }
  }

  /// The same of a decision after which this member is in a group, or no longer. Not waited for where it could not be
  /// written.
  @discardableResult
  package func waitUntilIn(_ name: GroupName, _ isIn: Bool = true, milliseconds: Int = 2_000) -> Bool {
    wait(milliseconds: milliseconds) {
      (group(named: name) != nil) == isIn || isBehind
    }
  }

  /// Of a change of files: until the others who are online have it too, so that whoever opens a file next gets it.
  func waitForAll(_ number: UInt64, of group: GroupID) {
    waitFor(number, of: group)
    _ = wait(milliseconds: 150) {
      rolls.withLock { rolls in
        guard let roll = rolls[group], roll.isWitness, roll.unwritten < number else { return true }
        return roll.witnessed >= number
      }
    }
  }

  /// Who is in a group, by name, with its owner marked.
  package func members(of group: GroupID) -> [(user: UserName, isOwner: Bool)] {
    rolls.withLock { rolls in
      guard let roll = rolls[group] else { return [] }
      return roll.members.sorted().map { ($0, $0 == roll.owner) }
    }
  }

  /// Who asks to be let in.
  package func requests(in group: GroupID, after user: UserName? = nil, limit: Int) throws(BookTrouble)
    -> [UserName]
  {
    try read { (catalog) throws(DatabaseError) in
      try catalog.requests(in: group, after: user, limit: limit)
    }
  }

  package func entry(at path: FilePath, in group: GroupID) throws(BookTrouble) -> Entry? {
    try read { (catalog) throws(DatabaseError) in try catalog.entry(at: path, in: group) }
  }

  /// What the tracker would weigh this member's proposal by, as far as it is known here.
  func facts(for proposal: Proposal) throws(BookTrouble) -> Facts {
    try read { (catalog) throws(DatabaseError) in try catalog.facts(for: proposal, by: user).1 }
  }

  package func entries(
    in group: GroupID, below directory: FilePath? = nil, after path: FilePath?, limit: Int
  ) throws(BookTrouble) -> [Entry] {
    try read { (catalog) throws(DatabaseError) in
      try catalog.entries(in: group, below: directory, after: path, limit: limit)
    }
  }

  /// What lies directly in a directory, nil being the group's own, after a name of it.
  package func children(
    of directory: FilePath?, in group: GroupID, after name: [UInt8]?, limit: Int
  ) throws(BookTrouble) -> [Entry] {
    try read { (catalog) throws(DatabaseError) in
      try catalog.children(of: directory, in: group, after: name, limit: limit)
    }
  }

  private func read<Result: Sendable>(
    _ body: (GroupCatalog) throws(DatabaseError) -> sending Result
  ) throws(BookTrouble) -> Result {
    let (found, edition) = shelf.withLock { shelf -> (Swift.Result<Result, DatabaseError>, Int) in
      guard let catalog = shelf.catalog else { return (.failure(.busy), shelf.edition) }
      do throws(DatabaseError) {
        return (.success(try body(catalog)), shelf.edition)
      } catch {
        return (.failure(error), shelf.edition)
      }
    }
    switch found {
    case .success(let value): return value
    case .failure(let error):
      if case .damaged(let words) = error { post(.damaged(words, edition: edition)) }
      throw .disk("the catalog cannot be read: \(error.sentence)")
    }
  }
}

// What is known of a group as a whole, and the groups that a transaction has touched, kept in memory until it
// is committed: thousands of decisions in one transaction then cost each group's row one write.

package import GroupModel

/// A group's own row.
package struct GroupHead: Sendable, Equatable {
  package let id: GroupID
  package let name: GroupName
  /// nil before the group's first decision only.
  package internal(set) var owner: UserName?
  /// Of the last decision.
  package internal(set) var number: UInt64 = 0
  /// What was removed up to this number may be known no more.
  package internal(set) var floor: UInt64 = 0
  package internal(set) var members: Int64 = 0
  /// Files and links; directories do not count.
  package internal(set) var files: Int64 = 0
  package internal(set) var directories: Int64 = 0
  /// Of a copy that is catching up: the rest of its mark, and that there is more to come.
  var place: UInt64 = 0
  var begun: UInt64 = 0
  package internal(set) var isBehind = false
}

extension GroupHead {
  mutating func count(_ kind: EntryKindCode, _ change: Int64) {
    if kind == .directory { directories += change } else { files += change }
  }
}

/// A group that is being looked at or changed: its row, and the standings that were asked for.
final class LiveGroup {
  var head: GroupHead {
    didSet { isChanged = true }
  }
  var standings: [UserName: Standing] = [:]
  var isChanged = false

  init(_ head: GroupHead) { self.head = head }
}

/// The groups of the transaction that is under way. Outside of one nothing is kept, since somebody else may
/// write.
final class LiveGroups: TransactionCompanion {
  private unowned let database: Database
  private var groups: [GroupID: LiveGroup] = [:]
  private var named: [GroupName: LiveGroup] = [:]

  init(of database: Database) { self.database = database }

  subscript(id: GroupID) -> LiveGroup? {
    get throws(DatabaseError) {
      if let known = groups[id] { return known }
      return try take(
        database.query(
          """
          SELECT id, name, owner, number, floor, members, files, directories, place, begun, behind
          FROM grp WHERE id = ?
          """, id))
    }
  }

  subscript(name: GroupName) -> LiveGroup? {
    get throws(DatabaseError) {
      if let known = named[name] { return known }
      return try take(
        database.query(
          """
          SELECT id, name, owner, number, floor, members, files, directories, place, begun, behind
          FROM grp WHERE name = ?
          """, name))
    }
  }

  func standing(of user: UserName, in group: LiveGroup) throws(DatabaseError) -> Standing {
    if let known = group.standings[user] { return known }
    var cursor = try database.query(
      "SELECT standing FROM person WHERE grp = ? AND user = ?", group.head.id, user)
    let standing = try cursor.next() ? try cursor.standing(0) : .stranger
    group.standings[user] = standing
    return standing
  }

  func forget(_ group: LiveGroup) {
    groups[group.head.id] = nil
    named[group.head.name] = nil
  }

  func discard() {
    groups.removeAll(keepingCapacity: true)
    named.removeAll(keepingCapacity: true)
  }

  func settle() throws(DatabaseError) {
    for group in groups.values where group.isChanged {
      try write(group.head)
      group.isChanged = false
    }
  }

  private func take(_ found: consuming Cursor) throws(DatabaseError) -> LiveGroup? {
    var cursor = found
    guard try cursor.next() else { return nil }
    let group = LiveGroup(try cursor.head())
    if database.isInTransaction {
      groups[group.head.id] = group
      named[group.head.name] = group
    }
    return group
  }

  private func write(_ head: GroupHead) throws(DatabaseError) {
    try database.run(
      """
      UPDATE grp SET owner = ?2, number = ?3, floor = ?4, members = ?5, files = ?6, directories = ?7,
        place = ?8, begun = ?9, behind = ?10 WHERE id = ?1
      """,
      head.id, head.owner, head.number, head.floor, head.members, head.files, head.directories,
      head.place, head.begun, head.isBehind)
  }
}

extension Cursor {
  fileprivate borrowing func head() throws(DatabaseError) -> GroupHead {
    GroupHead(
      id: GroupID(number(0)), name: try group(1), owner: isNull(2) ? nil : try user(2), number: number(3),
      floor: number(4), members: int(5), files: int(6), directories: int(7), place: number(8),
      begun: number(9),
      isBehind: flag(10))
  }
}

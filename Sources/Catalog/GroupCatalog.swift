// Who is in which group, who asked, and what is published, in one database: the truth at the tracker, a copy
// at each member. Both fold the same decisions; nothing here knows of networks, clocks or file content.

package import GroupModel

/// ## Concurrency model
/// Belongs to one thread at a time, as its database does. Over a writer it is the only one that changes these
/// tables; over a reader it sees what was committed.
package final class GroupCatalog {
  package enum Role: Sendable {
    /// The tracker's: remembers what was removed, so that members can catch up.
    case truth
    /// A member's: forgets at once what is gone.
    case copy
  }

  package let database: Database
  package let role: Role
  let live: LiveGroups

  /// The database must have the tables of `CatalogSchema.groups` already, and no other catalog over it.
  package init(over database: Database, as role: Role) {
    precondition(
      database.companion == nil, "two catalogs over one database would hide changes from each other")
    self.database = database
    self.role = role
    live = LiveGroups(of: database)
    database.companion = live
  }
}

extension GroupCatalog {
  /// Makes the row of a group that is about to have its first decision.
  package func found(_ name: GroupName) throws(DatabaseError) -> GroupID {
    try database.within { () throws(DatabaseError) -> GroupID in
      if let known = try live[name] { return known.head.id }
      try database.run("INSERT INTO grp (name) VALUES (?)", name)
      guard let made = try live[name] else { throw .damaged("a group that vanished when it was made") }
      return made.head.id
    }
  }

  package func group(named name: GroupName) throws(DatabaseError) -> GroupHead? { try live[name]?.head }

  package func group(_ id: GroupID) throws(DatabaseError) -> GroupHead? { try live[id]?.head }

  package func standing(of user: UserName, in group: GroupID) throws(DatabaseError) -> Standing {
    guard let group = try live[group] else { return .stranger }
    return try live.standing(of: user, in: group)
  }

  package func entry(at path: FilePath, in group: GroupID) throws(DatabaseError) -> Entry? {
    var cursor = try database.query(
      """
      SELECT kind, size, root, executable, target, owner, modified, version FROM entry
      WHERE grp = ? AND path = ?
      """, group, path)
    return try cursor.next() ? try cursor.entry(at: path, from: 0) : nil
  }

  func kindCode(at path: FilePath, in group: GroupID) throws(DatabaseError) -> EntryKindCode? {
    var cursor = try database.query("SELECT kind FROM entry WHERE grp = ? AND path = ?", group, path)
    return try cursor.next() ? try cursor.kindCode(0) : nil
  }

  func holdsFiles(below path: FilePath, in group: GroupID) throws(DatabaseError) -> Bool {
    let below = PathsBelow(path)
    var cursor = try database.query(
      "SELECT 1 FROM entry WHERE grp = ? AND path > ? AND path < ? LIMIT 1", group, below.first, below.end)
    return try cursor.next()
  }
}

// Lists of groups, persons and files, in pages: each is sorted by the bytes of its names and begins after the
// last name of the page before.

package import GroupModel

extension GroupCatalog {
  /// Every group, with how that user stands in it.
  package func groups(
    after name: GroupName?, limit: Int, for user: UserName
  ) throws(DatabaseError) -> [GroupSummary] {
    try live.settle()
    return try summaries(
      database.query(
        """
        SELECT name, id, owner, coalesce(standing, 0), members, files, number
        FROM grp LEFT JOIN person ON person.grp = grp.id AND person.user = ?2
        WHERE name > ?1 AND owner IS NOT NULL ORDER BY name LIMIT ?3
        """, name?.description ?? "", user, limit))
  }

  /// The groups that this user is in, or asked to join.
  package func groups(
    of user: UserName, after name: GroupName?, limit: Int
  ) throws(DatabaseError) -> [GroupSummary] {
    try live.settle()
    return try summaries(
      database.query(
        """
        SELECT name, id, owner, standing, members, files, number
        FROM person JOIN grp ON grp.id = person.grp
        WHERE person.user = ?2 AND standing != 0 AND name > ?1 AND owner IS NOT NULL ORDER BY name LIMIT ?3
        """, name?.description ?? "", user, limit))
  }

  /// How many there are.
  package func groupCount() throws(DatabaseError) -> Int {
    var cursor = try database.query("SELECT count(*) FROM grp WHERE owner IS NOT NULL")
    return try cursor.next() ? Int(cursor.int(0)) : 0
  }

  private func summaries(_ found: consuming Cursor) throws(DatabaseError) -> [GroupSummary] {
    var cursor = found
    var groups: [GroupSummary] = []
    while try cursor.next() {
      groups.append(
        GroupSummary(
          name: try cursor.group(0), id: GroupID(cursor.number(1)), owner: try cursor.user(2),
          mine: try cursor.standing(3), members: UInt32(clamping: cursor.int(4)),
          files: UInt32(clamping: cursor.int(5)), number: cursor.number(6)))
    }
    return groups
  }

  /// The groups whose decisions this user is to be told. `standing != 0` is there for the index that says so.
  package func memberships(of user: UserName) throws(DatabaseError) -> [GroupID] {
    var cursor = try database.query(
      "SELECT grp FROM person WHERE user = ? AND standing != 0 AND standing >= 3 ORDER BY grp", user)
    var groups: [GroupID] = []
    while try cursor.next() { groups.append(GroupID(cursor.number(0))) }
    return groups
  }
}

// Persons.
extension GroupCatalog {
  /// Who asked to join and waits for an answer.
  package func requests(
    in group: GroupID, after user: UserName?, limit: Int
  ) throws(DatabaseError) -> [UserName] {
    try users(
      database.query(
        "SELECT user FROM person WHERE grp = ? AND standing = 1 AND user > ? ORDER BY user LIMIT ?",
        group, user?.description ?? "", limit))
  }

  package func members(
    of group: GroupID, after user: UserName?, limit: Int
  ) throws(DatabaseError) -> [(user: UserName, isOwner: Bool)] {
    var cursor = try database.query(
      "SELECT user, standing FROM person WHERE grp = ? AND standing >= 3 AND user > ? ORDER BY user LIMIT ?",
      group, user?.description ?? "", limit)
    var members: [(user: UserName, isOwner: Bool)] = []
    while try cursor.next() { members.append((try cursor.user(0), try cursor.standing(1) == .owner)) }
    return members
  }

  /// All at once: to whom a decision goes.
  package func membersAll(of group: GroupID) throws(DatabaseError) -> [UserName] {
    try users(
      database.query("SELECT user FROM person WHERE grp = ? AND standing >= 3 ORDER BY user", group))
  }

  private func users(_ found: consuming Cursor) throws(DatabaseError) -> [UserName] {
    var cursor = found
    var users: [UserName] = []
    while try cursor.next() { users.append(try cursor.user(0)) }
    return users
  }
}

// Files.
extension GroupCatalog {
  /// All entries of a group, or those below one of its directories, in the order of their paths' bytes.
  package func entries(
    in group: GroupID, below directory: FilePath? = nil, after path: FilePath?, limit: Int
  ) throws(DatabaseError) -> [Entry] {
    let below = PathsBelow(directory)
    let start = max(path.map(\.bytes) ?? [], below.first)
    var cursor = try paths(of: group, after: start, before: below.end, limit: limit)
    var entries: [Entry] = []
    while try cursor.next() { entries.append(try cursor.entry(at: cursor.path(0), from: 1)) }
    return entries
  }

  /// What lies directly in a directory, nil being the group's own, after a name of it. The inside of a
  /// subdirectory costs one seek, however much it holds.
  package func children(
    of directory: FilePath?, in group: GroupID, after name: [UInt8]?, limit: Int
  ) throws(DatabaseError) -> [Entry] {
    let below = PathsBelow(directory)
    var children: [Entry] = []
    var start: [UInt8]? = below.first + (name ?? [])
    try database.snapshot { () throws(DatabaseError) in
      while let from = start {
        start = try addChildren(to: &children, below, in: group, after: from, limit: limit)
      }
    }
    return children
  }

  /// Up to the first entry that lies deeper: returns the place behind all of its directory, or nil at the
  /// end.
  private func addChildren(
    to children: inout [Entry], _ below: PathsBelow, in group: GroupID, after start: [UInt8], limit: Int
  ) throws(DatabaseError) -> [UInt8]? {
    var cursor = try paths(of: group, after: start, before: below.end, limit: limit - children.count + 1)
    while children.count < limit, try cursor.next() {
      let path = cursor.bytes(0)
      if let cut = path[below.first.count...].firstIndex(of: UInt8(ascii: "/")) {
        return path[...cut] + [PathsBelow.last]
      }
      children.append(try cursor.entry(at: cursor.path(0), from: 1))
    }
    return nil
  }

  private func paths(
    of group: GroupID, after start: [UInt8], before end: [UInt8], limit: Int
  ) throws(DatabaseError) -> Cursor {
    try database.query(
      """
      SELECT path, kind, size, root, executable, target, owner, modified, version FROM entry
      WHERE grp = ? AND path > ? AND path < ? ORDER BY path LIMIT ?
      """, group, start, end, limit)
  }
}

/// The later of two places in the order of paths.
private func max(_ one: [UInt8], _ other: [UInt8]) -> [UInt8] {
  one.lexicographicallyPrecedes(other) ? other : one
}

// Folds decisions into the tables. A change says what a row is now, never what to add to it, so folding it
// twice is folding it once.

package import GroupModel

/// What became of a decision that was to be folded.
package enum Folding: Sendable, Equatable {
  case folded
  /// It was folded before.
  case known
  /// Others before it are missing, or the group is not known at all. Whoever follows a group catches up then;
  /// and again after the last page, where such a decision came while the pages did.
  case gap
}

/// The place in the order of catching up that the next changed row is given.
struct Stamp {
  let number: UInt64
  private(set) var place: UInt64 = 0

  init(_ number: UInt64) { self.number = number }

  mutating func next() -> UInt64 { skip(1) }

  /// The last of so many places.
  mutating func skip(_ rows: Int) -> UInt64 {
    place += UInt64(rows)
    return place
  }
}

extension GroupCatalog {
  @discardableResult
  package func apply(_ decision: Decision) throws(DatabaseError) -> Folding {
    try database.within { () throws(DatabaseError) -> Folding in
      guard let group = try live[decision.group] else { return .gap }
      guard decision.number > group.head.number else { return .known }
      guard decision.number == group.head.number + 1, !group.head.isBehind else { return .gap }
      var stamp = Stamp(decision.number)
      for change in decision.changes { try fold(change, into: group, &stamp) }
      group.head.number = decision.number
      return .folded
    }
  }

  func fold(_ change: Change, into group: LiveGroup, _ stamp: inout Stamp) throws(DatabaseError) {
    switch change {
    case .stands(let user, let standing, let since):
      try fold(user, standing, since: since, into: group, &stamp)
    case .published(let entry): try publish(entry, into: group, &stamp)
    case .unpublished(let path): try unpublish(path, from: group, &stamp)
    case .moved(let from, let to): try move(from, to, in: group, &stamp)
    case .ended: try erase(group)
    }
  }

  private func fold(
    _ user: UserName, _ standing: Standing, since: UInt64, into group: LiveGroup, _ stamp: inout Stamp
  ) throws(DatabaseError) {
    let before = try live.standing(of: user, in: group)
    group.head.members += (standing.isInside ? 1 : 0) - (before.isInside ? 1 : 0)
    if standing == .owner { group.head.owner = user }
    group.standings[user] = standing
    if standing == .stranger, role == .copy {
      try database.run("DELETE FROM person WHERE grp = ? AND user = ?", group.head.id, user)
    } else {
      try database.run(
        """
        INSERT OR REPLACE INTO person (grp, user, standing, since, version, place)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        group.head.id, user, standing, since, stamp.number, stamp.next())
    }
  }

  /// All rows of the group, and its own.
  func erase(_ group: LiveGroup) throws(DatabaseError) {
    try clear(group)
    try database.run("DELETE FROM grp WHERE id = ?", group.head.id)
    live.forget(group)
  }

  /// All rows of the group, but its own.
  func clear(_ group: LiveGroup) throws(DatabaseError) {
    try database.run("DELETE FROM entry WHERE grp = ?", group.head.id)
    try database.run("DELETE FROM gone WHERE grp = ?", group.head.id)
    try database.run("DELETE FROM person WHERE grp = ?", group.head.id)
    group.standings.removeAll()
    group.head.members = 0
    group.head.files = 0
    group.head.directories = 0
  }
}

// Files.
extension GroupCatalog {
  /// Most files are new ones: they are put in without looking first.
  private func publish(_ entry: Entry, into group: LiveGroup, _ stamp: inout Stamp) throws(DatabaseError) {
    let columns = EntryKindColumns(entry.kind)
    let place = stamp.next()
    try database.run(
      """
      INSERT INTO entry (grp, path, kind, size, root, executable, target, owner, modified, version, place)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
      """,
      group.head.id, entry.path, columns.code, columns.size, columns.root, columns.isExecutable,
      columns.target, entry.owner, entry.modified, entry.version, place)
    guard database.changedRows == 0 else {
      group.head.count(columns.code, 1)
      return
    }
    try replace(entry, columns, in: group, place)
  }

  private func replace(
    _ entry: Entry, _ columns: EntryKindColumns, in group: LiveGroup, _ place: UInt64
  ) throws(DatabaseError) {
    let before = try kindCode(at: entry.path, in: group.head.id)
    if let before { group.head.count(before, -1) }
    group.head.count(columns.code, 1)
    try database.run(
      """
      UPDATE entry SET kind = ?3, size = ?4, root = ?5, executable = ?6, target = ?7, owner = ?8,
        modified = ?9, version = ?10, place = ?11 WHERE grp = ?1 AND path = ?2
      """,
      group.head.id, entry.path, columns.code, columns.size, columns.root, columns.isExecutable,
      columns.target, entry.owner, entry.modified, entry.version, place)
  }

  private func unpublish(_ path: FilePath, from group: LiveGroup, _ stamp: inout Stamp) throws(DatabaseError)
  {
    guard try drop(path, from: group) else { return }
    try bury(path, of: group, &stamp)
  }

  /// Whether there was such an entry.
  private func drop(_ path: FilePath, from group: LiveGroup) throws(DatabaseError) -> Bool {
    guard let kind = try kindCode(at: path, in: group.head.id) else { return false }
    try database.run("DELETE FROM entry WHERE grp = ? AND path = ?", group.head.id, path)
    group.head.count(kind, -1)
    return true
  }

  /// Remembers that a path is gone, for those who were away.
  private func bury(_ path: FilePath, of group: LiveGroup, _ stamp: inout Stamp) throws(DatabaseError) {
    guard role == .truth else { return }
    try database.run(
      "INSERT INTO gone (grp, version, place, path) VALUES (?, ?, ?, ?)",
      group.head.id, stamp.number, stamp.next(), path)
  }
}

// Renaming. The rows at the new place come first, each directory before what it holds, and then the
// tombstones, each directory after what it held: so a member who is caught between two pages has a tree
// without loose ends.
extension GroupCatalog {
  private func move(
    _ from: FilePath, _ to: FilePath, in group: LiveGroup, _ stamp: inout Stamp
  ) throws(DatabaseError) {
    guard let kind = try kindCode(at: from, in: group.head.id) else { return }
    _ = try drop(to, from: group)
    try database.run(
      "UPDATE entry SET path = ?3, version = ?4, place = ?5 WHERE grp = ?1 AND path = ?2",
      group.head.id, from, to, stamp.number, stamp.next())
    if kind == .directory { try moveAll(below: from, to, in: group, &stamp) }
    try bury(from, of: group, &stamp)
  }

  /// In one statement for all rows: 100,000 of them are moved by one decision, and the others wait for it.
  private func moveAll(
    below from: FilePath, _ to: FilePath, in group: LiveGroup, _ stamp: inout Stamp
  ) throws(DatabaseError) {
    let below = PathsBelow(from)
    try database.run(
      """
      UPDATE entry SET path = CAST(?4 || substr(path, ?5) AS BLOB), version = ?6, place = ?7 + moved.nth
      FROM (SELECT path AS was, row_number() OVER (ORDER BY path) AS nth FROM entry
        WHERE grp = ?1 AND path > ?2 AND path < ?3) AS moved
      WHERE grp = ?1 AND path = moved.was
      """,
      group.head.id, below.first, below.end, to, from.bytes.count + 1, stamp.number, stamp.place)
    let rows = database.changedRows
    if role == .truth { try buryAll(rows, below: from, nowAt: to, in: group, stamp) }
    _ = stamp.skip(role == .truth ? 2 * rows : rows)
  }

  /// The moved rows have the places after `stamp`, in the order of their paths; their tombstones come behind
  /// those, in the opposite order.
  private func buryAll(
    _ rows: Int, below from: FilePath, nowAt to: FilePath, in group: LiveGroup, _ stamp: Stamp
  ) throws(DatabaseError) {
    let below = PathsBelow(to)
    let mirror = 2 * (stamp.place + UInt64(rows)) + 1
    try database.run(
      """
      INSERT INTO gone (grp, version, place, path)
      SELECT grp, version, ?4 - place, CAST(?5 || substr(path, ?6) AS BLOB) FROM entry
      WHERE grp = ?1 AND path > ?2 AND path < ?3
      """,
      group.head.id, below.first, below.end, mirror, from, to.bytes.count + 1)
  }
}

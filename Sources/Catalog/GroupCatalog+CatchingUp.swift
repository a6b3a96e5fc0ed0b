// Tells a member who was away what is different now: the last state of each row that changed after his mark,
// in the order in which they changed. A row that changes again while he reads comes again, further on.

package import GroupModel

/// Where a row stands in the order of a group's changes.
private struct Position: Comparable {
  let version: UInt64
  let place: UInt64

  static let end = Position(version: .max, place: .max)

  static func < (left: Self, right: Self) -> Bool {
    left.version == right.version ? left.place < right.place : left.version < right.version
  }
}

extension Position {
  /// The last position that a mark covers.
  init(_ mark: CatchUpMark) { self.init(version: mark.number + 1, place: mark.row) }

  func mark(begun: UInt64) -> CatchUpMark { CatchUpMark(number: version - 1, row: place, begun: begun) }
}

/// The changed rows of one table. Their first two columns are their position.
private struct ChangedRows: ~Copyable {
  var cursor: Cursor
  private(set) var position = Position.end

  init(_ found: consuming Cursor) throws(DatabaseError) {
    cursor = found
    try advance()
  }

  mutating func advance() throws(DatabaseError) {
    let found = try cursor.next()
    position = found ? Position(version: cursor.number(0), place: cursor.number(1)) : .end
  }
}

extension GroupCatalog {
  /// At most `limit` changes, of about `bytesMax` bytes; nil where there is no such group.
  package func catchUp(
    _ id: GroupID, after mark: CatchUpMark, limit: Int, bytesMax: Int
  ) throws(DatabaseError) -> CatchUpPage? {
    precondition(limit > 0, "a page without room")
    return try database.snapshot { () throws(DatabaseError) -> CatchUpPage? in
      guard let head = try live[id]?.head else { return nil }
      let startsAnew = mustStartAnew(mark, head)
      let mark = startsAnew ? CatchUpMark(number: 0, row: 0, begun: head.number) : mark
      var page = PageOfChanges(limit: min(limit, Decision.changesMax), bytesMax: bytesMax)
      let told = try fill(&page, with: head, after: mark)
      let end = told.map { $0.mark(begun: mark.begun) } ?? CatchUpMark(number: head.number)
      return CatchUpPage(startsAnew: startsAnew, changes: page.changes, mark: end, more: told != nil)
    }
  }

  /// Who knows nothing starts anew; so does one who may have missed removals that are forgotten, and one who
  /// comes from the future of a ledger that was put back to an earlier day.
  private func mustStartAnew(_ mark: CatchUpMark, _ head: GroupHead) -> Bool {
    let removalsKnown = max(mark.number, mark.begun)
    return removalsKnown == 0 || removalsKnown < head.floor || removalsKnown > head.number
  }

  /// The position of the last row that went into the page; nil where it was the last of all.
  private func fill(
    _ page: inout PageOfChanges, with head: GroupHead, after mark: CatchUpMark
  ) throws(DatabaseError) -> Position? {
    let start = Position(mark)
    var last: Position?
    var persons = try changedPersons(of: head.id, after: start, begun: mark.begun, page.limit)
    var entries = try changedEntries(of: head.id, after: start, page.limit)
    var removals = try removals(of: head.id, after: start, begun: mark.begun, page.limit)
    while true {
      let next = min(persons.position, entries.position, removals.position)
      guard next != .end else { return nil }
      guard !page.isFull else { return last }
      switch next {
      case persons.position:
        page.add(
          .stands(try persons.cursor.user(2), try persons.cursor.standing(3), since: persons.cursor.number(4))
        )
        try persons.advance()
      case entries.position:
        page.add(.published(try entries.cursor.entry(at: entries.cursor.path(2), from: 3)))
        try entries.advance()
      default:
        page.add(.unpublished(try removals.cursor.path(2)))
        try removals.advance()
      }
      last = next
    }
  }
}

// The three tables. One row more is asked for than fits, so that the end of the page and the end of all are
// told apart.
extension GroupCatalog {
  private func changedPersons(
    of group: GroupID, after start: Position, begun: UInt64, _ limit: Int
  ) throws(DatabaseError) -> ChangedRows {
    try ChangedRows(
      database.query(
        """
        SELECT version, place, user, standing, since FROM person
        WHERE grp = ? AND (version, place) > (?, ?) AND (standing != 0 OR version > ?)
        ORDER BY version, place LIMIT ?
        """, group, start.version, start.place, begun, limit + 1))
  }

  private func changedEntries(
    of group: GroupID, after start: Position, _ limit: Int
  ) throws(DatabaseError) -> ChangedRows {
    try ChangedRows(
      database.query(
        """
        SELECT version, place, path, kind, size, root, executable, target, owner, modified, version FROM entry
        WHERE grp = ? AND (version, place) > (?, ?) ORDER BY version, place LIMIT ?
        """, group, start.version, start.place, limit + 1))
  }

  /// Who began from nothing was never told of what had been removed by then.
  private func removals(
    of group: GroupID, after start: Position, begun: UInt64, _ limit: Int
  ) throws(DatabaseError) -> ChangedRows {
    let start = max(start, Position(version: begun + 1, place: 0))
    return try ChangedRows(
      database.query(
        """
        SELECT version, place, path FROM gone
        WHERE grp = ? AND (version, place) > (?, ?) ORDER BY version, place LIMIT ?
        """, group, start.version, start.place, limit + 1))
  }
}

/// The changes that go into one page.
private struct PageOfChanges {
  let limit: Int
  let bytesMax: Int
  private(set) var changes: [Change] = []
  private var bytes = 0

  init(limit: Int, bytesMax: Int) {
    self.limit = limit
    self.bytesMax = bytesMax
  }

  /// A page holds one change at least, or nobody would ever get further.
  var isFull: Bool { changes.count >= limit || (bytes >= bytesMax && !changes.isEmpty) }

  mutating func add(_ change: Change) {
    changes.append(change)
    bytes += Self.size(change)
  }

  /// About what it takes on the wire: names, numbers and a root are well below a hundred bytes.
  private static func size(_ change: Change) -> Int {
    guard case .published(let entry) = change else {
      if case .unpublished(let path) = change { return path.bytes.count + 3 }
      return 80
    }
    guard case .symlink(let target) = entry.kind else { return entry.path.bytes.count + 100 }
    return entry.path.bytes.count + target.bytes.count + 100
  }
}

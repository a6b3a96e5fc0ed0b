// A member's copy of a group: filled page by page, each in one transaction together with the mark that says
// how far it has come, so that a crash between two pages costs nothing.

package import GroupModel

extension GroupCatalog {
  /// Where to go on catching up.
  package func mark(of group: GroupID) throws(DatabaseError) -> CatchUpMark {
    guard let head = try live[group]?.head else { return CatchUpMark(number: 0) }
    return CatchUpMark(number: head.number, row: head.place, begun: head.begun)
  }

  /// Folds one page of catching up. The group is made where it is not known yet; of what is told of it, only
  /// its name and, until the pages say, its owner are taken.
  package func adopt(_ page: CatchUpPage, of told: GroupSummary) throws(DatabaseError) {
    precondition(role == .copy, "the truth learns from decisions only")
    try database.within { () throws(DatabaseError) in
      let group = try copy(of: told)
      if page.startsAnew {
        try clear(group)
        group.head.owner = told.owner
      }
      var stamp = Stamp(page.mark.number)
      for change in page.changes { try fold(change, into: group, &stamp) }
      group.head.number = page.mark.number
      group.head.place = page.mark.row
      group.head.begun = page.mark.begun
      group.head.isBehind = page.more
    }
  }

  /// Who is no longer in a group keeps nothing of it.
  package func forget(_ id: GroupID) throws(DatabaseError) {
    try database.within { () throws(DatabaseError) in
      if let group = try live[id] { try erase(group) }
    }
  }

  /// A group that ended while this member was away may have left its name to another one.
  private func copy(of told: GroupSummary) throws(DatabaseError) -> LiveGroup {
    if let known = try live[told.id] { return known }
    if let former = try live[told.name] { try erase(former) }
    try database.run("INSERT INTO grp (id, name, owner) VALUES (?, ?, ?)", told.id, told.name, told.owner)
    guard let made = try live[told.id] else { throw .damaged("a group that vanished when it was made") }
    return made
  }
}

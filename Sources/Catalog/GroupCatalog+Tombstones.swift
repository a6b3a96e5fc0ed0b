// Forgets what was removed long ago. Who was away for longer than that starts anew.

package import GroupModel

extension GroupCatalog {
  /// Keeps the newest tombstones of a group, `count` at most, and says how many went. All of one decision go
  /// or stay together, since a mark knows of whole decisions.
  @discardableResult
  package func pruneTombstones(of id: GroupID, keeping count: Int) throws(DatabaseError) -> Int {
    try database.within { () throws(DatabaseError) -> Int in
      guard let group = try live[id], let cut = try newestToForget(in: id, keeping: count) else { return 0 }
      group.head.floor = max(group.head.floor, cut)
      try database.run("DELETE FROM gone WHERE grp = ? AND version <= ?", id, cut)
      let paths = database.changedRows
      try database.run("DELETE FROM person WHERE grp = ? AND version <= ? AND standing = 0", id, cut)
      return paths + database.changedRows
    }
  }

  /// The groups that have more tombstones than that. Looks through all groups: a reader's work.
  package func groupsToPrune(keeping count: Int) throws(DatabaseError) -> [GroupID] {
    var cursor = try database.query(
      """
      SELECT grp FROM (SELECT grp FROM gone UNION ALL SELECT grp FROM person WHERE standing = 0)
      GROUP BY grp HAVING count(*) > ? ORDER BY grp
      """, count)
    var groups: [GroupID] = []
    while try cursor.next() { groups.append(GroupID(cursor.number(0))) }
    return groups
  }

  private func newestToForget(in group: GroupID, keeping count: Int) throws(DatabaseError) -> UInt64? {
    var cursor = try database.query(
      """
      SELECT version FROM (
        SELECT version FROM gone WHERE grp = ?1
        UNION ALL SELECT version FROM person WHERE grp = ?1 AND standing = 0)
      ORDER BY version DESC LIMIT 1 OFFSET ?2
      """, group, count)
    return try cursor.next() ? cursor.number(0) : nil
  }
}

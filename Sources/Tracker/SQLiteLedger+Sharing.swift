// Who shares which file, as far as it differs from what goes without saying: who published it does, others do not.

import Catalog
import GroupModel

extension SQLiteLedger {
  static let sharing = """
    CREATE TABLE sharing (
      grp INTEGER NOT NULL,
      path BLOB NOT NULL,
      user TEXT NOT NULL,
      is_on INTEGER NOT NULL,
      PRIMARY KEY (grp, path, user)
    ) STRICT, WITHOUT ROWID;
    """

  func setSharing(
    _ path: FilePath, in group: GroupID, by user: UserName, isOn: Bool
  ) throws(DatabaseError) {
    try database.run(
      "INSERT OR REPLACE INTO sharing (grp, path, user, is_on) VALUES (?, ?, ?, ?)", group, path, user, isOn)
  }

  func isShared(_ entry: Entry, in group: GroupID) throws(DatabaseError) -> Bool {
    var ownerShares = true
    var cursor = try database.query(
      "SELECT user, is_on FROM sharing WHERE grp = ? AND path = ?", group, entry.path)
    while try cursor.next() {
      if cursor.flag(1) { return true }
      if try cursor.user(0) == entry.owner { ownerShares = false }
    }
    return ownerShares
  }

  /// What lies at a path now is another file than what was said of the one before.
  func followSharing(_ change: Change, in group: GroupID) throws(DatabaseError) {
    switch change {
    case .stands: break
    case .published(let entry):
      try database.run("DELETE FROM sharing WHERE grp = ? AND path = ?", group, entry.path)
    case .unpublished(let path):
      try database.run("DELETE FROM sharing WHERE grp = ? AND path = ?", group, path)
    case .moved(let from, let to): try moveSharing(from, to, in: group)
    case .ended: try database.run("DELETE FROM sharing WHERE grp = ?", group)
    }
  }

  /// Everything below a path lies between the path with a slash and the path with the byte after it.
  private func moveSharing(_ from: FilePath, _ to: FilePath, in group: GroupID) throws(DatabaseError) {
    try database.run("DELETE FROM sharing WHERE grp = ? AND path = ?", group, to)
    try database.run("UPDATE sharing SET path = ? WHERE grp = ? AND path = ?", to, group, from)
    try database.run(
      """
      UPDATE sharing SET path = CAST(? || substr(path, ?) AS BLOB)
      WHERE grp = ? AND path > ? AND path < ?
      """, to.bytes, from.bytes.count + 1, group, from.bytes + [UInt8(ascii: "/")],
      from.bytes + [UInt8(ascii: "/") + 1])
  }
}

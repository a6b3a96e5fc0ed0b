// Who shares which file, as far as it differs from what goes without saying: who published it does, as long as he
// stays in the group, others do not.

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

  /// Who has left a group shares nothing there any more, also not what he published before, should he come back.
  static let departures = """
    CREATE TABLE departure (
      grp INTEGER NOT NULL,
      user TEXT NOT NULL,
      number INTEGER NOT NULL,
      PRIMARY KEY (grp, user)
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX sharing_by_user ON sharing (grp, user);
    INSERT INTO departure SELECT grp, user, since FROM person WHERE standing = 0;
    DELETE FROM sharing WHERE NOT EXISTS (
      SELECT 1 FROM person
      WHERE person.grp = sharing.grp AND person.user = sharing.user AND person.standing >= 3);
    """

  func setSharing(
    _ path: FilePath, in group: GroupID, by user: UserName, isOn: Bool
  ) throws(DatabaseError) {
    try database.run(
      "INSERT OR REPLACE INTO sharing (grp, path, user, is_on) VALUES (?, ?, ?, ?)", group, path, user, isOn)
  }

  func isShared(_ entry: Entry, in group: GroupID) throws(DatabaseError) -> Bool {
    var ownerShares = entry.version > (try departure(of: entry.owner, from: group))
    var cursor = try database.query(
      "SELECT user, is_on FROM sharing WHERE grp = ? AND path = ?", group, entry.path)
    while try cursor.next() {
      if cursor.flag(1) { return true }
      if try cursor.user(0) == entry.owner { ownerShares = false }
    }
    return ownerShares
  }

  /// The decision by which somebody last left; 0 where he never did.
  private func departure(of user: UserName, from group: GroupID) throws(DatabaseError) -> UInt64 {
    var cursor = try database.query("SELECT number FROM departure WHERE grp = ? AND user = ?", group, user)
    return try cursor.next() ? cursor.number(0) : 0
  }

  private func depart(_ user: UserName, from group: GroupID, by number: UInt64) throws(DatabaseError) {
    try database.run("DELETE FROM sharing WHERE grp = ? AND user = ?", group, user)
    try database.run(
      "INSERT OR REPLACE INTO departure (grp, user, number) VALUES (?, ?, ?)", group, user, number)
  }

  /// What lies at a path now is another file than what was said of the one before.
  func followSharing(_ change: Change, in group: GroupID) throws(DatabaseError) {
    switch change {
    case .stands(let user, .stranger, let since): try depart(user, from: group, by: since)
    case .stands: break
    case .published(let entry):
      try database.run("DELETE FROM sharing WHERE grp = ? AND path = ?", group, entry.path)
    case .unpublished(let path):
      try database.run("DELETE FROM sharing WHERE grp = ? AND path = ?", group, path)
    case .moved(let from, let to): try moveSharing(from, to, in: group)
    case .ended:
      try database.run("DELETE FROM sharing WHERE grp = ?", group)
      try database.run("DELETE FROM departure WHERE grp = ?", group)
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

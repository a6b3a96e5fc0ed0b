// What is in the tracker's SQLite file, read beside the tracker by a connection that only reads. Of wishes and
// groups only those of the load's members: others may be at work beside them.

import Catalog
import GroupModel

struct LedgerFile {
  struct Wish {
    let id: RequestID
    let user: UserName
    /// Group 0 for an account.
    let place: Place
    let granted: Int64
  }

  struct Group: Equatable {
    let name: GroupName
    let owner: UserName?
    let number: UInt64
    let members: Int
    let files: Int
  }

  /// What SQLite and the tables themselves say is wrong.
  private(set) var faults: [String] = []
  /// Those that were granted at `second` or later.
  private(set) var wishes: [Wish] = []
  private(set) var wishCount = 0
  private(set) var groups: [GroupID: Group] = [:]
  private(set) var persons: [GroupID: [UserName: GroupReplay.Person]] = [:]
  private(set) var entries: [GroupID: [FilePath: Entry]] = [:]
  /// How often each user was given a password, by the account and by the wishes.
  private(set) var generations: [UserName: Int] = [:]
  private(set) var accountWishes: [UserName: Int] = [:]

  init(_ data: String, wishesSince second: Int64) throws(DatabaseError) {
    let database = try Database(path: data + "/ledger.sqlite", role: .reader)
    let catalog = GroupCatalog(over: database, as: .truth)
    self = try database.snapshot { () throws(DatabaseError) in
      var file = LedgerFile()
      try file.check(database)
      try file.readWishes(database, since: second)
      try file.readGroups(database, catalog)
      try file.readAccounts(database)
      return file
    }
  }

  private init() {}

  private mutating func check(_ database: Database) throws(DatabaseError) {
    var findings = try database.query("PRAGMA integrity_check")
    while try findings.next() {
      if findings.text(0) != "ok" { faults.append(findings.text(0)) }
    }
    // A person or a file of a group that is not there, and a group of nobody.
    var orphans = try database.query(
      """
      SELECT 'entry of group ' || grp FROM entry WHERE grp NOT IN (SELECT id FROM grp)
      UNION SELECT 'person of group ' || grp FROM person WHERE grp NOT IN (SELECT id FROM grp)
      UNION SELECT 'tombstone of group ' || grp FROM gone WHERE grp NOT IN (SELECT id FROM grp)
      UNION SELECT 'group without an owner ' || name FROM grp
        WHERE (SELECT count(*) FROM person WHERE grp = id AND standing = 4 AND user = owner) != 1
          OR (SELECT count(*) FROM person WHERE grp = id AND standing = 4) != 1
      UNION SELECT 'wish of nobody ' || user FROM wish WHERE user NOT IN (SELECT user FROM account)
      """)
    while try orphans.next() { faults.append(orphans.text(0)) }
  }

  private mutating func readWishes(_ database: Database, since second: Int64) throws(DatabaseError) {
    var count = try database.query(
      "SELECT count(*) FROM wish WHERE grp != 0 AND user GLOB 'user-*'")
    wishCount = try count.next() ? Int(count.int(0)) : 0
    var rows = try database.query(
      """
      SELECT instance, sequence, user, grp, number, granted FROM wish
      WHERE grp != 0 AND user GLOB 'user-*' AND granted >= ?
      """, second)
    while try rows.next() {
      wishes.append(
        Wish(
          id: RequestID(instance: rows.number(0), sequence: rows.number(1)), user: try rows.user(2),
          place: Place(group: GroupID(rows.number(3)), number: rows.number(4)), granted: rows.int(5)))
    }
  }

  private mutating func readGroups(_ database: Database, _ catalog: GroupCatalog) throws(DatabaseError) {
    var rows = try database.query(
      "SELECT id, name, owner, number, members, files FROM grp WHERE name GLOB 'group-*'")
    while try rows.next() {
      groups[GroupID(rows.number(0))] = Group(
        name: try rows.group(1), owner: rows.isNull(2) ? nil : try rows.user(2), number: rows.number(3),
        members: Int(rows.int(4)), files: Int(rows.int(5)))
    }
    var people = try database.query("SELECT grp, user, standing, since FROM person WHERE standing != 0")
    while try people.next() {
      persons[GroupID(people.number(0)), default: [:]][try people.user(1)] =
        GroupReplay.Person(standing: try people.standing(2), since: people.number(3))
    }
    for group in groups.keys {
      let all = try catalog.entries(in: group, after: nil, limit: .max)
      entries[group] = Dictionary(uniqueKeysWithValues: all.map { ($0.path, $0) })
    }
  }

  private mutating func readAccounts(_ database: Database) throws(DatabaseError) {
    var accounts = try database.query("SELECT user, generation FROM account")
    while try accounts.next() { generations[try accounts.user(0)] = Int(accounts.int(1)) }
    var wishes = try database.query("SELECT user, count(*) FROM wish WHERE grp = 0 GROUP BY user")
    while try wishes.next() { accountWishes[try wishes.user(0)] = Int(wishes.int(1)) }
  }
}

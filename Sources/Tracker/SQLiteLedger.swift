// The ledger that is built in: the catalog's tables and the tracker's own, in one SQLite file, written by one
// connection. HOUSE.md and RELIABILITY.md say why one: SQLite loses commits when two write or checkpoint at once.

import Catalog
import GroupModel

final class SQLiteLedger: Ledger {
  /// Beyond this a check of the whole file would keep those waiting who want to go on.
  private static let verifiedBytesMax = 64 << 20
  private static let tombstonesKept = 10_000

  let database: Database
  private let catalog: GroupCatalog

  /// `durability` other than `.powerCut` is for the test that shows what it would lose.
  init(
    path: String, durability: Database.Durability = .powerCut, mayBeNew: Bool = true
  ) throws(DatabaseError) {
    database = try Database(path: path, role: .writer(durability: durability))
    try database.migrate(to: Self.schema, mayBeNew: mayBeNew)
    catalog = GroupCatalog(over: database, as: .truth)
  }

  func commit(_ body: () throws(DatabaseError) -> Void) throws(DatabaseError) {
    try database.transaction(body)
  }

  func close() { try? database.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
}

extension SQLiteLedger {
  static let schema = Schema([CatalogSchema.groups, accounts, sharing, departures])

  /// `wish` lets a request that is repeated after a lost answer count once.
  private static let accounts = """
    CREATE TABLE account (
      user TEXT PRIMARY KEY,
      password TEXT NOT NULL,
      generation INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE revocation (
      lineage INTEGER PRIMARY KEY,
      until INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE wish (
      instance INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      user TEXT NOT NULL,
      grp INTEGER NOT NULL,
      number INTEGER NOT NULL,
      granted INTEGER NOT NULL,
      PRIMARY KEY (instance, sequence, user)
    ) STRICT, WITHOUT ROWID;
    """

  /// A catalog over a connection that only reads the ledger at `path`.
  static func reader(path: String) throws(DatabaseError) -> GroupCatalog {
    GroupCatalog(over: try Database(path: path, role: .reader), as: .truth)
  }

  func verify(fileBytes: Int) throws(DatabaseError) {
    if fileBytes <= Self.verifiedBytesMax { try database.verify() }
  }
}

// Groups.
extension SQLiteLedger {
  func facts(for proposal: Proposal, by actor: UserName) throws(DatabaseError) -> (GroupID?, Facts) {
    try catalog.facts(for: proposal, by: actor)
  }

  func found(_ group: GroupName) throws(DatabaseError) -> GroupID { try catalog.found(group) }

  func apply(_ decision: Decision) throws(DatabaseError) {
    guard try catalog.apply(decision) == .folded else { throw .damaged("a decision that does not follow") }
    for change in decision.changes { try followSharing(change, in: decision.group) }
  }

  func memberships(of user: UserName) throws(DatabaseError) -> [GroupID] {
    try catalog.memberships(of: user)
  }

  func pruneTombstones() throws(DatabaseError) {
    for group in try catalog.groupsToPrune(keeping: Self.tombstonesKept) {
      try catalog.pruneTombstones(of: group, keeping: Self.tombstonesKept)
    }
  }
}

// Wishes that were granted.
extension SQLiteLedger {
  func outcome(of wish: RequestID, by user: UserName) throws(DatabaseError) -> Outcome? {
    var cursor = try database.query(
      "SELECT grp, number FROM wish WHERE instance = ? AND sequence = ? AND user = ?",
      wish.instance, wish.sequence, user)
    guard try cursor.next() else { return nil }
    return Outcome(group: GroupID(cursor.number(0)), number: cursor.number(1))
  }

  func remember(
    _ outcome: Outcome, of wish: RequestID, by user: UserName, at second: Int64
  ) throws(DatabaseError) {
    try database.run(
      "INSERT OR IGNORE INTO wish (instance, sequence, user, grp, number, granted) VALUES (?, ?, ?, ?, ?, ?)",
      wish.instance, wish.sequence, user, outcome.group, outcome.number, second)
  }

  func forgetOutcomes(before second: Int64) throws(DatabaseError) {
    try database.run("DELETE FROM wish WHERE granted < ?", second)
  }
}

// Accounts.
extension SQLiteLedger {
  func accounts() throws(DatabaseError) -> [Account] {
    var cursor = try database.query("SELECT user, password, generation FROM account")
    var accounts: [Account] = []
    while try cursor.next() {
      guard let password = PasswordHash(encoded: cursor.text(1)) else {
        throw .damaged("a password's hash that is none")
      }
      let generation = UInt32(truncatingIfNeeded: cursor.int(2))
      accounts.append(Account(user: try cursor.user(0), password: password, generation: generation))
    }
    return accounts
  }

  func put(_ account: Account) throws(DatabaseError) {
    try database.run(
      "INSERT OR REPLACE INTO account (user, password, generation) VALUES (?, ?, ?)",
      account.user, account.password.encoded, Int(account.generation))
  }

  func revocations(after second: Int64) throws(DatabaseError) -> [Revocation] {
    var cursor = try database.query("SELECT lineage, until FROM revocation WHERE until > ?", second)
    var revocations: [Revocation] = []
    while try cursor.next() {
      revocations.append(Revocation(lineage: cursor.number(0), until: cursor.int(1)))
    }
    return revocations
  }

  func put(_ revocation: Revocation) throws(DatabaseError) {
    try database.run(
      "INSERT OR REPLACE INTO revocation (lineage, until) VALUES (?, ?)",
      revocation.lineage, revocation.until)
  }
  func forgetRevocations(before second: Int64) throws(DatabaseError) {
    try database.run("DELETE FROM revocation WHERE until < ?", second)
  }
}

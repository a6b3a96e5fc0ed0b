// One connection to one SQLite file: its owner and its goodbye, how it is set up, and the statements that
// stay prepared on it. What the file holds is CatalogSchema's and the tracker's business.

internal import CSQLite
internal import Glibc

/// ## Concurrency model
/// An instance, and every cursor of it, belongs to one thread at a time: SQLite is opened without its own
/// mutexes. A program has one writer for a file and as many readers as it likes; a reader never waits for the
/// writer and never checkpoints.
package final class Database {
  package enum Role: Sendable, Equatable {
    case writer(durability: Durability)
    case reader
  }

  package enum Durability: Sendable {
    /// What is committed survives the loss of power.
    case powerCut
    /// What is committed survives `kill -9` only. For tests, and for the canary that must lose something.
    case processCrash
  }

  package let role: Role
  let sqliteDatabase: OpaquePointer
  private let writerLock: WriterLock?
  /// By the address of their text, which is a literal of the program.
  private var statements: [UInt: Statement] = [:]
  /// Who keeps something in memory while a transaction is under way.
  var companion: (any TransactionCompanion)?

  /// A writer makes the file where there is none, readable by its user only.
  package init(path: String, role: Role) throws(DatabaseError) {
    self.role = role
    if role == .reader {
      writerLock = nil
      sqliteDatabase = try Self.open(path, flags: SQLITE_OPEN_READONLY)
    } else {
      writerLock = try WriterLock(besides: path)
      try Self.create(path)
      sqliteDatabase = try Self.open(path, flags: SQLITE_OPEN_READWRITE)
    }
    try setUp()
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(sqliteDatabase)
  }
}

// Opening.
extension Database {
  private static let busyMilliseconds: Int32 = 250

  /// Only a file that was not there is opened here: closing a descriptor drops all locks that this process
  /// has on its file.
  private static func create(_ path: String) throws(DatabaseError) {
    let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      close(descriptor)
    } else if errno != EEXIST {
      throw .system("cannot make \(path)")
    }
  }

  private static func open(_ path: String, flags: Int32) throws(DatabaseError) -> OpaquePointer {
    var handle: OpaquePointer?
    let code = sqlite3_open_v2(path, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    guard code == SQLITE_OK, let handle else {
      defer { sqlite3_close_v2(handle) }
      throw DatabaseError(code: code, of: handle)
    }
    return handle
  }

  /// Scratch tables stay in memory: a full /tmp is no reason for a rename to fail.
  private func setUp() throws(DatabaseError) {
    sqlite3_busy_timeout(sqliteDatabase, Self.busyMilliseconds)
    try execute("PRAGMA temp_store = MEMORY")
    switch role {
    case .reader: try setUpReader()
    case .writer(let durability): try setUpWriter(durability)
    }
  }

  private func setUpReader() throws(DatabaseError) {
    try execute("PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192")
    let code = p2pfs_sqlite_no_checkpoint_on_close(sqliteDatabase)
    guard code == SQLITE_OK else { throw DatabaseError(code: code, of: sqliteDatabase) }
  }

  private func setUpWriter(_ durability: Durability) throws(DatabaseError) {
    let synchronous = durability == .powerCut ? "FULL" : "NORMAL"
    guard try text("PRAGMA journal_mode = WAL") == "wal" else {
      throw .io("this file system does not allow a write-ahead log")
    }
    try execute("PRAGMA synchronous = \(synchronous); PRAGMA cache_size = -32768")
    try execute("PRAGMA journal_size_limit = 67108864")
    if durability == .powerCut { try settleOldLog() }
  }

  /// A writer that was killed may have left what it had written and not synced. Read back from the kernel's memory
  /// it looks like everything else, and somebody would be told of it. Once it is in the file it is on the disk.
  private func settleOldLog() throws(DatabaseError) {
    do throws(DatabaseError) {
      try run("PRAGMA wal_checkpoint(TRUNCATE)")
    } catch .full {
      // The log stays as it is then, but it was synced first.
    }
  }
}

// Statements.
extension Database {
  /// Runs a statement that has nothing to tell.
  package func run<each Value: Bindable>(
    _ sql: StaticString, _ values: repeat each Value
  ) throws(DatabaseError) {
    var cursor = try query(sql, repeat each values)
    while try cursor.next() {}
  }

  /// The rows that a statement finds, one at a time.
  package func query<each Value: Bindable>(
    _ sql: StaticString, _ values: repeat each Value
  ) throws(DatabaseError) -> Cursor {
    let cursor = Cursor(try statement(sql))
    var index: Int32 = 0
    for value in repeat each values {
      index += 1
      value.bind(to: cursor.sqliteStatement, at: index)
    }
    precondition(index == sqlite3_bind_parameter_count(cursor.sqliteStatement), "a parameter without a value")
    return cursor
  }

  /// Statements given as text: for what is done once, and not worth keeping prepared.
  package func execute(_ script: String) throws(DatabaseError) {
    let code = sqlite3_exec(sqliteDatabase, script, nil, nil, nil)
    guard code == SQLITE_OK else { throw DatabaseError(code: code, of: sqliteDatabase) }
  }

  /// How many rows the last change touched.
  package var changedRows: Int { Int(sqlite3_changes64(sqliteDatabase)) }

  private func statement(_ sql: StaticString) throws(DatabaseError) -> Statement {
    let key = UInt(bitPattern: sql.utf8Start)
    if let known = statements[key] { return known }
    let statement = try Statement(sql, on: sqliteDatabase)
    statements[key] = statement
    return statement
  }

  private func text(_ sql: StaticString) throws(DatabaseError) -> String? {
    var cursor = try query(sql)
    return try cursor.next() ? cursor.text(0) : nil
  }
}

extension Database {
  /// Reads the whole file and throws `.damaged` where it is not sound: to be asked once, at the start.
  package func verify() throws(DatabaseError) {
    let finding = try text("PRAGMA quick_check(1)")
    guard finding == "ok" else { throw .damaged(finding ?? "quick_check says nothing") }
  }
}

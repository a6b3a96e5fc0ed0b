// A prepared statement, a run of it, and how its columns become our nouns.

internal import CSQLite
package import GroupModel

/// Owns one prepared statement. It stays prepared as long as its database is open.
final class Statement {
  let sqliteStatement: OpaquePointer

  init(_ sql: StaticString, on sqliteDatabase: OpaquePointer) throws(DatabaseError) {
    var handle: OpaquePointer?
    let code = sql.withUTF8Buffer { text in
      sqlite3_prepare_v3(
        sqliteDatabase, text.baseAddress, Int32(text.count), UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
    }
    guard code == SQLITE_OK, let handle else { throw DatabaseError(code: code, of: sqliteDatabase) }
    sqliteStatement = handle
  }

  deinit { sqlite3_finalize(sqliteStatement) }
}

/// One run of a statement: its rows come by `next`, its columns are read from the row where it stands, and
/// when it goes the statement is ready for the next run.
package struct Cursor: ~Copyable {
  private let statement: Statement

  var sqliteStatement: OpaquePointer { statement.sqliteStatement }

  init(_ statement: Statement) {
    precondition(sqlite3_stmt_busy(statement.sqliteStatement) == 0, "a statement is run inside its own run")
    self.statement = statement
  }

  deinit { sqlite3_reset(statement.sqliteStatement) }

  /// Goes to the first row, or to the next; false after the last.
  package mutating func next() throws(DatabaseError) -> Bool {
    switch sqlite3_step(sqliteStatement) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw DatabaseError(code: code, of: sqlite3_db_handle(sqliteStatement))
    }
  }
}

// Columns, counted from 0.
extension Cursor {
  package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(sqliteStatement, column) == SQLITE_NULL }

  package func int(_ column: Int32) -> Int64 { sqlite3_column_int64(sqliteStatement, column) }

  package func number(_ column: Int32) -> UInt64 { UInt64(bitPattern: int(column)) }

  package func flag(_ column: Int32) -> Bool { int(column) != 0 }

  package func text(_ column: Int32) -> String {
    withBytes(column) { String(decoding: $0, as: UTF8.self) }
  }

  package func bytes(_ column: Int32) -> [UInt8] { withBytes(column) { Array($0) } }

  /// Where SQLite has them: good until the cursor moves.
  package func withBytes<Result>(_ column: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let start = sqlite3_column_blob(sqliteStatement, column)
    let count = Int(sqlite3_column_bytes(sqliteStatement, column))
    return body(UnsafeRawBufferPointer(start: start, count: count))
  }

  package func user(_ column: Int32) throws(DatabaseError) -> UserName {
    guard let name = UserName(text(column)) else { throw .damaged("a user's name that is none") }
    return name
  }

  package func group(_ column: Int32) throws(DatabaseError) -> GroupName {
    guard let name = GroupName(text(column)) else { throw .damaged("a group's name that is none") }
    return name
  }

  package func standing(_ column: Int32) throws(DatabaseError) -> Standing {
    guard let standing = UInt8(exactly: int(column)).flatMap(Standing.init(rawValue:)) else {
      throw .damaged("an unknown standing")
    }
    return standing
  }

  package func path(_ column: Int32) throws(DatabaseError) -> FilePath {
    do { return try FilePath(bytes(column)) } catch { throw .damaged("a path that is none") }
  }

  package func root(_ column: Int32) throws(DatabaseError) -> ContentRoot? {
    guard !isNull(column) else { return nil }
    let root = withBytes(column) { bytes in
      bytes.count == Digest.byteCount ? ContentRoot(Digest(bytes.bytes)) : nil
    }
    guard let root else { throw .damaged("a content's root that is none") }
    return root
  }
}

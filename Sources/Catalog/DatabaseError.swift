// What can go wrong with a database file: a closed list, so that every caller says what it does about each.

internal import CSQLite
internal import Glibc

package enum DatabaseError: Error, Equatable {
  /// No room on the disk (SQLITE_FULL, and an I/O error whose cause was ENOSPC or EDQUOT, but for one of a sync:
  /// after that nobody knows what was written). Nothing was written; it goes on when there is room.
  case full
  /// Another connection writes (SQLITE_BUSY, SQLITE_LOCKED), or another writer has the file open.
  case busy
  /// The file is no database, or holds what was never written to it (SQLITE_CORRUPT, SQLITE_NOTADB, a broken
  /// constraint, a row that is none of our nouns). Keep it for whoever repairs it; never go on with it.
  case damaged(String)
  /// The system refused to open, read, write or sync (SQLITE_IOERR, SQLITE_CANTOPEN, and the rest).
  case io(String)
  /// A newer program wrote it, in a schema of that version.
  case tooNew(Int)
  /// Opened for reading only, before a writer brought it up to this program's schema.
  case tooOld(Int)
}

extension DatabaseError {
  /// For people: what is wrong with a file.
  package var sentence: String {
    switch self {
    case .full: "there is no room left on its disk"
    case .busy: "another program writes to it"
    case .damaged(let words): "it is damaged (\(words))"
    case .io(let words): words
    case .tooNew: "a newer version of p2pfs has written it"
    case .tooOld: "an older version of p2pfs has written it"
    }
  }

  /// `code` may be an extended one. A misuse is our own mistake and no error of the file.
  init(code: Int32, of sqliteDatabase: OpaquePointer?) {
    let words = sqliteDatabase.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
    let message = words.map { String(cString: $0) } ?? "code \(code)"
    let cause = sqliteDatabase.map { sqlite3_system_errno($0) } ?? 0
    switch code & 0xFF {
    case SQLITE_FULL: self = .full
    case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_SCHEMA:
      self = .damaged(message)
    case SQLITE_IOERR where (cause == ENOSPC || cause == EDQUOT) && !Self.isOfSync(code): self = .full
    case SQLITE_MISUSE, SQLITE_RANGE: preconditionFailure("SQLite was misused: \(message)")
    default: self = .io(cause == 0 ? message : "\(message): \(String(cString: strerror(cause)))")
    }
  }

  private static func isOfSync(_ code: Int32) -> Bool {
    code == p2pfs_sqlite_ioerr_fsync || code == p2pfs_sqlite_ioerr_dir_fsync
  }

  /// Of a call to the system itself, which left its reason in errno.
  static func system(_ what: String) -> DatabaseError {
    let cause = errno
    return cause == ENOSPC || cause == EDQUOT ? .full : .io("\(what): \(String(cString: strerror(cause)))")
  }
}

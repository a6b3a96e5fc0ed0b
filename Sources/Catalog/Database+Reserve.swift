// Room that a database has already: what it writes goes to its log first, and to the file itself once in a while.

internal import CSQLite
internal import Glibc

extension Database {
  /// Takes room on the disk behind the end of the log, where commits then go on for a while when the disk is full; what
  /// the log has grown to is used again and again. False where there is no room, or the file system does not do that.
  /// SQLite locks nothing by the log's descriptors, so that another one may be closed.
  @discardableResult
  package func reserveLog(bytes: Int) -> Bool {
    guard let path = sqlite3_db_filename(sqliteDatabase, "main") else { return false }
    let descriptor = Glibc.open(String(cString: path) + "-wal", O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return false }
    defer { Glibc.close(descriptor) }
    return p2pfs_sqlite_reserve(descriptor, bytes) == 0
  }
}

// All or nothing. Many decisions share one transaction, and so one wait for the disk.

internal import CSQLite

/// Keeps changes in memory while a transaction is under way.
protocol TransactionCompanion: AnyObject {
  /// Writes what is not written yet: the transaction is about to be committed.
  func settle() throws(DatabaseError)
  /// Forgets everything: the transaction has ended, one way or the other.
  func discard()
}

extension Database {
  package var isInTransaction: Bool { sqlite3_get_autocommit(sqliteDatabase) == 0 }

  /// Commits what `body` does, or nothing of it where anything fails. An error must leave `body`: some of
  /// them have already undone everything in SQLite, and what followed would stand on its own.
  package func transaction<Result>(
    _ body: () throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    precondition(!isInTransaction, "a transaction inside a transaction")
    try run("BEGIN IMMEDIATE")
    return try finish(body)
  }

  /// As part of the transaction that is under way, else as one of its own.
  package func within<Result>(
    _ body: () throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    isInTransaction ? try body() : try transaction(body)
  }

  /// All that `body` reads is of one moment, whatever is written meanwhile.
  package func snapshot<Result>(
    _ body: () throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    guard !isInTransaction else { return try body() }
    try run("BEGIN")
    return try finish(body)
  }

  private func finish<Result>(_ body: () throws(DatabaseError) -> Result) throws(DatabaseError) -> Result {
    do throws(DatabaseError) {
      let result = try body()
      precondition(isInTransaction, "an error that had undone a transaction was swallowed in it")
      try companion?.settle()
      try run("COMMIT")
      companion?.discard()
      return result
    } catch {
      companion?.discard()
      rollBack()
      throw error
    }
  }

  /// SQLite may have rolled back by itself: after a full disk it does.
  private func rollBack() {
    guard isInTransaction else { return }
    sqlite3_exec(sqliteDatabase, "ROLLBACK", nil, nil, nil)
    precondition(!isInTransaction, "a transaction that can be neither committed nor rolled back")
  }
}

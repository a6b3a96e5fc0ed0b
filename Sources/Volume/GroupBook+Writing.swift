// What happens where the catalog cannot be written: room is made for it, what was missed is asked for again and again until
// it is written, and whoever waits to see it is told at once that he does not. One that is damaged is made anew: it is only
// a copy. On the book's thread, but for the questions.

internal import Catalog
internal import Glibc
internal import GroupModel
internal import Link
internal import Synchronization

extension GroupBook {
  /// Enough for some hundred decisions, each of which may be the last that has room; less of a small disk.
  private static let reservedBytesMax = 8 << 20

  private var reservedBytes: Int {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return 0 }
    return min(Self.reservedBytesMax, Int(status.f_blocks) * Int(status.f_frsize) / 32)
  }

  private static let retryMilliseconds = 1_000

  /// Whether it is known by now that a decision could not be written.
  func isUnwritten(_ number: UInt64, of group: GroupID) -> Bool {
    rolls.withLock { $0[group].map { $0.unwritten >= number } ?? false }
  }

  /// nil where the disk refuses it.
  func apply(_ decision: Decision) -> Folding? {
    do throws(DatabaseError) {
      return try written(of: decision.group, upTo: decision.number) { () throws(DatabaseError) in
        try catalog.apply(decision)
      }
    } catch {
      noteUnwritten(error)
      return nil
    }
  }

  func written<Result>(
    of group: GroupID, upTo number: UInt64, _ body: () throws(DatabaseError) -> Result
  ) throws(DatabaseError) -> Result {
    do throws(DatabaseError) {
      do throws(DatabaseError) { return try body() } catch .full where seams.makeRoom() { return try body() }
    } catch {
      rolls.withLock { $0[group]?.unwritten = number }
      throw error
    }
  }

  /// What was decided is not all here, since it cannot be written.
  var isBehind: Bool { trouble.withLock { $0 != nil } }

  func noteUnwritten(_ error: DatabaseError) {
    let before = trouble.withLock { trouble in
      defer { trouble = error }
      return trouble
    }
    if case .damaged = error {
      triesAgain = max(.now, madeAnew + Self.retryMilliseconds)
      return
    }
    if before == nil {
      seams.log(
        "the catalog cannot be written: \(error.sentence); what is decided is not seen here until it can be")
    }
    triesAgain = .now + Self.retryMilliseconds
  }

  func tryAgain() {
    triesAgain = .never
    do throws(DatabaseError) {
      if case .damaged(let words)? = trouble.withLock({ $0 }) { try makeAnew(because: words) }
    } catch {
      return noteUnwritten(error)
    }
    catchUpWithAll()
    // The tracker may have been away for a moment only, and nobody says then that it is back.
    if isBehind, triesAgain == .never { triesAgain = .now + Self.retryMilliseconds }
  }

  func noteWritten() {
    guard isBehind else { return }
    trouble.withLock { $0 = nil }
    triesAgain = .never
    writer?.database.reserveLog(bytes: reservedBytes)
    seams.log("the catalog is written again, and what was decided is seen here")
  }
}

// Opening.
extension GroupBook {
  var catalog: GroupCatalog {
    get throws(DatabaseError) {
      if writer == nil { try openCatalog() }
      guard let writer else { throw .busy }
      return writer
    }
  }

  func openCatalog() throws(DatabaseError) {
    let database = try Database(path: path, role: .writer(durability: .processCrash))
    try database.migrate(to: CatalogSchema.copy)
    let reading = try Database(path: path, role: .reader)
    database.reserveLog(bytes: reservedBytes)
    writer = GroupCatalog(over: database, as: .copy)
    shelf.withLock { $0 = Shelf(catalog: GroupCatalog(over: reading, as: .copy), edition: $0.edition + 1) }
    try loadRolls()
  }

  /// Empty, to be filled by catching up.
  func makeAnew(because words: String) throws(DatabaseError) {
    writer = nil
    shelf.withLock { $0.catalog = nil }
    for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
    madeAnew = .now
    seams.log("the catalog was damaged (\(words)) and is fetched anew from the tracker")
    try openCatalog()
    trouble.withLock { $0 = nil }
  }
}

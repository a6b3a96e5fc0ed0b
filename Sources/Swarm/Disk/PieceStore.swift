// The bytes on this member's disk. The one door to them: contents that were fetched, files of the user's own that
// are shared where they lie, downloads on their way to where he wants them.
//
//   store.content(name)            what is here of a content, to read, put to, and ask; hold it to keep it open
//   store.share(hashed)            a local file, as `FileHasher` has seen it, is shared from its own place
//   store.download(name, to:)      a content is gathered beside a destination and renamed when it is whole
//   store.draft(over:)             a file being written, which becomes a content without a copy
//   content.read/put/merge         verified bytes out, verified bytes in, hashes in
//   observer(content, change)      what was gained and lost, for peers and the tracker

internal import Glibc
internal import GroupModel
internal import Link
internal import Synchronization

package typealias ContentObserver = @Sendable (StoredContent, ContentChange) -> Void

/// ## Concurrency model
/// For any thread. Two threads of its own: one saves, closes and makes room, the other looks at what is doubtful
/// after a crash. The observer is called on the thread that caused the change, with no lock held.
package final class PieceStore: Sendable {
  private static let keepingMilliseconds = 10_000

  let folder: Folder
  let drafts: Folder
  let shelf: Shelf
  let abandoned: Mutex<[AbandonedDraft]>
  private let threads = Mutex<[WorkerThread]>([])

  /// Makes the directory if it is not there; `inUse` if another daemon has it.
  package init(
    at path: LocalPath, limit: CacheLimit, observer: ContentObserver? = nil
  ) throws(DiskTrouble) {
    folder = try Folder(making: path)
    try folder.lockForOneDaemon()
    drafts = try folder.madeFolder("drafts")
    abandoned = Mutex(try Self.findAbandoned(in: drafts))
    let objects = try folder.madeFolder("objects")
    shelf = try Shelf(objects: objects, room: CacheRoom(limit: limit, in: objects), changed: observer)
    startThreads()
  }

  deinit { stop { $0.closeAll() } }

  /// The threads know the shelf only, so that the store can go.
  private func startThreads() {
    let shelf = shelf
    let keeper = WorkerThread("disk-keeper") { Self.keep(shelf) }
    let checker = WorkerThread("disk-checker", niceness: 5) { Self.check(shelf) }
    threads.withLock { $0 = [keeper, checker] }
  }

  private static func keep(_ shelf: Shelf) {
    shelf.countClosed()
    while !shelf.isStopping {
      let due = Instant.now + keepingMilliseconds
      while shelf.keeperWork.wait(until: due), !shelf.isStopping { shelf.saveMuch() }
      if shelf.isStopping { return }
      shelf.saveUnsaved()
      shelf.closeIdle()
      _ = shelf.evict(atLeast: 0, .demand)
    }
  }

  private static func check(_ shelf: Shelf) {
    while !shelf.isStopping {
      shelf.checkerWork.wait()
      shelf.settleDoubts()
    }
  }

  /// Saves everything and gives the directory free. What somebody still holds can still be read.
  package func close() { stop { $0.closeAll() } }

  /// As a crash leaves it, for tests: nothing more is saved.
  func abandon() { stop { $0.abandon() } }

  private func stop(_ finish: (Shelf) -> Void) {
    let threads = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    guard !threads.isEmpty else { return }
    shelf.stop()
    for thread in threads { thread.join() }
    finish(shelf)
    folder.unlock()
  }

  /// What is here of a content. One of which nothing is here is empty, and leaves nothing on the disk until
  /// something is put.
  package func content(_ name: ContentName) throws(DiskTrouble) -> StoredContent {
    try shelf.content(name)
  }

  /// What is kept for others' sake may be let go by this when the disk is full; it says whether anything was.
  package func whenFull(_ giveUp: @escaping @Sendable () -> Bool) { shelf.giveUp.withLock { $0 = giveUp } }

  /// For others who write on this disk. False where nothing could go.
  package func makeRoom() -> Bool { shelf.evict(atLeast: Self.roomBytes, .demand) > 0 }

  private static let roomBytes = 4 << 20

  package var usage: CacheUsage { shelf.room.usage }

  /// How much was thrown out of the cache to make room.
  package var evictedBytes: Int { shelf.evictedBytes.total }

  /// Whether to ask others for so much more: a guess that does not fit is not made.
  package func hasRoom(for bytes: Int, _ purpose: FetchPurpose) -> Bool {
    shelf.hasRoom(for: bytes, purpose)
  }

  /// Brings everything that was put to the disk.
  package func save() { shelf.saveUnsaved() }
}

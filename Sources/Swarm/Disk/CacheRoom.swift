// How much room the cache may take and does take. Counted in what the files occupy on the disk; what is being
// written here by the user himself is counted apart, and no limit but the disk's own holds it back.

internal import Glibc
internal import Link
internal import Synchronization

package struct CacheLimit: Hashable, Sendable {
  /// Of what was fetched, and can be fetched again.
  package let bytes: Int
  /// So much of the disk stays free for others; nil for what suits the disk.
  package let freeBytes: Int?

  package init(bytes: Int, freeBytes: Int? = nil) {
    self.bytes = bytes
    self.freeBytes = freeBytes
  }

  package static func freeBytes(ofDisk bytes: Int) -> Int { min(1 << 30, bytes / 20) }

  /// What somebody waits for may take nearly all of that too: he would rather read it than be told to make room.
  package static func leastFreeBytes(of freeBytes: Int) -> Int { freeBytes / 16 }
}

package struct CacheUsage: Hashable, Sendable {
  package var limitBytes: Int
  /// Fetched: what the limit is about.
  package var fetchedBytes: Int
  /// Published from here, never evicted.
  package var ownBytes: Int
  package var diskFreeBytes: Int
}

/// ## Concurrency model
/// For any thread; nothing under the lock waits.
final class CacheRoom: Sendable {
  fileprivate struct State {
    var fetchedBytes = 0
    var ownBytes = 0
    /// Being written just now: there is room for it, and it is in none of the others yet.
    var comingBytes = 0
    /// As the disk last said, less what was written since.
    var freeBytes = 0
    var isFreshUntil = Instant(nanoseconds: 0)
  }

  private static let freshMilliseconds = 500

  let limit: CacheLimit
  private let folder: Folder
  private let freeBytes: Int
  private let state = Mutex(State())

  init(limit: CacheLimit, in folder: Folder) {
    self.limit = limit
    self.folder = folder
    freeBytes = limit.freeBytes ?? CacheLimit.freeBytes(ofDisk: (try? folder.diskBytes()) ?? .max)
  }

  func add(_ bytes: Int, isKept: Bool) {
    guard bytes != 0 else { return }
    state.withLock { state in
      if isKept { state.ownBytes += bytes } else { state.fetchedBytes += bytes }
      state.freeBytes -= bytes
    }
  }

  /// How much must go before so much more may come.
  func shortage(adding bytes: Int) -> Int {
    refreshIfOld()
    return state.withLock { $0.shortage(adding: bytes, limit.bytes, freeBytes) }
  }

  /// The same of the disk alone, whatever the limit says.
  func diskShortage(adding bytes: Int) -> Int {
    refreshIfOld()
    return state.withLock { $0.shortage(adding: bytes, nil, freeBytes) }
  }

  /// So much is written next, if there is room; `release` it afterwards.
  func claim(_ bytes: Int, beyondLimit: Bool = false) -> Bool {
    refreshIfOld()
    return state.withLock { state in
      let short =
        beyondLimit
        ? state.shortage(adding: bytes, nil, CacheLimit.leastFreeBytes(of: freeBytes))
        : state.shortage(adding: bytes, limit.bytes, freeBytes)
      guard short == 0 else { return false }
      state.comingBytes += bytes
      return true
    }
  }

  func release(_ bytes: Int) { state.withLock { $0.comingBytes -= bytes } }

  /// So much is thrown out at once, that not each block that comes must wait for another to go.
  var batchBytes: Int {
    min(limit.bytes / 64, state.withLock { $0.fetchedBytes / 16 }, 256 << 20)
  }

  private func refreshIfOld() {
    let now = Instant.now
    guard state.withLock({ $0.isFreshUntil <= now }), let free = try? folder.freeBytes() else { return }
    state.withLock { state in
      state.freeBytes = free
      state.isFreshUntil = now + Self.freshMilliseconds
    }
  }

  func forgetFreeBytes() { state.withLock { $0.isFreshUntil = Instant(nanoseconds: 0) } }

  var usage: CacheUsage {
    refreshIfOld()
    return state.withLock { state in
      CacheUsage(
        limitBytes: limit.bytes, fetchedBytes: state.fetchedBytes, ownBytes: state.ownBytes,
        diskFreeBytes: state.freeBytes)
    }
  }
}

extension CacheRoom.State {
  fileprivate func shortage(adding bytes: Int, _ limitBytes: Int?, _ keptFree: Int) -> Int {
    let coming = comingBytes + bytes
    let ofDisk = max(0, keptFree + coming - freeBytes)
    return limitBytes.map { max(ofDisk, fetchedBytes + coming - $0) } ?? ofDisk
  }
}

// Memory for the bodies of long messages: from the line to the disk and back they lie in one place, which one
// owner at a time holds. It is lent by a pool, because fresh memory costs a page fault for each 4 KiB of it.

internal import Synchronization

/// ## Concurrency model
/// Handed from thread to thread, and touched by one at a time: whoever was given it last.
package final class BulkBuffer: @unchecked Sendable {
  /// At least as much as was asked for.
  package let room: UnsafeMutableRawBufferPointer
  private let pool: BulkPool
  /// How much of it means something.
  package var count: Int {
    didSet { precondition(count <= room.count, "more bytes than the buffer has room for") }
  }

  fileprivate init(_ room: UnsafeMutableRawBufferPointer, of pool: BulkPool, count: Int) {
    self.room = room
    self.pool = pool
    self.count = count
  }

  deinit { pool.takeBack(room) }

  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: room[..<count]) }
}

/// ## Concurrency model
/// For every thread.
package final class BulkPool: Sendable {
  /// Nobody's memory, which may be handed to whoever wants it.
  private struct Room: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
  }

  private struct State {
    /// By size.
    var free: [Int: [Room]] = [:]
    var freeBytes = 0
    var lentBytes = 0
  }

  /// A block, four, eight, sixteen and a piece, each with the hashes that may come before it; the longest message.
  private static let sizes = [24 << 10, 72 << 10, 144 << 10, 288 << 10, 544 << 10, 1 << 20]
  private static let alignment = 4096

  private let freeBytesMax: Int
  private let state = Mutex(State())

  package init(freeBytesMax: Int = 16 << 20) { self.freeBytesMax = freeBytesMax }

  deinit {
    let free = state.withLock { $0.free }
    for room in free.values.joined() { room.start.deallocate() }
  }

  /// What is out there now.
  package var lentBytes: Int { state.withLock { $0.lentBytes } }

  /// `count` bytes, of which none means anything yet.
  package func take(_ count: Int) -> BulkBuffer {
    let size = Self.sizes.first { $0 >= count } ?? count
    let kept = state.withLock { state -> Room? in
      state.lentBytes += size
      guard let room = state.free[size]?.popLast() else { return nil }
      state.freeBytes -= size
      return room
    }
    let start = kept?.start ?? .allocate(byteCount: size, alignment: Self.alignment)
    return BulkBuffer(UnsafeMutableRawBufferPointer(start: start, count: size), of: self, count: count)
  }

  fileprivate func takeBack(_ room: UnsafeMutableRawBufferPointer) {
    guard let start = room.baseAddress else { return }
    let size = room.count
    let given = Room(start: start)
    let isKept = state.withLock { state in
      state.lentBytes -= size
      guard state.freeBytes + size <= freeBytesMax, Self.sizes.contains(size) else { return false }
      state.freeBytes += size
      state.free[size, default: []].append(given)
      return true
    }
    if !isKept { start.deallocate() }
  }
}

// The contents of one cache directory: which are open, which are being opened or closed, and how large the
// others are. One object for each content, so that all who read it and put to it meet.

internal import GroupModel
internal import Link
internal import Synchronization

/// ## Concurrency model
/// For any thread. Opening, closing and removing a content are slow and done outside the lock; meanwhile its name
/// is in `busy`, and who wants it waits. A content in `open` of which the shelf has the only reference is idle:
/// references are handed out under the lock only, so nobody can come by one meanwhile.
final class Shelf: Sendable {
  struct State {
    var open: [ContentName: StoredContent] = [:]
    var busy: [ContentName: [Semaphore]] = [:]
    /// Contents that have something in the cache and are not open.
    var closed: [ContentName: Note] = [:]
    /// Names only: a reference here would make a content look used.
    var unsaved: Set<ContentName> = []
    /// Of some there is much, and the keeper has not come to it yet.
    var isKeeperCalled = false
    var doubtful: [StoredContent] = []
    /// Open and idle, since when.
    var idleSince: [ContentName: Instant] = [:]
    /// The threads of the store are to end.
    var isStopping = false
    var isClosed = false
  }

  struct Note {
    var bytes: Int
    var time: UseTime
    var isKept: Bool
  }

  let objects: Folder
  /// Which disk it is on.
  let device: UInt64
  let room: CacheRoom
  let changed: ContentObserver?
  let evictionTurn = Turn()
  let evictedBytes = Tally()
  let keeperWork = Semaphore()
  let checkerWork = Semaphore()
  /// Asked when the disk is full and nothing more may go: says whether there is something now.
  let giveUp = Mutex<(@Sendable () -> Bool)?>(nil)
  /// Signalled once what is there was counted.
  let counted = Semaphore()
  let state = Mutex(State())

  init(objects: Folder, room: CacheRoom, changed: ContentObserver?) throws(DiskTrouble) {
    self.objects = objects
    device = try objects.device()
    self.room = room
    self.changed = changed
  }

  var isStopping: Bool { state.withLock { $0.isStopping } }

  func stop() {
    state.withLock { $0.isStopping = true }
    keeperWork.signal()
    checkerWork.signal()
  }

  func tell(_ content: StoredContent, _ changes: [ContentChange]) {
    guard let changed else { return }
    for change in changes { changed(content, change) }
  }

  private enum Step {
    case found(StoredContent)
    case load
    case wait(Semaphore)
    case refused
  }

  func content(_ name: ContentName) throws(DiskTrouble) -> StoredContent {
    while true {
      switch firstStep(to: name) {
      case .found(let content): return content
      case .wait(let semaphore): semaphore.wait()
      case .load: return try load(name)
      case .refused: throw .cancelled
      }
    }
  }

  private func firstStep(to name: ContentName) -> Step {
    state.withLock { state in
      if let content = state.open[name] {
        state.idleSince[name] = nil
        return .found(content)
      }
      if state.isClosed { return .refused }
      if state.busy[name] != nil {
        let semaphore = Semaphore()
        state.busy[name]?.append(semaphore)
        return .wait(semaphore)
      }
      state.busy[name] = []
      return .load
    }
  }

  private func load(_ name: ContentName) throws(DiskTrouble) -> StoredContent {
    do throws(DiskTrouble) {
      let (content, changes) = try loadWithRoom(name)
      noteOpened(content)
      tell(content, changes)
      return content
    } catch {
      endBusy(name)
      throw error
    }
  }

  private func loadWithRoom(
    _ name: ContentName
  ) throws(DiskTrouble) -> (content: StoredContent, changes: [ContentChange]) {
    do throws(DiskTrouble) {
      return try StoredContent.load(name, on: self)
    } catch .tooManyOpen {
      closeIdle(all: true)
      return try StoredContent.load(name, on: self)
    }
  }

  private func noteOpened(_ content: StoredContent) {
    let isKept = content.isKept
    let bytes = content.cachedBytes
    let noted = state.withLock { state in
      state.open[content.name] = content
      return state.closed.removeValue(forKey: content.name)
    }
    // The scan may not have come to it yet, or may have seen it when it was smaller.
    room.add(-(noted?.bytes ?? 0), isKept: noted?.isKept ?? isKept)
    room.add(bytes, isKept: isKept)
    if content.hasDoubts || content.mayKnowMore { mindDoubts(content) }
    endBusy(content.name)
  }

  /// Who waited looks again.
  func endBusy(_ name: ContentName, closedAs note: Note? = nil) {
    let waiting = state.withLock { state in
      if let note { state.closed[name] = note }
      return state.busy.removeValue(forKey: name) ?? []
    }
    for semaphore in waiting { semaphore.signal() }
  }
}

// What is to be done soon, by the keeper's threads.
extension Shelf {
  func mindUnsaved(_ content: StoredContent) {
    let isMuch = content.isMuchUnsaved
    let callsKeeper = state.withLock { state in
      if !state.isClosed { state.unsaved.insert(content.name) }
      defer { state.isKeeperCalled = state.isKeeperCalled || isMuch }
      return isMuch && !state.isKeeperCalled
    }
    if callsKeeper { keeperWork.signal() }
  }

  func mindDoubts(_ content: StoredContent) {
    state.withLock { state in
      if !state.isClosed, !state.doubtful.contains(where: { $0 === content }) {
        state.doubtful.append(content)
      }
    }
    checkerWork.signal()
  }
}

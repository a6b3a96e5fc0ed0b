// The shelf's housekeeping: saving what was put, closing what nobody uses, counting what lies there.

internal import Glibc
internal import GroupModel
internal import Link
internal import Synchronization

extension Shelf {
  /// An idle content stays open for a while: opening it again means reading its hashes again.
  private static let idleMilliseconds = 60_000
  private static let idleMax = 100

  /// Of contents that grow fast, in the background, so that little is left to do for who wants one of them durable.
  func saveMuch() {
    let unsaved = state.withLock { state in
      state.isKeeperCalled = false
      return state.unsaved.compactMap { state.open[$0] }
    }
    for content in unsaved where content.isMuchUnsaved {
      content.beginWriteback()
      if content.isSavingDue { try? content.save() }
    }
  }

  func saveUnsaved() {
    let unsaved = state.withLock { state in
      defer { state.unsaved = [] }
      return state.unsaved.compactMap { state.open[$0] }
    }
    for content in unsaved { try? content.save() }
  }

  /// Contents that only the shelf still holds, and has held for long, or too many of them.
  func closeIdle(all: Bool = false) {
    let now = Instant.now
    for name in idleNames(now) {
      guard let content = takeToClose(name, now, all) else { continue }
      close(content)
    }
  }

  /// The longest idle first.
  private func idleNames(_ now: Instant) -> [ContentName] {
    state.withLock { state in
      for name in state.idleNames() where state.idleSince[name] == nil { state.idleSince[name] = now }
      return state.idleSince.sorted { $0.value < $1.value }.map(\.key)
    }
  }

  private func takeToClose(_ name: ContentName, _ now: Instant, _ all: Bool) -> StoredContent? {
    state.withLock { state in
      guard let since = state.idleSince[name], state.busy[name] == nil, state.isIdle(name) else { return nil }
      let isDue = all || since + Self.idleMilliseconds <= now || state.idleSince.count > Self.idleMax
      guard isDue else { return nil }
      state.idleSince[name] = nil
      state.busy[name] = []
      return state.open.removeValue(forKey: name)
    }
  }

  private func close(_ content: StoredContent) {
    try? content.save()
    let summary = content.state.withLock { state in
      (
        bytes: state.allocatedBytes, time: state.uses.latest, isKept: state.isKept,
        isEmpty: state.bodies.isEmpty
      )
    }
    if let folder = try? content.folder.existing(), summary.time > 0 {
      folder.touch(PieceFile.cacheRecordName, milliseconds: summary.time)
    }
    var note: Note? = Note(bytes: summary.bytes, time: summary.time, isKept: summary.isKept)
    if summary.isEmpty, !summary.isKept, (try? content.folder.removeAll()) != nil {
      room.add(-summary.bytes, isKept: false)
      note = nil
    }
    endBusy(content.name, closedAs: summary.bytes > 0 ? note : nil)
  }

  func settleDoubts() {
    while let content = state.withLock({ $0.isStopping ? nil : $0.doubtful.popLast() }) {
      content.settleAll()
    }
  }

  /// Makes everything as if it had just been started; what others still hold goes on working for them.
  func closeAll() {
    state.withLock { state in
      state.isClosed = true
      state.doubtful = []
    }
    saveUnsaved()
    closeIdle(all: true)
    state.withLock { $0.open = [:] }
  }

  /// As a crash leaves it, for tests.
  func abandon() {
    state.withLock { state in
      state.isClosed = true
      state.doubtful = []
      state.unsaved = []
      state.open = [:]
    }
  }
}

extension Shelf.State {
  /// The shelf has the only reference.
  fileprivate mutating func isIdle(_ name: ContentName) -> Bool {
    guard let index = open.index(forKey: name) else { return false }
    return isKnownUniquelyReferenced(&open.values[index])
  }

  mutating func idleNames() -> [ContentName] {
    // A view of the keys would hold on to the table, which asking then copies, references and all.
    let names = Array(open.keys)
    return names.filter { isIdle($0) }
  }
}

// What is there, counted once at the start.
extension Shelf {
  func countClosed() {
    defer { counted.signal() }
    for shelfName in (try? objects.names()) ?? [] {
      guard let folder = try? objects.folder(shelfName) else { continue }
      for folderName in (try? folder.names()) ?? [] {
        guard !state.withLock({ $0.isClosed }) else { return }
        count(folderName, in: folder)
      }
    }
  }

  /// What its file in the cache takes.
  func bytesOnDisk(of name: ContentName) -> Int {
    guard let folder = try? ObjectFolder(of: name, in: objects).existing(),
      let data = try? folder.status(of: PieceFile.cacheName)
    else { return 0 }
    return Int(data.st_blocks) * 512
  }

  private func count(_ folderName: String, in shelf: Folder) {
    guard let name = ContentName(folderName: folderName), let folder = try? shelf.folder(folderName),
      let data = try? folder.status(of: PieceFile.cacheName)
    else { return }
    let used = (try? folder.status(of: PieceFile.cacheRecordName)) ?? data
    let note = Note(
      bytes: Int(data.st_blocks) * 512, time: PieceUses.time(used.st_mtim),
      isKept: folder.has(ObjectFolder.keptName))
    let isNew = state.withLock { state in
      guard state.open[name] == nil, state.busy[name] == nil, state.closed[name] == nil else { return false }
      state.closed[name] = note
      return true
    }
    if isNew { room.add(note.bytes, isKept: note.isKept) }
  }
}

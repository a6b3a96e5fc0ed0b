// Writing down what is here: first the bytes, then the record that claims them, so that the record may lag and
// never leads.

internal import Glibc
internal import GroupModel
internal import Synchronization

extension StoredContent {
  /// Bytes that a power cut would make us fetch again, at most; a crash of the daemon costs none.
  private static let unsavedBytesMax = 256 << 20

  /// The kernel would begin by itself after many seconds, and who waits for a file of a gigabyte would wait for all
  /// of it to be written at once in the end.
  private static let unbegunBytesMax = 32 << 20

  var isSavingDue: Bool { unsavedBytes >= Self.unsavedBytesMax }

  var isMuchUnsaved: Bool {
    state.withLock { $0.bodies.contains { $0.unbegunBytes >= Self.unbegunBytesMax } } || isSavingDue
  }

  private var unsavedBytes: Int { state.withLock { $0.bodies.reduce(0) { $0 + $1.unsavedBytes } } }

  func beginWriteback() {
    let files = state.withLock { state in
      state.bodies.indices.compactMap { index -> PieceFile? in
        guard state.bodies[index].unbegunBytes >= Self.unbegunBytesMax else { return nil }
        state.bodies[index].unbegunBytes = 0
        return state.bodies[index].file
      }
    }
    // The kernel knows which pages of it are new.
    for file in files { file.descriptor.beginWriteback(of: 0..<layout.fileBytes) }
  }

  /// Brings the records up to date with what is in the files. The disk is waited for outside `recordTurn`, so that
  /// nobody who makes room waits with it.
  package func save() throws(DiskTrouble) {
    try saveTurn.take { () throws(DiskTrouble) in
      for body in staleBodies() {
        if body.file.isOwn { try sync(body) }
        try recordTurn.take { () throws(DiskTrouble) in try save(body) }
        renewStamp(of: body.file)
      }
    }
  }

  private func staleBodies() -> [Body] {
    state.withLock { $0.bodies.filter { ($0.unsavedBytes > 0 || $0.isRecordStale) && !$0.isSyncBroken } }
  }

  /// What was in the body when it was synced, and was not taken back since.
  func save(_ body: Body) throws(DiskTrouble) {
    guard let held = state.withLock({ $0.heldStill(of: body) }) else { return }
    try write(recordOf: body, held: held, .processCrash)
    state.withLock { state in
      guard let index = state.index(of: body.file) else { return }
      state.bodies[index].unsavedBytes -= body.unsavedBytes
      state.bodies[index].isRecordStale = false
      state.bodies[index].saved = held
    }
  }

  /// What a failed sync has lost, a second one does not bring back and does not mention.
  private func sync(_ body: Body) throws(DiskTrouble) {
    do throws(DiskTrouble) {
      try body.file.descriptor.syncData()
      try hashes.syncLog()
    } catch {
      state.withLock { state in
        if let index = state.index(of: body.file) { state.bodies[index].isSyncBroken = true }
      }
      throw error
    }
  }

  private func write(
    recordOf body: Body, held: BlockSet, _ durability: Folder.Durability
  ) throws(DiskTrouble) {
    let record = PieceFileRecord(
      name: name, place: body.file.place, stamp: body.file.isOwn ? nil : body.stamp,
      held: body.file.isOwn ? held : BlockSet())
    try folder.made().replace(body.file.recordName, with: record.bytes, durability)
  }

  /// In a quiet moment: from then on a foreign write shows.
  func renewStamp(of file: PieceFile) {
    guard file.isOwn, let begun = writesWhileQuiet(of: file), let stamp = try? file.descriptor.stamp() else {
      return
    }
    state.withLock { state in
      guard let index = state.index(of: file), state.bodies[index].writesBegun == begun,
        state.bodies[index].writesAtStamp != begun
      else { return }
      state.setStamp(stamp, of: index)
    }
  }

  private func writesWhileQuiet(of file: PieceFile) -> Int? {
    state.withLock { state in
      guard let body = state.index(of: file).map({ state.bodies[$0] }) else { return nil }
      return body.writesBegun == body.writesEnded ? body.writesBegun : nil
    }
  }

  /// Durably takes back what the cache's record claims of these blocks: before they are punched out. On a disk too
  /// full for a new record the old one is removed, and all is doubtful after a restart.
  func unclaim(_ blocks: [BlockRange]) throws(DiskTrouble) {
    guard var body = state.withLock({ $0.bodies.first(where: \.file.isCache) }) else { return }
    let claimed = body.saved.count
    for run in blocks { body.saved.remove(run) }
    guard body.saved.count < claimed else { return }
    do throws(DiskTrouble) {
      try write(recordOf: body, held: body.saved, .powerCut)
    } catch {
      try folder.made().remove(body.file.recordName)
      try folder.made().sync()
      body.saved = BlockSet()
    }
    state.withLock { state in
      guard let index = state.index(of: body.file) else { return }
      state.bodies[index].saved = body.saved
    }
  }

  /// Published from the cache by this member, or no longer: what is kept is never evicted.
  package func setKept(_ isKept: Bool) throws(DiskTrouble) { try setKept(isKept, .powerCut) }

  func setKept(_ isKept: Bool, _ durability: Folder.Durability) throws(DiskTrouble) {
    if isKept {
      try folder.made().replace(ObjectFolder.keptName, with: [], durability)
    } else {
      folder.removeFile(ObjectFolder.keptName)
    }
    let bytes = state.withLock { state -> Int in
      defer { state.isKept = isKept }
      return state.isKept == isKept ? 0 : state.allocatedBytes
    }
    shelf.room.add(-bytes, isKept: !isKept)
    shelf.room.add(bytes, isKept: isKept)
  }

  package var isKept: Bool { state.withLock { $0.isKept } }
}

extension StoredContent.State {
  /// nil when the body is no longer there.
  fileprivate func heldStill(of body: StoredContent.Body) -> BlockSet? {
    guard let index = index(of: body.file) else { return nil }
    var held = body.held
    body.held.forEachRun { run in
      for gap in bodies[index].held.gaps(in: run) { held.remove(gap) }
    }
    return held
  }
}

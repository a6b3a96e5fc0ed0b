// Giving room back: pieces of the cache's file are punched out, also while the content is open. First they are
// no longer held, then the record on the disk says so, and only then the bytes go.

internal import Link
internal import GroupModel
internal import Synchronization

extension StoredContent {
  /// How much of an open content's beginning and end goes last: players, archivers and `file` come back to it.
  private static let edgeBytes = 1 << 20

  /// A piece that could go.
  struct Offer {
    let piece: UInt32
    let time: UseTime
    let isEdge: Bool
    let bytes: Int
  }

  /// What could be evicted now.
  func offers() -> [Offer] {
    state.withLock { state in
      guard !state.isKept, state.pins == 0, let body = state.bodies.first(where: \.file.isCache) else {
        return []
      }
      return state.piecesInCache(of: body, layout: layout).map { piece in
        Offer(
          piece: piece, time: state.uses.time(of: piece), isEdge: isEdge(piece),
          bytes: layout.bytes(ofPiece: Int(piece)).count)
      }
    }
  }

  private func isEdge(_ piece: UInt32) -> Bool {
    let bytes = layout.bytes(ofPiece: Int(piece))
    return bytes.lowerBound < Self.edgeBytes || bytes.upperBound > layout.fileBytes - Self.edgeBytes
  }

  /// How many bytes the disk has got back.
  func evict(_ pieces: [UInt32]) throws(DiskTrouble) -> Int {
    var lost: [BlockRange] = []
    defer { shelf.tell(self, lost.map { .lost($0, .evicted) }) }
    return try recordTurn.take { () throws(DiskTrouble) in
      let withdrawn = withdrawForEviction(pieces)
      lost = withdrawn.lost
      guard let file = withdrawn.file else { return 0 }
      defer { endPunching() }
      try unclaim(withdrawn.runs)
      for run in withdrawn.runs { try file.descriptor.punch(layout.bytes(of: run)) }
      return noteFreed(file)
    }
  }

  private func withdrawForEviction(
    _ pieces: [UInt32]
  ) -> (file: PieceFile?, runs: [BlockRange], lost: [BlockRange]) {
    state.withLock { state in
      guard !state.isKept, state.pins == 0, let index = state.bodies.firstIndex(where: \.file.isCache) else {
        return (nil, [], [])
      }
      let runs = pieces.map { layout.blocks(ofPiece: Int($0)) }
        .filter { run in !state.writing.contains { $0.clamped(to: run) != nil } }
      var lost: [BlockRange] = []
      for run in runs {
        lost += state.lose(run, in: index, layout: layout)
        state.bodies[index].doubtful.remove(run)
        state.uses.forget(run.pieces)
      }
      state.punching = runs
      state.bodies[index].writesBegun += 1
      return (state.bodies[index].file, runs, lost)
    }
  }

  private func endPunching() {
    let waiting = state.withLock { state in
      state.punching = []
      if let index = state.bodies.firstIndex(where: \.file.isCache) { state.bodies[index].writesEnded += 1 }
      defer { state.awaitingPunch = [] }
      return state.awaitingPunch
    }
    for semaphore in waiting { semaphore.signal() }
  }

  private func noteFreed(_ file: PieceFile) -> Int {
    guard let allocated = try? file.descriptor.allocatedBytes() else { return 0 }
    let delta = state.withLock { $0.setAllocated(allocated) }
    shelf.room.add(delta, isKept: false)
    return -delta
  }
}

extension StoredContent.State {
  /// Pieces of which anything lies in the file, right or doubtful.
  fileprivate func piecesInCache(of body: StoredContent.Body, layout: ContentLayout) -> [UInt32] {
    var pieces = PieceSet()
    for set in [body.held, body.doubtful] { set.forEachRun { pieces.insert($0.pieces) } }
    return pieces.ranges.flatMap { Array($0) }
  }
}

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
      return state.bytesInCache(of: body, layout: layout).compactMap { piece, bytes in
        if state.uses.isAwaited(piece) { return nil }
        return Offer(piece: piece, time: state.uses.time(of: piece), isEdge: isEdge(piece), bytes: bytes)
      }
    }
  }

  private func isEdge(_ piece: UInt32) -> Bool {
    let bytes = layout.bytes(ofPiece: Int(piece))
    return bytes.lowerBound < Self.edgeBytes || bytes.upperBound > layout.fileBytes - Self.edgeBytes
  }

  /// How many bytes went. Not by what the file takes on the disk: others may write to it meanwhile.
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
      noteFreed(file)
      return withdrawn.bytes
    }
  }

  private func withdrawForEviction(
    _ pieces: [UInt32]
  ) -> (file: PieceFile?, runs: [BlockRange], lost: [BlockRange], bytes: Int) {
    state.withLock { state in
      guard !state.isKept, state.pins == 0, let index = state.bodies.firstIndex(where: \.file.isCache) else {
        return (nil, [], [], 0)
      }
      let runs = pieces.filter { !state.uses.isAwaited($0) }.map { layout.blocks(ofPiece: Int($0)) }
        .filter { run in !state.writing.contains { $0.clamped(to: run) != nil } }
      var lost: [BlockRange] = []
      var bytes = 0
      for run in runs {
        bytes += state.bodies[index].bytes(in: run, layout: layout)
        lost += state.lose(run, in: index, layout: layout)
        state.bodies[index].doubtful.remove(run)
        state.uses.forget(run.pieces)
      }
      state.punching = runs
      state.bodies[index].writesBegun += 1
      return (state.bodies[index].file, runs, lost, bytes)
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

  private func noteFreed(_ file: PieceFile) {
    guard let allocated = try? file.descriptor.allocatedBytes() else { return }
    let delta = state.withLock { $0.setAllocated(allocated) }
    shelf.room.add(delta, isKept: false)
  }
}

/// Who waits for these pieces finds all of them when they have come: none is evicted while this lives.
package final class AwaitedPieces: Sendable {
  private let content: StoredContent
  private let pieces: Range<UInt32>

  fileprivate init(_ pieces: Range<UInt32>, of content: StoredContent) {
    self.content = content
    self.pieces = pieces
    content.state.withLock { $0.uses.beginWaiting(for: pieces) }
  }

  deinit { content.state.withLock { $0.uses.endWaiting(for: pieces) } }
}

extension StoredContent {
  package func awaiting(_ bytes: Range<Int>) -> AwaitedPieces? {
    layout.blocks(touching: bytes).map { AwaitedPieces($0.pieces, of: self) }
  }
}

extension StoredContent.State {
  /// How much of each piece lies in the file, right or doubtful.
  fileprivate func bytesInCache(of body: StoredContent.Body, layout: ContentLayout) -> [UInt32: Int] {
    var bytes: [UInt32: Int] = [:]
    for set in [body.held, body.doubtful] {
      set.forEachRun { run in
        for piece in run.pieces {
          guard let part = run.clamped(to: layout.blocks(ofPiece: Int(piece))) else { continue }
          bytes[piece, default: 0] += layout.bytes(of: part).count
        }
      }
    }
    return bytes
  }
}

extension StoredContent.Body {
  fileprivate func bytes(in blocks: BlockRange, layout: ContentLayout) -> Int {
    [held, doubtful].reduce(0) { sum, set in
      sum + set.runs(in: blocks).reduce(0) { $0 + layout.bytes(of: $1).count }
    }
  }
}

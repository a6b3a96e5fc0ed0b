// Making room: the pieces that were used longest ago go first, whichever content they belong to.

internal import Glibc
internal import GroupModel
internal import Link
internal import Synchronization

extension Shelf {
  /// What a guess may throw out was not used for so long.
  private static let aheadMilliseconds: UseTime = 60_000
  /// Up to this size a content that is closed goes as a whole, without being opened.
  private static let wholeBytesMax = 16 << 20
  /// The pieces that came or were read last stay for a moment, even beyond the limit: who waited for them must come to
  /// read them before what he waits for next throws them out.
  private static let freshMilliseconds: UseTime = 1_000
  private static let freshBytesMax = 2 << 20

  /// What somebody wants is taken beyond the limit where nothing can go for it; what is only guessed is not, and leaves
  /// more of the disk free. The room is `release`d when the bytes are written.
  func claimRoom(for bytes: Int, _ purpose: FetchPurpose) throws(DiskTrouble) {
    while !room.claim(bytes) {
      guard evict(atLeast: 0, adding: bytes, purpose) == 0 else { continue }
      guard room.claim(bytes, beyondLimit: purpose == .demand) else { throw .full }
      return
    }
  }

  /// Whether so much would fit, if it came for this purpose.
  func hasRoom(for bytes: Int, _ purpose: FetchPurpose) -> Bool {
    let short = room.shortage(adding: bytes)
    return short == 0 || candidates(for: purpose).reduce(0) { $0 + $1.bytes } >= short
  }

  /// A draft is followed by records of it, which want a little room too.
  private static let draftBytesMin = 4 << 20

  /// Tried once more where the disk was full and something could go.
  func makingRoom<Result>(
    forDraftOf bytes: Int, _ body: () throws(DiskTrouble) -> Result
  ) throws(DiskTrouble) -> Result {
    do throws(DiskTrouble) {
      return try body()
    } catch .full {
      guard evict(atLeast: max(bytes, Self.draftBytesMin), .demand) > 0 else { throw .full }
      return try body()
    }
  }

  /// How much has gone. What is kept for others' sake goes only for what was refused, and not because the disk is small.
  func evict(atLeast bytes: Int, adding: Int = 0, _ purpose: FetchPurpose) -> Int {
    let freed = evictOnce(atLeast: bytes, adding: adding, purpose)
    guard purpose == .demand, freed < bytes, let giveUp = giveUp.withLock({ $0 }), giveUp() else {
      return freed
    }
    return freed + evictOnce(atLeast: bytes - freed, adding: adding, purpose)
  }

  /// One thread at a time: the next may find that there is room already.
  private func evictOnce(atLeast bytes: Int, adding: Int, _ purpose: FetchPurpose) -> Int {
    evictionTurn.take {
      let short = max(bytes, room.shortage(adding: adding))
      guard short > 0 else { return 0 }
      let isDiskShort = bytes > 0 || room.diskShortage(adding: adding) > 0
      let candidates = candidates(for: purpose)
      return evict(max(short, room.batchBytes), of: isDiskShort ? candidates : Self.withoutFresh(candidates))
    }
  }

  private static func withoutFresh(_ candidates: [Candidate]) -> [Candidate] {
    let since = PieceUses.now - freshMilliseconds
    var freshBytes = 0
    let fresh = candidates.filter { $0.piece != nil && $0.time >= since }.sorted { $0.time > $1.time }
      .prefix { candidate in
        freshBytes += candidate.bytes
        return freshBytes <= freshBytesMax
      }
    let stay = Set(fresh.map(\.place))
    return stay.isEmpty ? candidates : candidates.filter { !stay.contains($0.place) }
  }

  private func evict(_ bytes: Int, of candidates: [Candidate]) -> Int {
    var chosen: [ContentName: [UInt32]] = [:]
    var sum = 0
    for candidate in candidates.sorted(by: { $0.goesBefore($1) }) {
      guard sum < bytes else { break }
      chosen[candidate.name, default: []] += candidate.piece.map { [$0] } ?? []
      sum += candidate.bytes
    }
    let freed = chosen.reduce(0) { $0 + evict($1.value, of: $1.key, bytes) }
    room.forgetFreeBytes()
    evictedBytes.add(freed)
    return freed
  }

  private struct Candidate {
    let name: ContentName
    /// nil for a content that is closed.
    let piece: UInt32?
    let time: UseTime
    let isEdge: Bool
    let bytes: Int

    struct Place: Hashable {
      let name: ContentName
      let piece: UInt32?
    }

    var place: Place { Place(name: name, piece: piece) }

    /// Of pieces used at once the later in the file goes first: who returns begins at the beginning.
    func goesBefore(_ other: Candidate) -> Bool {
      if isEdge != other.isEdge { return other.isEdge }
      return time != other.time ? time < other.time : (piece ?? 0) > (other.piece ?? 0)
    }
  }

  private func candidates(for purpose: FetchPurpose) -> [Candidate] {
    let (open, closed) = openAndClosed()
    var candidates = closed.map { name, note in
      Candidate(name: name, piece: nil, time: note.time, isEdge: false, bytes: note.bytes)
    }
    for (content, isIdle) in open {
      candidates += content.offers().map { offer in
        Candidate(
          name: content.name, piece: offer.piece, time: offer.time, isEdge: offer.isEdge && !isIdle,
          bytes: offer.bytes)
      }
    }
    guard purpose == .ahead else { return candidates }
    let before = PieceUses.now - Self.aheadMilliseconds
    return candidates.filter { !$0.isEdge && $0.time < before }
  }

  private func openAndClosed() -> (open: [(StoredContent, isIdle: Bool)], closed: [ContentName: Note]) {
    state.withLock { state in
      let idle = Set(state.idleNames())
      return (
        state.open.map { ($0.value, idle.contains($0.key)) }, state.closed.filter { !$0.value.isKept }
      )
    }
  }

  private func evict(_ pieces: [UInt32], of name: ContentName, _ bytes: Int) -> Int {
    if pieces.isEmpty, let freed = removeClosed(name, bytesMax: max(bytes, Self.wholeBytesMax)) {
      return freed
    }
    guard let content = try? content(name) else { return 0 }
    return (try? content.evict(pieces.isEmpty ? content.lastPieces(bytes) : pieces)) ?? 0
  }

  /// nil when it is open after all, or larger than that.
  private func removeClosed(_ name: ContentName, bytesMax: Int) -> Int? {
    let taken = state.withLock { state -> Note? in
      guard let note = state.closed[name], note.bytes <= bytesMax, state.busy[name] == nil else { return nil }
      state.busy[name] = []
      return state.closed.removeValue(forKey: name)
    }
    guard let note = taken else { return nil }
    let isRemoved = ObjectFolder(of: name, in: objects).removeCached()
    if isRemoved { room.add(-note.bytes, isKept: false) }
    endBusy(name, closedAs: isRemoved ? nil : note)
    return isRemoved ? note.bytes : 0
  }
}

extension StoredContent {
  fileprivate func lastPieces(_ bytes: Int) -> [UInt32] {
    let count = max(1, bytes / ContentLayout.pieceBytes)
    return offers().map(\.piece).sorted().suffix(count)
  }
}

extension ObjectFolder {
  /// Of a content that is closed, all that was fetched; the rest too if nothing else needs it.
  fileprivate func removeCached() -> Bool {
    do throws(DiskTrouble) {
      guard let folder = try existing() else { return true }
      let others = [PieceFile.inPlacePrefix, PieceFile.destinationPrefix]
      guard try folder.names().contains(where: { name in others.contains { name.hasPrefix($0) } }) else {
        try removeAll()
        return true
      }
      try folder.remove(PieceFile.cacheRecordName)
      try folder.remove(PieceFile.cacheName)
      return true
    } catch {
      return false
    }
  }
}

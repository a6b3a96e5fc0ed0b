// Telling whether the bytes on the disk are the content's: at the first reading after a file was opened, after a
// crash, and when somebody else has written to it.

internal import Glibc
package import GroupModel
internal import Synchronization

extension StoredContent {
  /// Hashes the run, a piece at most at a time, and lets the state know. What could not be read is trouble.
  func check(_ source: Source) -> DiskTrouble? {
    let scratch = Scratch()
    for part in source.blocks.parts(of: ContentLayout.blocksPerPiece) {
      do throws(DiskTrouble) {
        try check(part, of: source, with: scratch)
      } catch {
        return dropIfInPlace(source.file, after: error) ? nil : error
      }
    }
    return nil
  }

  private func check(_ blocks: BlockRange, of source: Source, with scratch: Scratch) throws(DiskTrouble) {
    let bytes = layout.bytes(of: blocks)
    let buffer = UnsafeMutableRawBufferPointer(rebasing: scratch.bytes[..<bytes.count])
    let count = try source.file.descriptor.read(into: buffer, at: bytes.lowerBound)
    var verdicts: [VerifiedTree.Verdict] = []
    for block in blocks.indices {
      let own = layout.bytes(ofBlock: block)
      let start = own.lowerBound - bytes.lowerBound
      verdicts.append(
        start + own.count <= count
          ? judge(block, UnsafeRawBufferPointer(rebasing: buffer[start..<start + own.count])) : .forged)
    }
    settle(blocks, as: verdicts, of: source)
  }

  private func judge(_ block: Int, _ bytes: UnsafeRawBufferPointer) -> VerifiedTree.Verdict {
    guard let leaf = hashes.leaf(of: block) else { return .unknown }
    return Digest(hashing: bytes) == leaf ? .genuine : .forged
  }

  private func settle(_ blocks: BlockRange, as verdicts: [VerifiedTree.Verdict], of source: Source) {
    var changes: [ContentChange] = []
    let isUnshared = state.withLock { state in
      guard let index = state.index(of: source.file), state.losses == source.losses else { return false }
      if !source.file.isOwn, verdicts.contains(.forged) { return true }
      for (block, verdict) in zip(blocks.indices, verdicts) {
        if let block = BlockRange(block..<block + 1) {
          changes += state.settle(block, as: verdict, in: index, layout: layout)
        }
      }
      return false
    }
    if isUnshared { return endShare(source.file, .modified) }
    shelf.tell(self, changes)
    if !changes.isEmpty { shelf.mindUnsaved(self) }
  }

  /// Looks at all that is doubtful in these blocks, for one who must know before he asks others.
  package func settle(_ blocks: BlockRange) {
    for source in doubtfulRuns(in: blocks) { _ = check(source) }
  }

  private func doubtfulRuns(in blocks: BlockRange) -> [Source] {
    state.withLock { state in
      state.bodies.flatMap { body in
        body.doubtful.runs(in: blocks).map { state.source($0, in: body) }
      }
    }
  }

  /// All of it, in the background, a piece at a time so that others' changes in between do not undo the work.
  func settleAll() {
    relearn()
    var next = 0
    while let run = nextDoubt(from: next) {
      settle(run)
      next = run.end
    }
    shelf.tell(self, [.settled])
  }

  private func nextDoubt(from block: Int) -> BlockRange? {
    state.withLock { state in
      let runs = state.bodies.compactMap { $0.doubtful.firstRun(from: block, before: layout.blockCount) }
      guard let first = runs.min(by: { $0.start < $1.start }) else { return nil }
      return BlockRange(first.start..<min(first.end, first.start + ContentLayout.blocksPerPiece))
    }
  }
}

extension StoredContent.State {
  fileprivate mutating func settle(
    _ block: BlockRange, as verdict: VerifiedTree.Verdict, in index: Int, layout: ContentLayout
  ) -> [ContentChange] {
    let wasHeld = bodies[index].held.contains(block)
    if (verdict == .genuine) != wasHeld { bodies[index].isRecordStale = true }
    switch verdict {
    case .genuine:
      guard wasHeld || bodies[index].doubtful.contains(block) else { return [] }
      return gain(block, in: index, layout: layout).map { .gained($0) }
    case .forged:
      bodies[index].doubtful.remove(block)
      return wasHeld ? lose(block, in: index, layout: layout).map { .lost($0, .damaged) } : []
    case .unknown:
      // The bytes may well be right: once the hash is known they are looked at again.
      if wasHeld { bodies[index].doubtful.insert(block) }
      return wasHeld ? lose(block, in: index, layout: layout).map { .lost($0, .damaged) } : []
    }
  }
}

// Whether a file is still as it was.
extension StoredContent {
  /// False when the caller must ask anew.
  func isUnchanged(_ source: Source) throws(DiskTrouble) -> Bool {
    let stamp = try source.file.descriptor.stamp()
    let isInPlace = !source.file.isOwn
    let verdict = state.withLock { state -> Stillness in
      guard state.losses == source.losses, let index = state.index(of: source.file) else { return .moved }
      return isInPlace
        ? state.stillness(ofShared: index, at: stamp) : state.stillness(ofOwn: index, at: stamp, source)
    }
    switch verdict {
    case .still: return true
    case .moved: return false
    case .touched: recheckShare(source.file, at: stamp)
    case .modified: endShare(source.file, .modified)
    }
    return false
  }

  enum Stillness {
    case still
    /// Something was taken back meanwhile.
    case moved
    /// The bytes seem the same; its mode, its name or its links are not.
    case touched
    case modified
  }

  /// A shared file's inode was touched. If it still lies under its name its bytes are read anew before they are
  /// believed; else the share has ended.
  private func recheckShare(_ file: PieceFile, at stamp: FileStamp) {
    guard case .inPlace(let path) = file.place else { return }
    if let end = Self.whatBecame(of: path, once: stamp) { return endShare(file, end) }
    state.withLock { state in
      guard let index = state.index(of: file) else { return }
      state.losses += 1
      state.bodies[index].checked = BlockSet()
      state.bodies[index].stamp = stamp
      state.bodies[index].isRecordStale = true
    }
    shelf.mindUnsaved(self)
  }

  static func whatBecame(of path: LocalPath, once stamp: FileStamp) -> ContentChange.ShareEnd? {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0 else {
      let trouble = DiskTrouble(errno: errno)
      let isRemoved = trouble == .missing && isThere(path.folder, on: stamp.device)
      return isRemoved ? .removed : .unreadable(trouble)
    }
    return FileStamp(status).isFile(of: stamp) ? nil : .replaced
  }

  /// What lies on a disk that is not mounted, or below a directory that is elsewhere, is away and not removed.
  private static func isThere(_ folder: LocalPath, on device: UInt64) -> Bool {
    var status = stat()
    return folder.withCString({ stat($0, &status) }) == 0 && FileStamp(status).device == device
  }

  /// An in-place file that cannot be read is no longer shared; of our own files, that is trouble to be told.
  func dropIfInPlace(_ file: PieceFile, after trouble: DiskTrouble) -> Bool {
    guard !file.isOwn else { return false }
    endShare(file, .unreadable(trouble))
    return true
  }

  /// Once: who comes second finds it gone.
  func endShare(_ file: PieceFile, _ end: ContentChange.ShareEnd) {
    guard case .inPlace(let path) = file.place, let lost = remove(file) else { return }
    folder.removeFile(file.recordName)
    shelf.tell(self, lost.map { .lost($0, .unshared) } + [.shareEnded(path, end)])
  }

  /// What the content no longer has without this file; nil if it had it no more.
  func remove(_ file: PieceFile) -> [BlockRange]? {
    state.withLock { state in
      guard let index = state.index(of: file) else { return nil }
      state.losses += 1
      state.bodies.remove(at: index)
      return state.withdraw(layout.allBlocks, layout: layout)
    }
  }
}

extension StoredContent.State {
  fileprivate func stillness(ofShared index: Int, at stamp: FileStamp) -> StoredContent.Stillness {
    guard let known = bodies[index].stamp else { return .modified }
    if stamp == known { return .still }
    return stamp.hasBytes(of: known) ? .touched : .modified
  }

  /// Our own writes move a file's times too. Only while there were none does another time show that somebody
  /// else has written.
  fileprivate mutating func stillness(
    ofOwn index: Int, at stamp: FileStamp, _ source: StoredContent.Source
  ) -> StoredContent.Stillness {
    let body = bodies[index]
    if body.stamp == stamp { return .still }
    let isQuiet = body.writesBegun == body.writesEnded && body.writesBegun == source.writesBegun
    if body.stamp == nil || body.writesBegun != body.writesAtStamp {
      if isQuiet { setStamp(stamp, of: index) }
      return .still
    }
    losses += 1
    bodies[index].checked = BlockSet()
    setStamp(stamp, of: index)
    return .moved
  }

  mutating func setStamp(_ stamp: FileStamp, of index: Int) {
    bodies[index].stamp = stamp
    bodies[index].writesAtStamp = bodies[index].writesBegun
  }
}

extension BlockRange {
  /// The same run in parts that end where a multiple of `count` does.
  func parts(of count: Int) -> [BlockRange] {
    var parts: [BlockRange] = []
    var start = self.start
    while start < end {
      let next = min(end, (start / count + 1) * count)
      if let part = BlockRange(start..<next) { parts.append(part) }
      start = next
    }
    return parts
  }
}

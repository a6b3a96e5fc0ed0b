// Keeping what was fetched: verified from the buffer that it came in, then written, then visible.

internal import Glibc
package import GroupModel
internal import Link
internal import Synchronization

package enum PutResult: Hashable, Sendable {
  /// All of them are here now; how many bytes of them were not before.
  case kept(newBytes: Int)
  /// These bytes are not the content's: nothing of the run was kept, and who sent it lies or is broken.
  case forged(block: Int)
  /// The hash of this block is not known yet: `merge` one first.
  case unknownHash(block: Int)
  /// The blocks stay missing.
  case trouble(DiskTrouble)
}

/// What bytes are wanted for: how much may be thrown out for them.
package enum FetchPurpose: Sendable {
  /// Somebody waits: everything that may be evicted may go, and where that is too little, the limit is exceeded.
  case demand
  /// A guess: only what was not used for a while may go.
  case ahead
}

extension StoredContent {
  /// `bytes` are exactly those of the blocks. A run of 128 to 512 KiB is verified while it is still in the
  /// processor's cache.
  package func put(_ blocks: BlockRange, _ bytes: RawSpan, for purpose: FetchPurpose = .demand) -> PutResult {
    guard blocks.end <= layout.blockCount, bytes.byteCount == layout.bytes(of: blocks).count else {
      return .forged(block: blocks.start)
    }
    if let refusal = judge(blocks, bytes) { return refusal }
    if holds(blocks) { return .kept(newBytes: 0) }
    do throws(DiskTrouble) {
      return .kept(newBytes: try write(blocks, bytes, for: purpose))
    } catch {
      return .trouble(error)
    }
  }

  private func judge(_ blocks: BlockRange, _ bytes: RawSpan) -> PutResult? {
    let base = layout.bytes(of: blocks).lowerBound
    return withUnsafeTemporaryAllocation(of: Digest.self, capacity: blocks.count) { leaves in
      let known = hashes.copyLeaves(from: blocks.start, into: leaves)
      guard known == blocks.count else { return .unknownHash(block: blocks.start + known) }
      for block in blocks.indices {
        let own = layout.bytes(ofBlock: block)
        let part = bytes.extracting(own.lowerBound - base..<own.upperBound - base)
        guard Digest(hashing: part) == leaves[block - blocks.start] else { return .forged(block: block) }
      }
      return nil
    }
  }

  private func write(_ blocks: BlockRange, _ bytes: RawSpan, for purpose: FetchPurpose) throws(DiskTrouble)
    -> Int
  {
    try write(blocks, bytes, to: try intake(), for: purpose)
  }

  private func write(
    _ blocks: BlockRange, _ bytes: RawSpan, to file: PieceFile, for purpose: FetchPurpose
  ) throws(DiskTrouble) -> Int {
    if file.isCache { try shelf.claimRoom(for: bytes.byteCount, purpose) }
    defer { if file.isCache { shelf.room.release(bytes.byteCount) } }
    while !beginWriting(blocks, to: file) {}
    do throws(DiskTrouble) {
      try writeMakingRoom(bytes, at: layout.bytes(of: blocks).lowerBound, to: file, purpose)
    } catch {
      endWriting(blocks, to: file)
      throw error
    }
    return tellGained(endWriting(blocks, to: file, isWritten: true))
  }

  private func tellGained(_ gained: [BlockRange]) -> Int {
    shelf.tell(self, gained.map { .gained($0) })
    shelf.mindUnsaved(self)
    return gained.reduce(0) { $0 + layout.bytes(of: $1).count }
  }

  /// The disk may be full although the cache is not; another disk than the cache's gains nothing by evicting.
  private func writeMakingRoom(
    _ bytes: RawSpan, at offset: Int, to file: PieceFile, _ purpose: FetchPurpose
  ) throws(DiskTrouble) {
    do throws(DiskTrouble) {
      try file.descriptor.write(bytes, at: offset)
    } catch .full {
      guard try file.descriptor.stamp().device == shelf.device,
        shelf.evict(atLeast: bytes.byteCount, purpose) > 0
      else { throw .full }
      try file.descriptor.write(bytes, at: offset)
    }
  }

  /// Waits while one of the pieces is being punched out; false says that it must be tried again.
  private func beginWriting(_ blocks: BlockRange, to file: PieceFile) -> Bool {
    let punched = Link.Semaphore()
    let mayWrite = state.withLock { state in
      if state.punching.contains(where: { $0.clamped(to: blocks) != nil }) {
        state.awaitingPunch.append(punched)
        return false
      }
      if let index = state.index(of: file) { state.bodies[index].writesBegun += 1 }
      state.writing.append(blocks)
      return true
    }
    if !mayWrite { punched.wait() }
    return mayWrite
  }

  @discardableResult
  private func endWriting(_ blocks: BlockRange, to file: PieceFile, isWritten: Bool = false) -> [BlockRange] {
    let sole = state.withLock { $0.soleWriter(to: file) }
    let status = try? file.descriptor.status()
    let now = PieceUses.now
    let (gained, delta) = state.withLock { state -> ([BlockRange], Int) in
      if let index = state.writing.firstIndex(of: blocks) { state.writing.remove(at: index) }
      guard let index = state.index(of: file) else { return ([], 0) }
      state.endWrite(in: index, sole: sole, status)
      let delta = file.isCache ? status.map { state.setAllocated(Int($0.st_blocks) * 512) } ?? 0 : 0
      guard isWritten else { return ([], delta) }
      if file.isCache { state.uses.touch(blocks.pieces, now) }
      state.bodies[index].unsavedBytes += layout.bytes(of: blocks).count
      state.bodies[index].unbegunBytes += layout.bytes(of: blocks).count
      return (state.gain(blocks, in: index, layout: layout), delta)
    }
    shelf.room.add(delta, isKept: isKept)
    return gained
  }
}

extension StoredContent.State {
  /// How many writes had begun, if nobody else was writing then.
  fileprivate func soleWriter(to file: PieceFile) -> Int? {
    guard let body = index(of: file).map({ bodies[$0] }), body.writesBegun == body.writesEnded + 1 else {
      return nil
    }
    return body.writesBegun
  }

  /// If nobody wrote beside us, this is how we leave the file.
  fileprivate mutating func endWrite(in index: Int, sole: Int?, _ status: stat?) {
    bodies[index].writesEnded += 1
    guard let sole, let status, sole == bodies[index].writesBegun else { return }
    setStamp(FileStamp(status), of: index)
  }

  /// By how much it has changed.
  mutating func setAllocated(_ bytes: Int) -> Int {
    defer { allocatedBytes = bytes }
    return bytes - allocatedBytes
  }
}

// Where they go.
extension StoredContent {
  /// A download on its way to a destination takes what comes; else the cache does.
  private func intake() throws(DiskTrouble) -> PieceFile {
    if let file = knownIntake() { return file }
    return try cacheFile()
  }

  private func cacheFile() throws(DiskTrouble) -> PieceFile {
    let known = state.withLock { $0.bodies.first { $0.file.isCache }?.file }
    if let known { return known }
    let data = try folder.made().file(PieceFile.cacheName, O_RDWR | O_CREAT)
    try data.resize(to: layout.fileBytes)
    let file = PieceFile(.cache, data, recordName: PieceFile.cacheRecordName)
    return state.withLock { state in
      if let other = state.bodies.first(where: { $0.file.isCache }) { return other.file }
      state.bodies.append(Body(file: file))
      return file
    }
  }

  private func knownIntake() -> PieceFile? {
    state.withLock { state in
      let own = state.bodies.filter(\.file.isOwn)
      return (own.first { !$0.file.isCache } ?? own.first)?.file
    }
  }
}

// From a download that is given up into the cache.
extension StoredContent {
  /// What only this file holds, as far as the cache has room without losing what was used lately.
  func keepInCache(whatIsIn file: PieceFile) throws(DiskTrouble) {
    let cache = try cacheFile()
    let scratch = Scratch()
    for run in heldOnly(by: file, besides: cache) {
      for part in run.parts(of: ContentLayout.blocksPerPiece) {
        let bytes = layout.bytes(of: part)
        guard shelf.hasRoom(for: bytes.count, .ahead) else { return }
        let buffer = UnsafeMutableRawBufferPointer(rebasing: scratch.bytes[..<bytes.count])
        guard read(into: buffer, at: bytes.lowerBound) == .read(bytes.count) else { continue }
        _ = try write(part, UnsafeRawBufferPointer(buffer).bytes, to: cache, for: .ahead)
      }
    }
  }

  private func heldOnly(by file: PieceFile, besides cache: PieceFile) -> [BlockRange] {
    state.withLock { state in
      guard let own = state.index(of: file), let kept = state.index(of: cache) else { return [] }
      return state.bodies[own].held.runs(in: layout.allBlocks).flatMap {
        state.bodies[kept].held.gaps(in: $0)
      }
    }
  }
}

// What a draft ends as: a content of the cache, kept for publishing, its file moved and not copied; or nothing.

internal import Glibc
package import GroupModel
internal import Synchronization

package enum DraftEnd: Sendable {
  /// Its bytes are in the cache and kept there. Who holds the content back from publishing says `setKept(false)`.
  case content(StoredContent)
  /// It has no bytes.
  case empty
  /// These blocks of the base must be here first. The draft goes on.
  case needsBase(BlockRange)
  /// The draft goes on.
  case trouble(DiskTrouble)
}

extension Draft {
  /// `synced`: the bytes are on the disk before their root is known to anybody, so that a power cut cannot leave a
  /// published name without its bytes.
  package func finish(synced: Bool = true) -> DraftEnd {
    let end = state.withLock { state -> Result<MerkleTree?, DraftStop> in
      Result { () throws(DraftStop) in try complete(&state, synced: synced) }
    }
    switch end {
    case .failure(let stop): return stop.end
    case .success(nil):
      discard()
      return .empty
    case .success(let tree?):
      return move(tree, synced: synced)
    }
  }

  /// Gone, with all that was written.
  package func discard() {
    state.withLock { $0.isEnded = true }
    removeAll()
  }

  /// The same, where nothing was changed; whoever is about to write finds that it has ended.
  package func discardIfUnchanged() -> Bool {
    let isUnchanged = state.withLock { state in
      guard !state.isEnded, !state.isChanged else { return false }
      state.isEnded = true
      return true
    }
    if isUnchanged { removeAll() }
    return isUnchanged
  }

  private func removeAll() {
    try? folder.remove(name.data)
    try? folder.remove(name.record)
    try? folder.remove(name.mark)
  }

  /// Whoever has it open goes on; but if a crash ends that, nobody wants to find it.
  package func markUnwanted() {
    state.withLock { state in
      if !state.isEnded { _ = try? folder.file(name.mark, O_WRONLY | O_CREAT) }
    }
  }

  /// The tree over the draft as it is; nil for an empty one. From then on it cannot be changed.
  private func complete(_ state: inout State, synced: Bool) throws(DraftStop) -> MerkleTree? {
    guard !state.isEnded else { throw .trouble(.cancelled) }
    guard let layout = ContentLayout(fileBytes: state.fileBytes) else {
      state.isEnded = true
      return nil
    }
    try takeRestOfBase(layout, &state)
    if synced { file.beginWriteback(of: 0..<layout.fileBytes) }
    try hashRest(layout, &state)
    guard let tree = state.leaves.tree(layout) else { throw .trouble(.damaged) }
    if synced { try troubled { () throws(DiskTrouble) in try file.syncData() } }
    state.isEnded = true
    return tree
  }

  private func takeRestOfBase(_ layout: ContentLayout, _ state: inout State) throws(DraftStop) {
    guard let base, state.baseBytes > 0 else { return }
    let shown = blocks(touching: 0..<state.baseBytes)
    let gaps = state.own.gaps(in: shown)
    for gap in gaps { base.settle(gap) }
    if let missing = gaps.lazy.flatMap({ base.missing(in: $0) }).first {
      if state.awaited == nil { state.awaited = base.awaiting(0..<state.baseBytes) }
      throw .needsBase(missing)
    }
    for run in gaps.flatMap({ $0.parts(of: 64 * ContentLayout.blocksPerPiece) }) {
      try take(run, of: base, layout, &state)
    }
  }

  private func take(
    _ run: BlockRange, of base: StoredContent, _ layout: ContentLayout, _ state: inout State
  ) throws(DraftStop) {
    let bytes = base.layout.bytes(of: run).clamped(to: 0..<state.baseBytes)
    var result = ReadResult.read(0)
    try troubled { () throws(DiskTrouble) in
      try shelf.makingRoom(forDraftOf: bytes.count) { () throws(DiskTrouble) in
        result = base.copy(bytes, to: file)
        if case .trouble(let trouble) = result { throw trouble }
      }
    }
    guard result == .read(bytes.count) else { throw DraftStop(result) }
    for block in run.indices { takeLeaf(of: block, from: base, layout, &state) }
    state.own.insert(run)
  }

  /// A block that is the base's whole block has its hash, which need not be computed.
  private func takeLeaf(
    of block: Int, from base: StoredContent, _ layout: ContentLayout, _ state: inout State
  ) {
    let bytes = base.layout.bytes(ofBlock: block)
    guard bytes.upperBound <= state.baseBytes, bytes == layout.bytes(ofBlock: block),
      let leaf = base.hashes.leaf(of: block)
    else { return }
    state.leaves.set(leaf, block: block, byteCount: bytes.count)
  }

  /// What was written out of order, and the holes.
  private func hashRest(_ layout: ContentLayout, _ state: inout State) throws(DraftStop) {
    let scratch = Scratch()
    var next = 0
    while let run = state.leaves.missing(from: next, in: layout) {
      for part in run.parts(of: ContentLayout.blocksPerPiece) { try hash(part, layout, &state, scratch) }
      next = run.end
    }
  }

  private func hash(
    _ run: BlockRange, _ layout: ContentLayout, _ state: inout State, _ scratch: Scratch
  ) throws(DraftStop) {
    let bytes = layout.bytes(of: run)
    let buffer = UnsafeMutableRawBufferPointer(rebasing: scratch.bytes[..<bytes.count])
    if state.own.nextBlock(from: run.start, before: run.end, isMember: true) == run.end {
      return setZeros(run, layout, &state)
    }
    try troubled { () throws(DiskTrouble) in
      guard try file.read(into: buffer, at: bytes.lowerBound) == bytes.count else { throw .changed }
    }
    for block in run.indices {
      let own = layout.bytes(ofBlock: block)
      let part = buffer[own.lowerBound - bytes.lowerBound..<own.upperBound - bytes.lowerBound]
      state.leaves.set(block: block, hashing: UnsafeRawBufferPointer(rebasing: part).bytes)
    }
  }

  private static let zeroLeaf = Digest(
    hashing: [UInt8](repeating: 0, count: ContentLayout.blockBytes).span.bytes)

  /// Nobody has written there: a file made large by one truncation is not read.
  private func setZeros(_ run: BlockRange, _ layout: ContentLayout, _ state: inout State) {
    for block in run.indices {
      let count = layout.bytes(ofBlock: block).count
      let leaf =
        count == ContentLayout.blockBytes
        ? Self.zeroLeaf : Digest(hashing: [UInt8](repeating: 0, count: count).span.bytes)
      state.leaves.set(leaf, block: block, byteCount: count)
    }
  }

  private func move(_ tree: MerkleTree, synced: Bool) -> DraftEnd {
    do throws(DiskTrouble) {
      let content = try shelf.content(ContentName(root: tree.root, layout: tree.layout))
      try content.learnAll(of: tree)
      try content.setKept(true, .processCrash)
      try content.adopt(file, named: name.data, from: folder, synced: synced)
      try? folder.remove(name.record)
      try? folder.remove(name.mark)
      state.withLock { $0.leaves = DraftLeaves() }
      return .content(content)
    } catch {
      state.withLock { $0.isEnded = false }
      return .trouble(error)
    }
  }
}

extension Draft.DraftStop {
  fileprivate var end: DraftEnd {
    switch self {
    case .needsBase(let blocks): .needsBase(blocks)
    case .trouble(let trouble): .trouble(trouble)
    }
  }
}

extension StoredContent {
  /// A file with all of the content, every block of it just seen, becomes the cache's. Readers of the one that was
  /// there, if there was one, end with it.
  fileprivate func adopt(
    _ descriptor: Descriptor, named fileName: String, from drafts: Folder, synced: Bool
  ) throws(DiskTrouble) {
    let gained = try recordTurn.take { () throws(DiskTrouble) in
      let own = try folder.made()
      try drafts.rename(fileName, to: PieceFile.cacheName, in: own)
      var body = Body(file: PieceFile(.cache, descriptor, recordName: PieceFile.cacheRecordName))
      body.held = BlockSet(allOf: layout)
      body.checked = body.held
      body.unsavedBytes = layout.fileBytes
      body.stamp = try descriptor.stamp()
      let gained = takeOver(body, allocated: try descriptor.allocatedBytes())
      if synced { try save(body) }
      return gained
    }
    shelf.tell(self, gained.map { .gained($0) })
    guard synced else { return shelf.mindUnsaved(self) }
    // The bytes were synced before; on most file systems the first of these brings all the rest along.
    try hashes.syncLog()
    try folder.sync()
  }

  private func takeOver(_ body: Body, allocated: Int) -> [BlockRange] {
    let (gained, delta) = state.withLock { state in
      state.losses += 1
      state.bodies.removeAll(where: \.file.isCache)
      state.bodies.insert(body, at: 0)
      let gained = state.held.gaps(in: layout.allBlocks)
      state.held = body.held
      state.pieces = PieceSet(allOf: layout)
      state.uses.touch(layout.allBlocks.pieces, PieceUses.now)
      return (gained, state.setAllocated(allocated))
    }
    shelf.room.add(delta, isKept: true)
    return gained
  }
}

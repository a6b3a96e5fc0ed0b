// The block hashes of a file that is being written: in any order, again and again, of a size that is known
// only at the end. Kept by the piece, so that one write far out in a sparse file costs one piece's memory.

package struct DraftLeaves: Sendable {
  private var pieces: [Int: Piece] = [:]
  /// A block of which the beginning was written: a program that writes 4 KiB at a time goes on there.
  private var open: OpenBlock?

  package init() {}

  /// Hashes what is written as it passes. What cannot be known from these bytes alone, as when the middle of
  /// a block is overwritten, is forgotten, and `missing` names it in the end.
  package mutating func write(_ bytes: RawSpan, at offset: Int) {
    precondition(
      offset >= 0 && offset <= ContentLayout.fileBytesMax - bytes.byteCount, "a write beyond any file's end")
    var rest = bytes
    var offset = offset
    while !rest.isEmpty {
      let (block, start) = offset.quotientAndRemainder(dividingBy: ContentLayout.blockBytes)
      let part = rest.extracting(first: ContentLayout.blockBytes - start)
      write(part, in: block, from: start)
      rest = rest.extracting(droppingFirst: part.byteCount)
      offset += part.byteCount
    }
  }

  private mutating func write(_ part: RawSpan, in block: Int, from start: Int) {
    if part.byteCount == ContentLayout.blockBytes { return set(block: block, hashing: part) }
    if open?.block != block { closeOpenBlock() }
    if start == 0 { open = OpenBlock(block: block) }
    guard var going = open, going.byteCount == start else { return forget(block) }
    forget(block)
    going.append(part)
    open = going
    if going.byteCount == ContentLayout.blockBytes { closeOpenBlock() }
  }

  private mutating func closeOpenBlock() {
    guard let open else { return }
    set(open.running.finish(), block: open.block, byteCount: open.byteCount)
  }

  /// `bytes` are the block's as they are now, a full block or the file's short end.
  package mutating func set(block: Int, hashing bytes: RawSpan) {
    set(Digest(hashing: bytes), block: block, byteCount: bytes.byteCount)
  }

  /// `byteCount` tells a hash of a short end, which is worth nothing once the file has grown past it.
  package mutating func set(_ leaf: Digest, block: Int, byteCount: Int) {
    precondition((1...ContentLayout.blockBytes).contains(byteCount), "a block has 1 to 16,384 bytes")
    precondition(block >= 0 && block < Self.blocksMax, "a block that no file has")
    if open?.block == block { open = nil }
    let (piece, slot) = block.quotientAndRemainder(dividingBy: ContentLayout.blocksPerPiece)
    pieces[piece, default: Piece()].set(leaf, at: slot, byteCount: byteCount)
  }

  /// Blocks whose bytes are no longer those that were hashed.
  package mutating func forget(_ blocks: BlockRange) {
    if let open, blocks.contains(open.block) { self.open = nil }
    guard blocks.pieces.count > pieces.count else {
      for piece in blocks.pieces { forget(blocks, inPiece: Int(piece)) }
      return
    }
    // A hole of a terabyte may be punched into a file of which little was written.
    for piece in Array(pieces.keys) { forget(blocks, inPiece: piece) }
  }

  private mutating func forget(_ block: Int) {
    forget(BlockRange(unchecked: block..<block + 1))
  }

  private mutating func forget(_ blocks: BlockRange, inPiece piece: Int) {
    let start = piece * ContentLayout.blocksPerPiece
    for block in blocks.indices.clamped(to: start..<start + ContentLayout.blocksPerPiece) {
      pieces[piece]?.byteCounts[block - start] = 0
    }
  }

  /// The file's size was set, smaller or larger. The block at the new end is forgotten with those beyond it:
  /// what was cut off comes back as zeros if the file grows again.
  package mutating func truncate(toBytes fileBytes: Int) {
    precondition((0...ContentLayout.fileBytesMax).contains(fileBytes), "no file has such a size")
    guard let beyond = BlockRange(fileBytes / ContentLayout.blockBytes..<Self.blocksMax) else { return }
    forget(beyond)
  }

  private static let blocksMax = ContentLayout.fileBytesMax / ContentLayout.blockBytes

  /// The next blocks from `start` on, of one piece at most, that must be hashed before the tree can be had.
  package func missing(from start: Int, in layout: ContentLayout) -> BlockRange? {
    guard let first = (start..<max(start, layout.blockCount)).first(where: { !has($0, in: layout) }) else {
      return nil
    }
    let pieceEnd = layout.blocks(ofPiece: first / ContentLayout.blocksPerPiece).end
    let end = (first..<pieceEnd).first { has($0, in: layout) } ?? pieceEnd
    return BlockRange(first..<end)
  }

  /// nil while a block is missing.
  package func tree(_ layout: ContentLayout) -> MerkleTree? {
    var leaves: [Digest] = []
    // A file can be made a petabyte long by one truncation; memory goes by what was hashed.
    leaves.reserveCapacity(min(layout.blockCount, (pieces.count + 1) * ContentLayout.blocksPerPiece))
    for block in layout.allBlocks.indices {
      guard let leaf = leaf(block, in: layout) else { return nil }
      leaves.append(leaf)
    }
    return MerkleTree(leaves: leaves, layout: layout)
  }

  private func has(_ block: Int, in layout: ContentLayout) -> Bool { leaf(block, in: layout) != nil }

  private func leaf(_ block: Int, in layout: ContentLayout) -> Digest? {
    let byteCount = layout.bytes(ofBlock: block).count
    if let open, open.block == block { return open.byteCount == byteCount ? open.running.finish() : nil }
    let (piece, slot) = block.quotientAndRemainder(dividingBy: ContentLayout.blocksPerPiece)
    return pieces[piece]?.leaf(at: slot, byteCount: byteCount)
  }
}

extension DraftLeaves {
  private struct Piece {
    var leaves = [Digest](repeating: .zero, count: ContentLayout.blocksPerPiece)
    /// How many bytes each hash is of; 0 where there is none.
    var byteCounts = [UInt16](repeating: 0, count: ContentLayout.blocksPerPiece)

    mutating func set(_ leaf: Digest, at slot: Int, byteCount: Int) {
      leaves[slot] = leaf
      byteCounts[slot] = UInt16(byteCount)
    }

    func leaf(at slot: Int, byteCount: Int) -> Digest? {
      byteCounts[slot] == byteCount ? leaves[slot] : nil
    }
  }

  private struct OpenBlock {
    let block: Int
    var byteCount = 0
    var running = RunningDigest()

    mutating func append(_ part: RawSpan) {
      running.update(part)
      byteCount += part.byteCount
    }
  }
}

// How a content of a given size is cut: into blocks, which are verified, and pieces, which are announced.
// All the arithmetic on sizes is here, where the one check of the size makes overflow impossible.

package struct ContentLayout: Hashable, Sendable {
  package static let blockBytes = 16 * 1024
  package static let blocksPerPiece = 32
  package static let pieceBytes = blockBytes * blocksPerPiece
  /// 1 PiB: its pieces can be counted in 32 bits, and no sum of its offsets overflows.
  package static let fileBytesMax = 1 << 50

  package let fileBytes: Int

  /// nil for an empty file, which has no content to cut, and for a size that no file has.
  package init?(fileBytes: some BinaryInteger) {
    guard let fileBytes = Int(exactly: fileBytes), fileBytes > 0, fileBytes <= Self.fileBytesMax else {
      return nil
    }
    self.fileBytes = fileBytes
  }

  package var blockCount: Int { (fileBytes - 1) / Self.blockBytes + 1 }

  package var pieceCount: Int { (fileBytes - 1) / Self.pieceBytes + 1 }

  package var allBlocks: BlockRange { BlockRange(unchecked: 0..<blockCount) }

  package func blocks(ofPiece piece: Int) -> BlockRange {
    precondition(piece >= 0 && piece < pieceCount, "a piece beyond the file's end")
    let start = piece * Self.blocksPerPiece
    return BlockRange(unchecked: start..<min(start + Self.blocksPerPiece, blockCount))
  }

  /// The blocks that a read of these bytes touches; nil when it touches none, as beyond the end.
  package func blocks(touching bytes: Range<Int>) -> BlockRange? {
    let inside = bytes.clamped(to: 0..<fileBytes)
    guard !inside.isEmpty else { return nil }
    return BlockRange(
      unchecked: inside.lowerBound / Self.blockBytes..<(inside.upperBound - 1) / Self.blockBytes + 1)
  }

  /// Where a block's bytes lie; the last block is as short as the file leaves it.
  package func bytes(ofBlock block: Int) -> Range<Int> {
    precondition(block >= 0 && block < blockCount, "a block beyond the file's end")
    return bytes(of: BlockRange(unchecked: block..<block + 1))
  }

  package func bytes(ofPiece piece: Int) -> Range<Int> {
    bytes(of: blocks(ofPiece: piece))
  }

  package func bytes(of blocks: BlockRange) -> Range<Int> {
    precondition(blocks.end <= blockCount, "a block beyond the file's end")
    return blocks.start * Self.blockBytes..<min(blocks.end * Self.blockBytes, fileBytes)
  }
}

extension ContentLayout {
  /// The height in the tree at which a node is a whole piece.
  package static let pieceHeight = blocksPerPiece.trailingZeroBitCount
  /// The root's height in the largest file.
  package static let treeHeightMax = (fileBytesMax / blockBytes).trailingZeroBitCount

  /// The root's height above the blocks: 0 for a file of one block.
  package var treeHeight: Int { Int.bitWidth - (blockCount - 1).leadingZeroBitCount }

  /// How many nodes of a height have a block of the file below them; right of them all is padding.
  package func nodeCount(atHeight height: Int) -> Int { (blockCount - 1) >> height + 1 }
}

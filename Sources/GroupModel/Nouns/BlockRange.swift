// A run of a content's blocks, never empty. What it is a run of, the layout beside it says.

package struct BlockRange: Hashable, Sendable {
  package let start: Int
  package let end: Int

  /// nil for an empty run and for indices that no content has.
  package init?(_ blocks: Range<Int>) {
    let blocksMax = ContentLayout.fileBytesMax / ContentLayout.blockBytes
    guard !blocks.isEmpty, blocks.lowerBound >= 0, blocks.upperBound <= blocksMax else { return nil }
    self.init(unchecked: blocks)
  }

  init(unchecked blocks: Range<Int>) {
    start = blocks.lowerBound
    end = blocks.upperBound
  }

  package var count: Int { end - start }

  package var indices: Range<Int> { start..<end }

  package func contains(_ block: Int) -> Bool { indices.contains(block) }

  /// The pieces that these blocks lie in, wholly or in part.
  package var pieces: Range<UInt32> {
    let first = start / ContentLayout.blocksPerPiece
    let last = (end - 1) / ContentLayout.blocksPerPiece
    return UInt32(first)..<UInt32(last) + 1
  }

  /// The part that both have; nil when they only touch or lie apart.
  package func clamped(to other: BlockRange) -> BlockRange? {
    BlockRange(indices.clamped(to: other.indices))
  }
}

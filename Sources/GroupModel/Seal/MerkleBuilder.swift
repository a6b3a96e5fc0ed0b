// Builds a content's tree from its bytes as they pass, in order and in parts of any size. Where a file is
// written out of order, DraftLeaves is the one to use.

package struct MerkleBuilder: Sendable {
  private var leaves: [Digest] = []
  private var block = RunningDigest()
  private var blockFill = 0

  package init() {}

  package var byteCount: Int { leaves.count * ContentLayout.blockBytes + blockFill }

  package mutating func append(_ bytes: RawSpan) {
    var rest = bytes
    while !rest.isEmpty {
      let part = rest.extracting(first: ContentLayout.blockBytes - blockFill)
      rest = rest.extracting(droppingFirst: part.byteCount)
      block.update(part)
      blockFill += part.byteCount
      if blockFill == ContentLayout.blockBytes { endBlock() }
    }
  }

  private mutating func endBlock() {
    leaves.append(block.finish())
    block = RunningDigest()
    blockFill = 0
  }

  /// nil for a file that is empty, or larger than any content.
  package consuming func finish() -> MerkleTree? {
    guard let layout = ContentLayout(fileBytes: byteCount) else { return nil }
    if blockFill > 0 { endBlock() }
    return MerkleTree(leaves: leaves, layout: layout)
  }
}

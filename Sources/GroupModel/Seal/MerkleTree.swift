// The whole hash tree of a content that lies here: made when it is published, asked when others want proofs.
// It keeps the blocks' hashes and those of pieces and above; the four heights between are hashed anew when a
// proof needs them (at most 26 hashes, 2 µs), which halves the memory.

package struct MerkleTree: Sendable {
  package let layout: ContentLayout
  package let root: ContentRoot
  /// One for each block.
  package let leaves: [Digest]
  /// From the pieces' height up to the root; empty for a file of half a piece or less.
  private let upperLayers: [[Digest]]

  /// nil unless there is one hash for each block.
  package init?(leaves: [Digest], layout: ContentLayout) {
    guard leaves.count == layout.blockCount else { return nil }
    self.layout = layout
    self.leaves = leaves
    upperLayers = Self.upperLayers(over: leaves, layout: layout)
    let top = upperLayers.last?[0] ?? MerkleFold.fold(leaves.span, from: 0, to: layout.treeHeight)
    root = ContentRoot(top)
  }

  private static func upperLayers(over leaves: [Digest], layout: ContentLayout) -> [[Digest]] {
    let pieceHeight = ContentLayout.pieceHeight
    guard layout.treeHeight >= pieceHeight else { return [] }
    var layers = [
      (0..<layout.pieceCount).map { piece in
        MerkleFold.fold(
          leaves.span.extracting(layout.blocks(ofPiece: piece).indices), from: 0, to: pieceHeight)
      }
    ]
    for height in pieceHeight..<layout.treeHeight {
      layers.append(MerkleFold.layer(above: layers[height - pieceHeight], atHeight: height))
    }
    return layers
  }
}

extension MerkleTree: MerkleHashes {
  package func hash(of node: Subtree) -> Digest? {
    guard node.isIn(layout) else { return nil }
    if node.height < ContentLayout.pieceHeight {
      return MerkleFold.fold(
        leaves.span.extracting(node.blocks(in: layout).indices), from: 0, to: node.height)
    }
    return upperLayers[node.height - ContentLayout.pieceHeight][node.index]
  }
}

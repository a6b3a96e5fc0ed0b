// A node of a content's hash tree and all that lies below it, named by its place. The blocks are at height 0.
// Whether such a node is in a given content's tree, its layout says; a place alone is only two numbers.

package struct Subtree: Hashable, Sendable {
  package let height: Int
  package let index: Int

  /// nil unless the node has at least one block of this content below it: numbers from the wire pass here.
  package init?(height: Int, index: Int, in layout: ContentLayout) {
    self.init(unchecked: height, index)
    guard isIn(layout) else { return nil }
  }

  /// The node whose blocks are exactly these (at the file's end, cut short by it); nil if there is none.
  /// Where several stand above the same blocks it is the lowest.
  package init?(blocks: BlockRange, in layout: ContentLayout) {
    let height = Int.bitWidth - (blocks.count - 1).leadingZeroBitCount
    self.init(height: height, index: blocks.start >> height, in: layout)
    guard self.blocks(in: layout) == blocks else { return nil }
  }

  /// A piece; in a file of less than one piece, the whole tree.
  package init?(piece: Int, in layout: ContentLayout) {
    self.init(height: min(ContentLayout.pieceHeight, layout.treeHeight), index: piece, in: layout)
  }

  package init?(block: Int, in layout: ContentLayout) {
    self.init(height: 0, index: block, in: layout)
  }

  /// All of the content: the root.
  package init(allOf layout: ContentLayout) {
    self.init(unchecked: layout.treeHeight, 0)
  }

  init(unchecked height: Int, _ index: Int) {
    self.height = height
    self.index = index
  }

  package func isIn(_ layout: ContentLayout) -> Bool {
    guard height >= 0, height <= layout.treeHeight else { return false }
    return index >= 0 && index < layout.nodeCount(atHeight: height)
  }

  /// The content's blocks below this node, which must be in its tree.
  package func blocks(in layout: ContentLayout) -> BlockRange {
    let start = index << height
    return BlockRange(unchecked: start..<start + width(atHeight: 0, in: layout))
  }
}

extension Subtree {
  var parent: Subtree { Subtree(unchecked: height + 1, index >> 1) }

  var sibling: Subtree { Subtree(unchecked: height, index ^ 1) }

  var left: Subtree { Subtree(unchecked: height - 1, index << 1) }

  var right: Subtree { Subtree(unchecked: height - 1, index << 1 | 1) }

  var isLeft: Bool { index & 1 == 0 }

  /// How many nodes of a lower height it has below it, padding not counted.
  func width(atHeight base: Int, in layout: ContentLayout) -> Int {
    let start = index << (height - base)
    return min(1 << (height - base), layout.nodeCount(atHeight: base) - start)
  }
}

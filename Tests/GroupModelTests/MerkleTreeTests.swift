import TestSupport
import Testing

@testable import GroupModel

@Suite struct MerkleTreeTests {
  @Test(arguments: Sample.blockCounts)
  func `every node is what the plain rule makes it`(blocks: Int) {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    var layer = tree.leaves
    while layer.count.nonzeroBitCount > 1 { layer.append(.zero) }
    for height in 0...tree.layout.treeHeight {
      for index in 0..<tree.layout.nodeCount(atHeight: height) {
        #expect(tree.hash(of: Subtree(height: height, index: index, in: tree.layout)!) == layer[index])
      }
      if layer.count == 1 { #expect(tree.root.digest == layer[0]) }
      layer = stride(from: 0, to: layer.count - 1, by: 2).map { Digest(hashing: layer[$0], layer[$0 + 1]) }
    }
  }

  @Test func `bytes in parts of any size give the same tree`() throws {
    var random = SeededRandom(for: #function)
    let bytes = Array(Sample.bytes.prefix(1_500_001))
    let whole = try #require(Sample.tree(of: bytes))
    for partMax in [100, 16384, 40000, 1_000_000] {
      var builder = MerkleBuilder()
      while builder.byteCount < bytes.count {
        let part = Int.random(in: 0...partMax, using: &random)
        builder.append(bytes.span.bytes.extracting(droppingFirst: builder.byteCount).extracting(first: part))
      }
      let tree = try #require(builder.finish())
      #expect(tree.root == whole.root)
      #expect(tree.leaves == whole.leaves)
    }
  }

  @Test func `a tree has one leaf for each block`() {
    let layout = Sample.layout(blocks: 5)
    #expect(MerkleTree(leaves: Array(repeating: .zero, count: 4), layout: layout) == nil)
    #expect(MerkleTree(leaves: Array(repeating: .zero, count: 6), layout: layout) == nil)
    #expect(MerkleTree(leaves: [], layout: layout) == nil)
  }

  @Test(arguments: Sample.blockCounts)
  func `a run of blocks has a subtree when it is aligned`(blocks: Int) throws {
    let layout = Sample.layout(blocks: blocks)
    for start in 0..<blocks {
      for end in start + 1...min(blocks, start + 70) {
        let range = try #require(BlockRange(start..<end))
        let exists = subtreeExists(over: range, blocks: blocks)
        let subtree = Subtree(blocks: range, in: layout)
        #expect((subtree != nil) == exists)
        if let subtree { #expect(subtree.blocks(in: layout) == range) }
      }
    }
  }

  private func subtreeExists(over range: BlockRange, blocks: Int) -> Bool {
    (0...10).contains { height in
      range.start % (1 << height) == 0 && range.end == min(range.start + 1 << height, blocks)
    }
  }

  @Test(arguments: [
    (-1, 0), (0, -1), (0, 5), (1, 3), (2, 2), (3, 1), (4, 0), (64, 0), (1000, 0), (0, Int.max), (0, Int.min),
    (Int.max, Int.max), (Int.min, 0), (Int.max, 0),
  ])
  func `a place that is not in the tree is refused`(height: Int, index: Int) {
    #expect(Subtree(height: height, index: index, in: Sample.layout(blocks: 5)) == nil)
  }
}

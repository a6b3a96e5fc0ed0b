// Contents and trees to test with. Most tests of trees need no bytes, only leaves of a known number.

import TestSupport
@testable import GroupModel

enum Sample {
  /// The content that Vectors/merkle_vectors.py makes by the same formula.
  static let bytes: [UInt8] = {
    let count = 10 * 1_048_576 + 7
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      for index in 0..<count { buffer[index] = byte(UInt64(index)) }
      filled = count
    }
  }()

  private static func byte(_ index: UInt64) -> UInt8 {
    var word = (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    word ^= word >> 32
    return UInt8(truncatingIfNeeded: (word &* 0xD6E8_FEB8_6659_FD93) >> 56)
  }

  static func tree(of bytes: [UInt8]) -> MerkleTree? {
    var builder = MerkleBuilder()
    builder.append(bytes.span.bytes)
    return builder.finish()
  }

  static func layout(blocks: Int) -> ContentLayout {
    ContentLayout(fileBytes: blocks * ContentLayout.blockBytes - 5)!
  }

  /// A tree over hashes that are the hashes of no block.
  static func tree(blocks: Int, using random: inout SeededRandom) -> MerkleTree {
    MerkleTree(leaves: (0..<blocks).map { _ in digest(using: &random) }, layout: layout(blocks: blocks))!
  }

  static func digest(using random: inout SeededRandom) -> Digest {
    Digest(of: withUnsafeBytes(of: random.next()) { Array($0) })
  }

  /// Around each power of two, and between.
  static let blockCounts = [
    1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 32, 33, 37, 63, 64, 65, 96, 97, 128, 161, 321,
  ]
}

/// Every node of a content's tree, from the blocks to the root.
func subtrees(of layout: ContentLayout) -> [Subtree] {
  (0...layout.treeHeight).flatMap { height in
    (0..<layout.nodeCount(atHeight: height)).map { Subtree(height: height, index: $0, in: layout)! }
  }
}

extension MerkleTree {
  func leaves(below subtree: Subtree) -> [Digest] { Array(leaves[subtree.blocks(in: layout).indices]) }
}

// `#expect` cannot hold a span; these take the arrays that it can.

extension Digest {
  init(of bytes: some Sequence<UInt8>) {
    self.init(hashing: Array(bytes).span.bytes)
  }
}

extension MerkleProof {
  func holds(for leaves: [Digest], in tree: MerkleTree) -> Bool {
    verifies(leaves: leaves.span, root: tree.root, layout: tree.layout)
  }

  func holds(for leaves: [Digest], root: ContentRoot, layout: ContentLayout) -> Bool {
    verifies(leaves: leaves.span, root: root, layout: layout)
  }

  func holds(forBlock bytes: [UInt8], in tree: MerkleTree) -> Bool {
    verifies(block: bytes.span.bytes, root: tree.root, layout: tree.layout)
  }
}

extension Digest {
  var bytes: [UInt8] { withBytes { Array($0) } }

  func flippingBit(_ bit: Int) -> Digest {
    var bytes = self.bytes
    bytes[bit / 8] ^= 1 << (bit % 8)
    return Digest(bytes.span.bytes)
  }
}

extension [Digest] {
  func flippingBit(_ bit: Int, at index: Int) -> [Digest] {
    var digests = self
    digests[index] = digests[index].flippingBit(bit)
    return digests
  }
}

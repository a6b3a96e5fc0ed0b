import TestSupport
import Testing

@testable import GroupModel

@Suite struct MerkleProofTests {
  @Test(arguments: Sample.blockCounts)
  func `every aligned range of leaves has a proof that verifies`(blocks: Int) throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    for subtree in subtrees(of: tree.layout) {
      let proof = try #require(tree.proof(of: subtree))
      #expect(proof.uncles.count == MerkleProof.uncleCount(of: subtree, in: tree.layout))
      #expect(proof.holds(for: tree.leaves(below: subtree), in: tree))
    }
  }

  @Test(arguments: Sample.blockCounts)
  func `a flipped bit in a leaf, an uncle or the root is seen`(blocks: Int) throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    for subtree in subtrees(of: tree.layout) {
      let proof = try #require(tree.proof(of: subtree))
      let leaves = tree.leaves(below: subtree)
      let bit = Int.random(in: 0..<256, using: &random)
      for index in leaves.indices {
        #expect(!proof.holds(for: leaves.flippingBit(bit, at: index), in: tree))
      }
      for index in proof.uncles.indices {
        let forged = MerkleProof(of: subtree, uncles: proof.uncles.flippingBit(bit, at: index))
        #expect(!forged.holds(for: leaves, in: tree))
      }
      let otherRoot = ContentRoot(tree.root.digest.flippingBit(bit))
      #expect(!proof.holds(for: leaves, root: otherRoot, layout: tree.layout))
    }
  }

  @Test(arguments: Sample.blockCounts)
  func `a proof is good at its own place only`(blocks: Int) throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    let places = subtrees(of: tree.layout)
    for subtree in places {
      let proof = try #require(tree.proof(of: subtree))
      let leaves = tree.leaves(below: subtree)
      for other in places where other != subtree {
        #expect(!MerkleProof(of: other, uncles: proof.uncles).holds(for: leaves, in: tree))
      }
    }
  }

  @Test(arguments: Sample.blockCounts)
  func `a proof of the wrong length is refused`(blocks: Int) throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    for subtree in subtrees(of: tree.layout) {
      let uncles = try #require(tree.proof(of: subtree)).uncles
      let leaves = tree.leaves(below: subtree)
      #expect(!MerkleProof(of: subtree, uncles: uncles + [.zero]).holds(for: leaves, in: tree))
      #expect(
        !MerkleProof(of: subtree, uncles: uncles.dropLast() + []).holds(for: leaves, in: tree)
          || uncles.isEmpty)
      #expect(!MerkleProof(of: subtree, uncles: uncles).holds(for: leaves + [.zero], in: tree))
      #expect(!MerkleProof(of: subtree, uncles: uncles).holds(for: leaves.dropLast() + [], in: tree))
    }
  }

  @Test func `a file of another shape has no use for the proof`() throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: 21, using: &random)
    for subtree in subtrees(of: tree.layout) {
      let proof = try #require(tree.proof(of: subtree))
      let leaves = tree.leaves(below: subtree)
      for blocks in [1, 2, 15, 16, 33, 64, 1 << 36] {
        let layout = Sample.layout(blocks: blocks)
        #expect(!proof.holds(for: leaves, root: tree.root, layout: layout))
      }
    }
  }

  @Test(arguments: [
    (-1, 0), (0, -1), (0, 21), (6, 0), (64, 0), (Int.max, Int.max), (Int.min, Int.min), (0, Int.max), (5, 1),
  ])
  func `absurd places are refused`(height: Int, index: Int) {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: 21, using: &random)
    let absurd = Subtree(unchecked: height, index)
    for count in [0, 1, 5, 21] {
      let proof = MerkleProof(of: absurd, uncles: Array(repeating: .zero, count: count))
      #expect(!proof.holds(for: tree.leaves, in: tree))
      #expect(!proof.holds(forBlock: tree.leaves[0].bytes, in: tree))
    }
    #expect(tree.proof(of: absurd) == nil)
    #expect(tree.hash(of: absurd) == nil)
    #expect(tree.hashList(of: absurd, base: 0) == nil)
  }

  @Test func `a block's bytes verify, and no other bytes do`() throws {
    var random = SeededRandom(for: #function)
    let bytes = Array(Sample.bytes.prefix(524_288 + 20_001))
    let tree = try #require(Sample.tree(of: bytes))
    for block in tree.layout.allBlocks.indices {
      let node = try #require(Subtree(block: block, in: tree.layout))
      let proof = try #require(tree.proof(of: node))
      var content = Array(bytes[tree.layout.bytes(ofBlock: block)])
      #expect(proof.holds(forBlock: content, in: tree))
      #expect(!proof.holds(forBlock: content + [0], in: tree))
      #expect(!proof.holds(forBlock: content.dropLast() + [], in: tree))
      #expect(!proof.holds(forBlock: [], in: tree))
      content[Int.random(in: content.indices, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      #expect(!proof.holds(forBlock: content, in: tree))
    }
  }

  /// A node's hash is that of its children's 64 bytes, so only the size tells such a file from a larger one.
  @Test func `a node cannot pass for a block`() throws {
    let tree = try #require(Sample.tree(of: Array(Sample.bytes.prefix(32768))))
    let proof = MerkleProof(of: Subtree(allOf: tree.layout), uncles: [])
    let children = tree.leaves
    #expect(proof.holds(for: children, in: tree))
    #expect(!proof.holds(forBlock: children.flatMap(\.bytes), in: tree))
  }
}

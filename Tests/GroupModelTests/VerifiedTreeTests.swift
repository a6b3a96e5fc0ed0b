import TestSupport
import Testing

@testable import GroupModel

@Suite struct VerifiedTreeTests {
  @Test func `at first only the root is known`() {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: 77, using: &random)
    let learnt = VerifiedTree(root: tree.root, layout: tree.layout)
    for node in subtrees(of: tree.layout) {
      #expect((learnt.hash(of: node) != nil) == (node == Subtree(allOf: tree.layout)))
      #expect(learnt.unclesMissing(of: node) == MerkleProof.uncleCount(of: node, in: tree.layout))
    }
  }

  @Test(arguments: Sample.blockCounts)
  func `hash lists in any order fill the tree`(blocks: Int) throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    var learnt = VerifiedTree(root: tree.root, layout: tree.layout)
    for subtree in subtrees(of: tree.layout).shuffled(using: &random) {
      let base = Int.random(in: 0...subtree.height, using: &random)
      let list = try #require(
        tree.hashList(of: subtree, base: base, uncleCount: learnt.unclesMissing(of: subtree)))
      learnt.learns(list)
      learnt.expectOnlyTruth(of: tree)
    }
    #expect(subtrees(of: tree.layout).allSatisfy { learnt.hash(of: $0) != nil })
  }

  @Test(arguments: Sample.blockCounts)
  func `after a merge the list, its proof and all above it are known`(blocks: Int) throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    for subtree in subtrees(of: tree.layout) {
      var learnt = VerifiedTree(root: tree.root, layout: tree.layout)
      let list = try #require(tree.hashList(of: subtree, base: 0))
      learnt.learns(list)
      learnt.expectOnlyTruth(of: tree)
      #expect(learnt.hashList(of: subtree, base: 0) == list)
      for height in subtree.height...tree.layout.treeHeight {
        let ancestor = Subtree(unchecked: height, subtree.index >> (height - subtree.height))
        #expect(learnt.hash(of: ancestor) == tree.hash(of: ancestor))
      }
    }
  }

  @Test(arguments: Sample.blockCounts)
  func `a list with a lie in it changes nothing`(blocks: Int) throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    for subtree in subtrees(of: tree.layout) {
      var learnt = VerifiedTree(root: tree.root, layout: tree.layout)
      let list = try #require(tree.hashList(of: subtree, base: 0))
      for lie in list.lies(using: &random) {
        learnt.refuses(lie)
      }
      let unknown = subtrees(of: tree.layout).filter { learnt.hash(of: $0) == nil }
      #expect(unknown.count == subtrees(of: tree.layout).count - 1)
    }
  }

  @Test func `a proof that ends where nothing is known is refused`() throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: 128, using: &random)
    var learnt = VerifiedTree(root: tree.root, layout: tree.layout)
    let piece = try #require(Subtree(piece: 2, in: tree.layout))
    let short = try #require(tree.hashList(of: piece, base: 0, uncleCount: 0))
    learnt.refuses(short)
    let pieces = try #require(tree.hashList(of: Subtree(allOf: tree.layout), base: ContentLayout.pieceHeight))
    learnt.learns(pieces)
    #expect(learnt.unclesMissing(of: piece) == 0)
    learnt.learns(short)
    let itsBlock = try #require(Subtree(block: 64, in: tree.layout))
    let otherBlock = try #require(Subtree(block: 0, in: tree.layout))
    #expect(learnt.unclesMissing(of: itsBlock) == 0)
    #expect(learnt.unclesMissing(of: otherBlock) == 5)
  }

  @Test func `blocks are judged as soon as their hashes are known`() throws {
    let bytes = Array(Sample.bytes.prefix(1_200_000))
    let tree = try #require(Sample.tree(of: bytes))
    var learnt = VerifiedTree(root: tree.root, layout: tree.layout)
    let block = 40
    let content = Array(bytes[tree.layout.bytes(ofBlock: block)])
    #expect(learnt.judge(block: block, content) == .unknown)
    let node = try #require(Subtree(block: block, in: tree.layout))
    let proof = try #require(tree.proof(of: node))
    let cutShort = learnt.merge(block: Array(content.dropFirst()), proof)
    #expect(!cutShort)
    let merged = learnt.merge(block: content, proof)
    #expect(merged)
    #expect(learnt.judge(block: block, content) == .genuine)
    #expect(learnt.judge(block: block, content.reversed()) == .forged)
    #expect(learnt.judge(block: block, Array(content.prefix(10))) == .forged)
    #expect(learnt.judge(block: tree.layout.blockCount, content) == .forged)
    #expect(learnt.judge(block: -1, content) == .forged)
    #expect(learnt.proof(of: proof.subtree) == proof)
  }

  @Test func `one block of the largest file is learnt without the rest`() throws {
    var random = SeededRandom(for: #function)
    let layout = try #require(ContentLayout(fileBytes: ContentLayout.fileBytesMax))
    let content = Array(Sample.bytes.prefix(16384))
    let node = try #require(Subtree(block: 1 << 35 + 12345, in: layout))
    let proof = MerkleProof(of: node, uncles: (0..<36).map { _ in Sample.digest(using: &random) })
    let root = ContentRoot(proof.climb(from: Digest(of: content)).hash)
    var learnt = VerifiedTree(root: root, layout: layout)
    let merged = learnt.merge(block: content, proof)
    #expect(merged)
    #expect(learnt.judge(block: node.index, content) == .genuine)
    #expect(learnt.proof(of: node) == proof)
  }

  @Test func `a list longer than any may be is neither made nor taken`() throws {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: HashList.hashesMax + 1, using: &random)
    let whole = Subtree(allOf: tree.layout)
    #expect(tree.hashList(of: whole, base: 0) == nil)
    #expect(tree.hashList(of: whole, base: -1) == nil)
    #expect(tree.hashList(of: whole, base: whole.height + 1) == nil)
    #expect(tree.hashList(of: whole, base: Int.max) == nil)
    #expect(tree.hashList(of: whole, base: 1) != nil)
    var learnt = VerifiedTree(root: tree.root, layout: tree.layout)
    learnt.refuses(HashList(base: 0, hashes: tree.leaves, proof: MerkleProof(of: whole, uncles: [])))
  }
}

extension VerifiedTree {
  fileprivate func judge(block: Int, _ bytes: [UInt8]) -> Verdict {
    judge(block: block, bytes: bytes.span.bytes)
  }

  fileprivate mutating func merge(block bytes: [UInt8], _ proof: MerkleProof) -> Bool {
    merge(block: bytes.span.bytes, proof: proof)
  }

  fileprivate mutating func learns(_ list: HashList, sourceLocation: SourceLocation = #_sourceLocation) {
    let merged = merge(list)
    #expect(merged, sourceLocation: sourceLocation)
  }

  fileprivate mutating func refuses(_ list: HashList, sourceLocation: SourceLocation = #_sourceLocation) {
    let merged = merge(list)
    #expect(!merged, sourceLocation: sourceLocation)
  }

  fileprivate func expectOnlyTruth(of tree: MerkleTree) {
    for node in subtrees(of: layout) {
      if let hash = hash(of: node) { #expect(hash == tree.hash(of: node)) }
    }
  }
}

extension HashList {
  /// The same list, each time with one thing about it that is not so.
  fileprivate func lies(using random: inout SeededRandom) -> [HashList] {
    let bit = Int.random(in: 0..<256, using: &random)
    let place = proof.subtree
    let uncles = proof.uncles
    let elsewhere = [place.sibling, place.parent, Subtree(unchecked: place.height, Int.max)]
    return hashes.indices.map { HashList(base: base, hashes: hashes.flippingBit(bit, at: $0), proof: proof) }
      + uncles.indices.map { with(MerkleProof(of: place, uncles: uncles.flippingBit(bit, at: $0))) }
      + elsewhere.map { with(MerkleProof(of: $0, uncles: uncles)) }
      + [
        with(MerkleProof(of: place, uncles: uncles + [.zero])),
        with(MerkleProof(of: place, uncles: Array(repeating: .zero, count: 1000))),
        HashList(base: base, hashes: hashes + [.zero], proof: proof),
        HashList(base: base, hashes: hashes.dropLast(), proof: proof),
        HashList(base: Int.max, hashes: hashes, proof: proof),
        HashList(base: -1, hashes: hashes, proof: proof),
      ]
  }

  private func with(_ proof: MerkleProof) -> HashList { HashList(base: base, hashes: hashes, proof: proof) }
}

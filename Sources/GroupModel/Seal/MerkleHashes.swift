// What a whole tree and one that is still being learnt have in common: they are asked for a node's hash, and
// from nothing but that come the proofs and hash lists that others ask for.

package protocol MerkleHashes {
  var layout: ContentLayout { get }
  /// nil when it is not known, and for a node that is not in the tree.
  func hash(of node: Subtree) -> Digest?
}

extension MerkleHashes {
  /// What shows that a subtree belongs to the root, or with `uncleCount` to the node so far above it. nil
  /// when a hash for it is not known, or there is no such subtree.
  package func proof(of subtree: Subtree, uncleCount: Int? = nil) -> MerkleProof? {
    guard subtree.isIn(layout) else { return nil }
    let heightsAbove = layout.treeHeight - subtree.height
    let uncleCount = uncleCount ?? heightsAbove
    guard (0...heightsAbove).contains(uncleCount) else { return nil }
    var uncles: [Digest] = []
    var node = subtree
    for _ in 0..<uncleCount {
      guard let uncle = hashOrPadding(of: node.sibling) else { return nil }
      uncles.append(uncle)
      node = node.parent
    }
    return MerkleProof(of: subtree, uncles: uncles)
  }

  /// All hashes of height `base` below a subtree, with its proof; nil too when there would be too many.
  package func hashList(of subtree: Subtree, base: Int, uncleCount: Int? = nil) -> HashList? {
    guard let count = HashList.count(of: subtree, base: base, in: layout),
      let proof = proof(of: subtree, uncleCount: uncleCount)
    else { return nil }
    var hashes: [Digest] = []
    hashes.reserveCapacity(count)
    let start = subtree.index << (subtree.height - base)
    for index in start..<start + count {
      guard let hash = hash(of: Subtree(unchecked: base, index)) else { return nil }
      hashes.append(hash)
    }
    return HashList(base: base, hashes: hashes, proof: proof)
  }

  private func hashOrPadding(of node: Subtree) -> Digest? {
    guard node.isIn(layout) else { return MerkleFold.padding(atHeight: node.height) }
    return hash(of: node)
  }
}

// What shows that a part of a content belongs to its root: the hash of the sibling at each height on the way
// up. All of it may come from a liar: each number is weighed before it is used, and nothing is allocated.

package struct MerkleProof: Hashable, Sendable {
  package let subtree: Subtree
  /// From the subtree's own sibling upward.
  package let uncles: [Digest]

  package init(of subtree: Subtree, uncles: [Digest]) {
    self.subtree = subtree
    self.uncles = uncles
  }

  /// How many hashes a proof up to the root has: neither more nor fewer are ever right.
  package static func uncleCount(of subtree: Subtree, in layout: ContentLayout) -> Int {
    layout.treeHeight - subtree.height
  }

  /// Whether these are the block hashes below the subtree, all of them, in the content of this root and size.
  package func verifies(leaves: Span<Digest>, root: ContentRoot, layout: ContentLayout) -> Bool {
    guard reachesRoot(of: layout), leaves.count == subtree.width(atHeight: 0, in: layout) else {
      return false
    }
    return leads(from: MerkleFold.fold(leaves, from: 0, to: subtree.height), to: root)
  }

  /// Whether these are the bytes of the one block that the proof is about.
  package func verifies(block bytes: RawSpan, root: ContentRoot, layout: ContentLayout) -> Bool {
    guard reachesRoot(of: layout), subtree.height == 0 else { return false }
    guard bytes.byteCount == layout.bytes(ofBlock: subtree.index).count else { return false }
    return leads(from: Digest(hashing: bytes), to: root)
  }

  private func reachesRoot(of layout: ContentLayout) -> Bool {
    subtree.isIn(layout) && uncles.count == Self.uncleCount(of: subtree, in: layout)
  }

  private func leads(from digest: Digest, to root: ContentRoot) -> Bool {
    climb(from: digest).hash == root.digest
  }

  /// The node at which the uncles end, and what its hash is if the subtree's is `digest`.
  func climb(from digest: Digest) -> (node: Subtree, hash: Digest) {
    var node = subtree
    var hash = digest
    for uncle in uncles {
      hash = node.isLeft ? Digest(hashing: hash, uncle) : Digest(hashing: uncle, hash)
      node = node.parent
    }
    return (node, hash)
  }
}

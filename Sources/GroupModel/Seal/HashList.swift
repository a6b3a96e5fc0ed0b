// The hashes of one height below a subtree, with the proof that they belong: what members send one another
// before the bytes. The proof may end at any node that the one who asked knows already.

package struct HashList: Hashable, Sendable {
  /// 256 KiB of hashes: the blocks of 128 MiB, or the pieces of 4 GiB.
  package static let hashesMax = 8192

  /// The height of the hashes: 0 for blocks, 5 for pieces.
  package let base: Int
  package let hashes: [Digest]
  package let proof: MerkleProof

  package init(base: Int, hashes: [Digest], proof: MerkleProof) {
    self.base = base
    self.hashes = hashes
    self.proof = proof
  }

  /// How many hashes such a list has; nil for one that cannot be or would be too long.
  package static func count(of subtree: Subtree, base: Int, in layout: ContentLayout) -> Int? {
    guard subtree.isIn(layout), base >= 0, base <= subtree.height else { return nil }
    let count = subtree.width(atHeight: base, in: layout)
    return count <= hashesMax ? count : nil
  }
}

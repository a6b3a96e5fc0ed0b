// The content's hashes: learnt from others, and given to them.

package import GroupModel

extension StoredContent {
  /// Learns what proves to be true; false for a lie, and nothing has changed. Bytes that had lain here without a
  /// hash to tell whether they are right are looked at soon.
  package func merge(_ list: HashList) -> Bool {
    let merged = hashes.merge(list)
    guard merged == .learnt else { return merged == .knownAlready }
    remember(list)
    if hasDoubts { shelf.mindDoubts(self) }
    return true
  }

  /// Whether it can be written down is no concern of who sent it: without, it is asked for again after a restart.
  private func remember(_ list: HashList) {
    guard let folder = try? folder.made() else { return }
    try? hashes.open(in: folder)
    try? hashes.remember(list)
  }

  package func knowsHash(ofBlock block: Int) -> Bool { hashes.knows(block) }

  /// For others; nil when a hash for it is not known here, or there is no such subtree, or it would be too long.
  package func hashList(of subtree: Subtree, base: Int, uncleCount: Int? = nil) -> HashList? {
    hashes.list(of: subtree, base: base, uncleCount: uncleCount)
  }

  package func proof(of subtree: Subtree, uncleCount: Int? = nil) -> MerkleProof? {
    hashes.proof(of: subtree, uncleCount: uncleCount)
  }

  /// How many uncles a proof of this node needs to reach what is known here.
  package func unclesMissing(of subtree: Subtree) -> Int? { hashes.unclesMissing(of: subtree) }
}

// The hash tree of a content that is being fetched: at first only its root, then whatever was proved to
// belong to it. Nothing unproved is ever in it, so a block that matches a hash of it is the content's own.

/// Memory is taken as hashes are proved, about 35 bytes each, wherever in the tree they are; a hash that
/// follows from two below it, in the same page, is not kept.
package struct VerifiedTree: Sendable {
  package let layout: ContentLayout
  package let root: ContentRoot
  /// By band of the tree, from the blocks up, then by the page's place in the band.
  private var bands: [[Int: HashPage]]

  package init(root: ContentRoot, layout: ContentLayout) {
    self.layout = layout
    self.root = root
    bands = Array(repeating: [:], count: layout.treeHeight / HashPage.heights + 1)
  }

  package enum Verdict: Hashable, Sendable {
    case genuine
    case forged
    /// The block's hash is not known yet.
    case unknown
  }

  package func judge(block: Int, bytes: RawSpan) -> Verdict {
    guard let node = Subtree(block: block, in: layout) else { return .forged }
    guard let leaf = hash(of: node) else { return .unknown }
    guard bytes.byteCount == layout.bytes(ofBlock: block).count else { return .forged }
    return Digest(hashing: bytes) == leaf ? .genuine : .forged
  }

  /// How many uncles a proof of this node needs to reach what is known: 0 when it is known itself, nil when
  /// it is not in the tree.
  package func unclesMissing(of node: Subtree) -> Int? {
    guard node.isIn(layout) else { return nil }
    var ancestor = node
    while hash(of: ancestor) == nil { ancestor = ancestor.parent }
    return ancestor.height - node.height
  }
}

extension VerifiedTree: MerkleHashes {
  package func hash(of node: Subtree) -> Digest? {
    guard node.isIn(layout) else { return nil }
    if node.height == layout.treeHeight { return root.digest }
    let place = HashPage.Place(of: node)
    return bands[place.band][place.page]?.hash(at: place.slot)
  }
}

extension VerifiedTree {
  /// Learns what the list says if it proves to be true; else false, and nothing has changed.
  package mutating func merge(_ list: HashList) -> Bool {
    merge(list.hashes.span, base: list.base, proof: list.proof)
  }

  /// The same for one block's bytes with its proof; true says that the bytes are the content's.
  package mutating func merge(block bytes: RawSpan, proof: MerkleProof) -> Bool {
    guard proof.subtree.height == 0, proof.subtree.isIn(layout) else { return false }
    guard bytes.byteCount == layout.bytes(ofBlock: proof.subtree.index).count else { return false }
    return merge(CollectionOfOne(Digest(hashing: bytes)).span, base: 0, proof: proof)
  }

  private mutating func merge(_ hashes: Span<Digest>, base: Int, proof: MerkleProof) -> Bool {
    guard hashes.count == HashList.count(of: proof.subtree, base: base, in: layout) else { return false }
    guard proof.uncles.count <= MerkleProof.uncleCount(of: proof.subtree, in: layout) else { return false }
    let top = proof.climb(from: MerkleFold.fold(hashes, from: base, to: proof.subtree.height))
    guard hash(of: top.node) == top.hash else { return false }
    let bottom = keep(hashes, base: base, below: proof.subtree)
    keepPath(of: proof, from: bottom)
    return true
  }

  /// Keeps the hashes of a list, and those above them on which a page of its own stands; gives the subtree's.
  private mutating func keep(_ hashes: Span<Digest>, base: Int, below node: Subtree) -> Digest {
    let hash: Digest
    if hashes.isEmpty {
      hash = MerkleFold.padding(atHeight: node.height)
    } else if node.height == base {
      hash = hashes[0]
    } else {
      let half = min(1 << (node.height - 1 - base), hashes.count)
      let left = keep(hashes.extracting(..<half), base: base, below: node.left)
      let right = keep(hashes.extracting(half...), base: base, below: node.right)
      hash = Digest(hashing: left, right)
    }
    if hashes.isEmpty || node.height == base || HashPage.hasPageBelow(node) { keep(hash, of: node) }
    return hash
  }

  private mutating func keepPath(of proof: MerkleProof, from digest: Digest) {
    var node = proof.subtree
    var hash = digest
    for uncle in proof.uncles {
      keep(uncle, of: node.sibling)
      hash = node.isLeft ? Digest(hashing: hash, uncle) : Digest(hashing: uncle, hash)
      node = node.parent
      if HashPage.hasPageBelow(node) { keep(hash, of: node) }
    }
  }

  private mutating func keep(_ hash: Digest, of node: Subtree) {
    guard node.height < layout.treeHeight else { return }
    let place = HashPage.Place(of: node)
    bands[place.band][place.page, default: HashPage()].keep(hash, at: place.slot)
  }
}

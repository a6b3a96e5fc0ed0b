// Five heights of one part of a tree, of which some hashes are known: the unit in which a VerifiedTree takes
// memory. The lowest pages are pieces.

/// Slots are numbered as in a heap: 1 is the node on which the page stands, and which the page above keeps;
/// 2 and 3 are its children, `2n` and `2n + 1` those of `n`; 32 to 63 are the page's lowest row.
struct HashPage: Sendable {
  static let heights = ContentLayout.pieceHeight

  /// Bit `n` is set where the hash of slot `n` is kept.
  private var kept = UInt64(0)
  /// Those kept, in the order of their slots.
  private var hashes: [Digest] = []

  /// Kept itself or to be had from two below it.
  func hash(at slot: Int) -> Digest? {
    if isKept(slot) { return hashes[rank(of: slot)] }
    guard slot < 1 << (Self.heights), let left = hash(at: 2 * slot), let right = hash(at: 2 * slot + 1) else {
      return nil
    }
    return Digest(hashing: left, right)
  }

  mutating func keep(_ hash: Digest, at slot: Int) {
    guard !isKnown(slot) else { return }
    hashes.insert(hash, at: rank(of: slot))
    kept |= 1 << slot
    dropWhatFollows(above: slot)
  }

  /// A kept ancestor has done its work once both its halves are known.
  private mutating func dropWhatFollows(above slot: Int) {
    var ancestor = slot / 2
    while ancestor > 1 {
      if isKept(ancestor), isKnown(2 * ancestor), isKnown(2 * ancestor + 1) {
        hashes.remove(at: rank(of: ancestor))
        kept &= ~(1 << ancestor)
      }
      ancestor /= 2
    }
  }

  private func isKnown(_ slot: Int) -> Bool {
    isKept(slot) || slot < 1 << Self.heights && isKnown(2 * slot) && isKnown(2 * slot + 1)
  }

  private func isKept(_ slot: Int) -> Bool { kept >> slot & 1 == 1 }

  private func rank(of slot: Int) -> Int { (kept & (1 << slot - 1)).nonzeroBitCount }
}

extension HashPage {
  /// Where in the tree's pages a node's hash is kept.
  struct Place {
    let band: Int
    let page: Int
    let slot: Int

    init(of node: Subtree) {
      band = node.height / HashPage.heights
      let depth = HashPage.heights - node.height % HashPage.heights
      page = node.index >> depth
      slot = 1 << depth | node.index & (1 << depth - 1)
    }
  }

  /// Whether the node is in its page's lowest row, and the hashes below it are in another page.
  static func hasPageBelow(_ node: Subtree) -> Bool { node.height % heights == 0 }
}

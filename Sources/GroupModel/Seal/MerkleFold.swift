// The one recursion that a hash tree is: the hash of a node from a run of hashes somewhere below it. What is
// missing on the right is padding: all-zero hashes in place of blocks, as BEP 52 has it.

enum MerkleFold {
  /// `hashes` are those of height `base`, from the left, and at most as many as have room under `height`.
  static func fold(_ hashes: Span<Digest>, from base: Int, to height: Int) -> Digest {
    if hashes.isEmpty { return padding(atHeight: height) }
    if height == base { return hashes[0] }
    let half = min(1 << (height - 1 - base), hashes.count)
    let left = fold(hashes.extracting(..<half), from: base, to: height - 1)
    let right = fold(hashes.extracting(half...), from: base, to: height - 1)
    return Digest(hashing: left, right)
  }

  /// The hashes one height up from all those of `height`.
  static func layer(above hashes: [Digest], atHeight height: Int) -> [Digest] {
    (0..<(hashes.count + 1) / 2).map { index in
      let right = 2 * index + 1
      return Digest(
        hashing: hashes[2 * index], right < hashes.count ? hashes[right] : padding(atHeight: height))
    }
  }

  /// The hash of a node that has nothing of the file below it.
  static func padding(atHeight height: Int) -> Digest { paddings[height] }

  private static let paddings: [Digest] = {
    var paddings = [Digest.zero]
    for _ in 0..<ContentLayout.treeHeightMax {
      paddings.append(Digest(hashing: paddings.last!, paddings.last!))
    }
    return paddings
  }()
}

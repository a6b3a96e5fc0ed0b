// Which blocks of a content somebody holds, wants or waits for, as sorted runs: what is fetched in order is one
// run however much it is. The like of PieceSet, one floor below; on the wire it is `HeldBlocks`.

package struct BlockRuns: Hashable, Sendable {
  /// Ascending, none empty, and a gap between any two.
  package private(set) var runs: [Range<Int>] = []

  package init() {}

  package init(_ run: Range<Int>) {
    if !run.isEmpty { runs = [run] }
  }

  package init(_ blocks: BlockRange) { runs = [blocks.indices] }

  package init(allOf layout: ContentLayout) { self.init(layout.allBlocks) }

  package var isEmpty: Bool { runs.isEmpty }

  /// How many blocks, not how many runs.
  package var count: Int { runs.reduce(0) { $0 + $1.count } }

  package func contains(_ block: Int) -> Bool {
    let index = firstRun { $0.upperBound > block }
    return index < runs.count && runs[index].contains(block)
  }

  /// All of them.
  package func contains(_ blocks: Range<Int>) -> Bool {
    guard !blocks.isEmpty else { return true }
    let index = firstRun { $0.upperBound > blocks.lowerBound }
    guard index < runs.count else { return false }
    return runs[index].lowerBound <= blocks.lowerBound && runs[index].upperBound >= blocks.upperBound
  }

  package mutating func insert(_ blocks: Range<Int>) {
    guard !blocks.isEmpty else { return }
    let touched =
      firstRun { $0.upperBound >= blocks.lowerBound }..<firstRun { $0.lowerBound > blocks.upperBound }
    var whole = blocks
    if let first = runs[touched].first, let last = runs[touched].last {
      whole = min(first.lowerBound, blocks.lowerBound)..<max(last.upperBound, blocks.upperBound)
    }
    runs.replaceSubrange(touched, with: CollectionOfOne(whole))
  }

  package mutating func remove(_ blocks: Range<Int>) {
    guard !blocks.isEmpty else { return }
    let touched =
      firstRun { $0.upperBound > blocks.lowerBound }..<firstRun { $0.lowerBound >= blocks.upperBound }
    guard let first = runs[touched].first, let last = runs[touched].last else { return }
    var left: [Range<Int>] = []
    if first.lowerBound < blocks.lowerBound { left.append(first.lowerBound..<blocks.lowerBound) }
    if last.upperBound > blocks.upperBound { left.append(blocks.upperBound..<last.upperBound) }
    runs.replaceSubrange(touched, with: left)
  }

  package mutating func formUnion(_ other: BlockRuns) {
    for run in other.runs { insert(run) }
  }

  package mutating func subtract(_ other: BlockRuns) {
    for run in other.runs { remove(run) }
  }

  /// The runs are sorted, so that where a condition begins to hold is found by halving.
  private func firstRun(where holds: (Range<Int>) -> Bool) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if holds(runs[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

// Parts of it.
extension BlockRuns {
  /// The part of the first run that ends after `block` which lies at or behind `block`.
  package func run(from block: Int) -> Range<Int>? {
    let index = firstRun { $0.upperBound > block }
    guard index < runs.count else { return nil }
    return max(block, runs[index].lowerBound)..<runs[index].upperBound
  }

  /// What of these blocks is in the set.
  package func overlap(with blocks: Range<Int>) -> BlockRuns {
    var part = BlockRuns()
    var next = blocks.lowerBound
    while next < blocks.upperBound, let run = run(from: next), run.lowerBound < blocks.upperBound {
      part.runs.append(run.clamped(to: blocks))
      next = run.upperBound
    }
    return part
  }

  /// What of these blocks is not in the set.
  package func gaps(in blocks: Range<Int>) -> BlockRuns {
    var gaps = BlockRuns(blocks)
    gaps.subtract(overlap(with: blocks))
    return gaps
  }

  package func overlapCount(with blocks: Range<Int>) -> Int { overlap(with: blocks).count }
}

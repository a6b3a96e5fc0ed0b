// What to ask one peer for next, when nobody waits for anything in particular: a pure function of who holds what.
// Rarest first, so that a group that fetches together soon holds everything between its members; and each of them
// from a place of his own, in order from there, so that they do not all fetch the same and disks write in rows.

internal import GroupModel

/// How many of the known peers hold each block of a content, in runs; blocks that nobody holds are in none.
struct Rarity {
  struct Run: Equatable {
    let blocks: Range<Int>
    let holders: Int
  }

  /// By the number of holders, the fewest first; within one number, ascending.
  let classes: [[Run]]

  init(of holdings: some Sequence<BlockRuns>) {
    var steps: [(block: Int, step: Int)] = []
    for holding in holdings {
      for run in holding.runs {
        steps.append((run.lowerBound, 1))
        steps.append((run.upperBound, -1))
      }
    }
    steps.sort { $0.block < $1.block }
    var byHolders: [Int: [Run]] = [:]
    var holders = 0
    var start = 0
    for (block, step) in steps {
      if block > start, holders > 0 {
        Self.append(start..<block, holders, to: &byHolders[holders, default: []])
      }
      start = block
      holders += step
    }
    classes = byHolders.keys.sorted().map { byHolders[$0, default: []] }
  }

  /// Where one holder's run ends just where another's begins, it goes on.
  private static func append(_ blocks: Range<Int>, _ holders: Int, to runs: inout [Run]) {
    if let last = runs.last, last.blocks.upperBound == blocks.lowerBound {
      runs[runs.count - 1] = Run(blocks: last.blocks.lowerBound..<blocks.upperBound, holders: holders)
    } else {
      runs.append(Run(blocks: blocks, holders: holders))
    }
  }
}

struct BlockPicker {
  /// What is wanted, not here and not asked for.
  let open: BlockRuns
  let held: BlockRuns
  let rarity: Rarity

  /// `held` is what the peer holds. `cursor` is where the last pick for this peer ended, at first the place of our
  /// own. Where that row cannot go on, `chance` (0..<1) says which of all blocks that would do begins the next one:
  /// the next one behind the cursor is most likely just being fetched by another member.
  func pick(cursor: Int, chance: Double, countMax: Int) -> BlockRange? {
    for runs in rarity.classes {
      if let first = first(in: runs, from: cursor), first.lowerBound == cursor {
        return Self.request(first, countMax: countMax)
      }
      if let place = place(in: runs, chance: chance) { return Self.request(place, countMax: countMax) }
    }
    return nil
  }

  /// As many parts are looked at; what is scattered even more is fetched soon enough.
  private static let partsMax = 512

  private func place(in runs: [Rarity.Run], chance: Double) -> Range<Int>? {
    var parts: [Range<Int>] = []
    var next = 0
    while parts.count < Self.partsMax, let part = first(in: runs, from: next) {
      parts.append(part)
      next = part.upperBound
    }
    var left = Int(chance * Double(parts.reduce(0) { $0 + $1.count }))
    for part in parts {
      if left < part.count {
        return max(part.lowerBound, Self.pieceStart(part.lowerBound + left))..<part.upperBound
      }
      left -= part.count
    }
    return parts.last
  }

  /// The first blocks in these runs, at `place` or behind it, that are both wanted and to be had.
  private func first(in runs: [Rarity.Run], from place: Int) -> Range<Int>? {
    for run in runs[Self.index(in: runs, endingBehind: place)...] {
      var next = max(place, run.blocks.lowerBound)
      while next < run.blocks.upperBound {
        guard let wanted = open.run(from: next) else { return nil }
        guard let had = held.run(from: wanted.lowerBound) else { return nil }
        let both = wanted.clamped(to: had).clamped(to: run.blocks)
        if !both.isEmpty { return both }
        next = max(wanted.lowerBound, had.lowerBound)
      }
    }
    return nil
  }

  private static func index(in runs: [Rarity.Run], endingBehind place: Int) -> Int {
    var low = 0
    var high = runs.count
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].blocks.upperBound > place { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private static func pieceStart(_ block: Int) -> Int { block - block % ContentLayout.blocksPerPiece }

  /// One request is for blocks of one piece.
  static func request(_ run: Range<Int>, countMax: Int) -> BlockRange? {
    let pieceEnd = pieceStart(run.lowerBound) + ContentLayout.blocksPerPiece
    return BlockRange(run.lowerBound..<min(run.upperBound, pieceEnd, run.lowerBound + countMax))
  }
}

// Everything that two members say to each other (PROTOCOL.md 7). The bytes of blocks are no part of these
// values: they go from the line to the disk and from the disk to the line without passing through one.

/// What is asked of the other member.
package enum PeerRequest: Hashable, Sendable {
  /// From now on, say what of it comes and goes.
  case join(ContentKey, size: UInt64)
  case blocks(BlocksRequest)
  case hashes(HashesRequest)
}

package struct BlocksRequest: Hashable, Sendable {
  package let key: ContentKey
  package let first: UInt64
  /// 1 to 32.
  package let count: Int
  /// How many hashes of the proof are wanted behind the leaf hashes; nil for no hashes at all.
  package let uncles: Int?
  package let urgency: Urgency

  package init(key: ContentKey, first: UInt64, count: Int, uncles: Int?, urgency: Urgency) {
    self.key = key
    self.first = first
    self.count = count
    self.uncles = uncles
    self.urgency = urgency
  }
}

/// The nodes of height `base` below one node, with its proof.
package struct HashesRequest: Hashable, Sendable {
  package let key: ContentKey
  package let height: Int
  package let index: UInt64
  package let base: Int
  package let uncles: Int

  package init(key: ContentKey, height: Int, index: UInt64, base: Int, uncles: Int) {
    self.key = key
    self.height = height
    self.index = index
    self.base = base
    self.uncles = uncles
  }
}

/// How much somebody needs some blocks. The raw values are on the wire: who serves goes by them within the
/// requests of one line, never between two members.
package enum Urgency: UInt8, Sendable, Comparable, CaseIterable {
  /// Somebody waits for them.
  case now = 0
  /// Somebody will wait for them in a moment.
  case next = 1
  case ahead = 2

  package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

package enum PeerPush: Hashable, Sendable {
  case gained(ContentKey, HeldBlocks)
  case lost(ContentKey, HeldBlocks)
  /// That request need not be answered with bytes.
  case cancel(exchange: UInt32)
  case part(ContentKey)
}

/// Which blocks of a content a member holds, as it says it.
package enum HeldBlocks: Hashable, Sendable {
  case none
  case all
  /// Ascending, none empty, and a gap between any two.
  case some([Range<UInt64>])

  /// Beyond this many separate runs a member names the longest ones.
  package static let runsMax = 4096
}

extension HeldBlocks {
  /// What is left out where there are too many runs is only not said; nothing is said that is not held.
  package init(_ blocks: BlockRuns, in layout: ContentLayout) {
    if blocks.isEmpty {
      self = .none
    } else if blocks.contains(layout.allBlocks.indices) {
      self = .all
    } else {
      self = .some(Self.longest(blocks.runs).map { UInt64($0.lowerBound)..<UInt64($0.upperBound) })
    }
  }

  private static func longest(_ runs: [Range<Int>]) -> [Range<Int>] {
    guard runs.count > runsMax else { return runs }
    return runs.sorted { $0.count > $1.count }.prefix(runsMax).sorted { $0.lowerBound < $1.lowerBound }
  }

  /// nil where it names blocks that the content does not have.
  package func blocks(in layout: ContentLayout) -> BlockRuns? {
    switch self {
    case .none: return BlockRuns()
    case .all: return BlockRuns(allOf: layout)
    case .some(let runs):
      guard let last = runs.last, last.upperBound <= UInt64(layout.blockCount) else { return nil }
      var blocks = BlockRuns()
      for run in runs { blocks.insert(Int(run.lowerBound)..<Int(run.upperBound)) }
      return blocks
    }
  }
}

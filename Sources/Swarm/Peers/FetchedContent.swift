// What is known of one content that somebody here wants: what of it is here, what was asked of whom, who waits.

internal import GroupModel
internal import Link

/// Blocks of which somebody said that he needs them.
struct Demand {
  let blocks: Range<Int>
  let urgency: Urgency
  /// What of them has not come since they were wanted: what has, and was thrown out again, is not fetched for this.
  var toCome: BlockRuns
  var lastProgress: Instant
  let then: FetchQueue.Then
}

/// A whole content that somebody wants.
struct WholeDemand {
  let then: FetchQueue.Then
}

/// Blocks that one peer was asked for.
struct BlockRequest {
  let peer: PeerID
  let content: FetchedContent
  let blocks: BlockRange
  let bytes: Int
  let asked: Instant
  /// Nothing else was asked of the peer at that moment, so that the time it takes is a round trip.
  let wasAlone: Bool
  /// How much may be thrown out to keep it.
  var purpose: FetchPurpose
  var expected: Instant
  /// From here on it is late, and may be asked of others too.
  var due: Instant
  var isLate = false
  /// Here, and being verified.
  var hasLanded = false
  var isCancelled = false
}

/// Touched by its queue only.
final class FetchedContent {
  let key: ContentKey
  let layout: ContentLayout
  var held: BlockRuns
  /// Asked for, not late, and not yet verified.
  var asked = BlockRuns()
  /// Of what is wanted as a whole: not held, not asked for.
  var open = BlockRuns()
  var requests: Set<Ticket> = []
  var demands: [DemandID: Demand] = [:]
  var downloads: [DemandID: WholeDemand] = [:]
  /// What each connected peer holds.
  var holdings: [PeerID: BlockRuns] = [:]
  /// Where in it the next pick for a peer goes on.
  var cursors: [PeerID: Int] = [:]
  let ownStart: Int
  /// Those who may hold it, but are not reached yet.
  var prospects: [Prospect] = []
  /// Nobody has told yet who holds it, but somebody was asked.
  var isBeingLocated = true
  var rarity: Rarity?
  /// Good until then, although something has changed since it was counted.
  var rarityKept = Instant(nanoseconds: 0)
  var rarityIsOld = false
  /// Of its requests, those that are late.
  var lateRequests = 0
  var counters = FetchCounters()

  init(_ key: ContentKey, _ layout: ContentLayout, held: BlockRuns, as me: PeerID, now: Instant) {
    self.key = key
    self.layout = layout
    self.held = held
    ownStart = Int(me.spread(over: key.root) % UInt64(layout.pieceCount)) * ContentLayout.blocksPerPiece
  }

  struct Prospect {
    /// nil where nothing is known of what it holds.
    let pieces: Holding.Pieces

    func mayHold(_ block: Int) -> Bool {
      switch pieces {
      case .none: false
      case .all: true
      case .some(let runs):
        runs.contains { $0.contains(UInt32(block / ContentLayout.blocksPerPiece)) }
      }
    }
  }

  var isComplete: Bool { held.contains(layout.allBlocks.indices) }

  var isWanted: Bool { !demands.isEmpty || !downloads.isEmpty }

  /// Asks nobody and waits for nothing.
  var isIdle: Bool { !isWanted && requests.isEmpty }

  /// What of these blocks is neither here nor on its way.
  func openBlocks(in blocks: Range<Int>) -> BlockRuns {
    var open = held.gaps(in: blocks)
    open.subtract(asked.overlap(with: blocks))
    return open
  }

  func hasSource(for block: Int) -> Bool {
    holdings.values.contains { $0.contains(block) } || prospects.contains { $0.mayHold(block) }
  }

  /// Peers that hold what is not here.
  var sources: [PeerID] {
    holdings.compactMap { peer, theirs in
      var useful = theirs
      useful.subtract(held)
      return useful.isEmpty ? nil : peer
    }
  }

  /// Another request for some of these blocks is on its way.
  func isAskedTwice(_ blocks: Range<Int>, late: (Ticket) -> BlockRequest?) -> Bool {
    if asked.overlapCount(with: blocks) > 0 { return true }
    return lateRequests > 0
      && requests.contains { late($0).map { $0.isLate && $0.blocks.indices.overlaps(blocks) } ?? false }
  }

  /// Of these blocks, somebody waits for one that is not here.
  func isWaitedFor(_ blocks: Range<Int>) -> Bool {
    demands.values.contains { $0.urgency == .now && $0.blocks.overlaps(blocks) } && !held.contains(blocks)
  }
}

/// What fetching cost: in bytes, and how often something was out of the ordinary.
package struct FetchCounters: Hashable, Sendable {
  package var asked = 0
  package var received = 0
  /// Kept, and not here before.
  package var verified = 0
  /// Came although they were here already.
  package var duplicate = 0
  /// Thrown away: forged, or with nothing to verify them by.
  package var wasted = 0
  package var verifiedBlocks = 0
  /// Answers that were not the content's.
  package var forged = 0
  /// Requests for what another peer was asked for too, and had not sent yet.
  package var hedged = 0

  package init() {}

  package static func + (one: Self, other: Self) -> Self {
    var sum = one
    sum.asked += other.asked
    sum.received += other.received
    sum.verified += other.verified
    sum.duplicate += other.duplicate
    sum.wasted += other.wasted
    sum.verifiedBlocks += other.verifiedBlocks
    sum.forged += other.forged
    sum.hedged += other.hedged
    return sum
  }
}

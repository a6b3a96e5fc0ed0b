import GroupModel
import Link
import Testing

@testable import Swarm

/// The pure values that say how much, when and to whom.
@Suite struct LimitTests {
  private func at(_ milliseconds: Int) -> Instant { Instant(nanoseconds: 0) + 1_000 + milliseconds }

  @Test func `a limit is kept over time, however large the messages`() throws {
    for bytes in [1_000, 16_384, 524_288] {
      var bucket = try #require(TokenBucket(bytesPerSecond: 1_000_000, now: at(0)))
      var sent = 0
      for millisecond in 0..<20_000 {
        while bucket.opens(now: at(millisecond)) == nil {
          bucket.take(bytes, now: at(millisecond))
          sent += bytes
        }
      }
      #expect((20_000_000...20_300_000 + bytes).contains(sent))
    }
  }

  @Test func `a bucket says when it opens`() throws {
    var bucket = try #require(TokenBucket(bytesPerSecond: 1_000_000, now: at(0)))
    #expect(bucket.opens(now: at(0)) == nil)
    bucket.take(1_250_000, now: at(0))
    let waits = bucket.opens(now: at(0))
    let opens = try #require(waits)
    #expect(opens > at(990) && opens < at(1_010))
    #expect(bucket.opens(now: opens) == nil)
    #expect(TokenBucket(bytesPerSecond: nil, now: at(0)) == nil)
  }

  @Test func `turns are equal in bytes, whatever the messages' size`() {
    var queue = FairQueue<String>()
    queue.join("small")
    queue.join("large")
    var served: [String: Int] = [:]
    for _ in 0..<1000 {
      let next = queue.next { _ in true } ?? ""
      let bytes = next == "small" ? 16_384 : 524_288
      queue.charge(next, bytes: bytes)
      served[next, default: 0] += bytes
    }
    #expect(abs(served["small", default: 0] - served["large", default: 0]) <= 524_288)
  }

  @Test func `a silence saves nothing up, and leaving does not help who is ahead`() {
    var queue = FairQueue<String>()
    queue.join("one")
    for _ in 0..<100 { queue.charge("one", bytes: 1_000_000) }
    queue.join("two")
    var twos = 0
    for _ in 0..<100 {
      let next = queue.next { _ in true } ?? ""
      queue.charge(next, bytes: 1_000_000)
      if next == "two" { twos += 1 }
      if next == "one" {
        queue.leave("one")
        queue.join("one")
      }
    }
    #expect((45...55).contains(twos))
  }

  @Test func `who cannot be served now does not hold up the others`() {
    var queue = FairQueue<String>()
    queue.join("full")
    queue.join("ready")
    #expect(queue.next { $0 != "full" } == "ready")
    #expect(queue.next { _ in false } == nil)
  }

  @Test func `a fast peer is asked for much, a slow one for little`() {
    var fast = PeerPace()
    var slow = PeerPace()
    for step in 0..<200 {
      fast.asked(500_000, now: at(step * 10))
      fast.delivered(500_000, now: at(step * 10 + 9))
      slow.asked(16_384, now: at(step * 1000))
      slow.delivered(16_384, now: at(step * 1000 + 990))
    }
    #expect((30e6...80e6).contains(fast.rate))
    #expect((15e3...18e3).contains(slow.rate))
    // The first of a row is short; what follows while it is under way is not.
    #expect(fast.requestBlocks(whileReading: false) == 1)
    fast.asked(16_384, now: at(2_000))
    #expect(fast.requestBlocks(whileReading: false) > 16)
    #expect(slow.requestBlocks(whileReading: false) == 1)
    #expect(fast.depth(whileReading: true) < fast.depth(whileReading: false))
    #expect(fast.expectedSeconds(for: 1 << 20) < slow.expectedSeconds(for: 16_384))
  }

  @Test func `two answers waited for in vain, and only a block is asked for`() {
    var pace = PeerPace()
    pace.asked(16_384, now: at(0))
    pace.wasLate()
    #expect(!pace.isSnubbed)
    pace.wasLate()
    #expect(pace.isSnubbed)
    #expect(pace.depth(whileReading: false) == ContentLayout.blockBytes)
    pace.delivered(16_384, now: at(5_000))
    #expect(!pace.isSnubbed)
  }

  @Test func `what one asks for most urgently is served first, and what is taken back is not`() {
    var desk = ServingDesk()
    let key = ContentKey(group: GroupID(1), root: ContentRoot(.zero))
    func job(_ exchange: UInt32, _ urgency: Urgency) -> ServingJob {
      ServingJob(
        exchange, .blocks(BlocksRequest(key: key, first: 0, count: 1, uncles: nil, urgency: urgency)))
    }
    for (exchange, urgency) in [(1, .ahead), (2, .ahead), (3, .now), (4, .next), (5, .now)]
      as [(UInt32, Urgency)]
    {
      desk.add(job(exchange, urgency))
    }
    #expect(desk.cancel(2)?.exchange == 2)
    #expect(desk.cancel(9) == nil)
    #expect([desk.pop(), desk.pop(), desk.pop(), desk.pop()].map { $0?.exchange } == [3, 5, 4, 1])
    #expect(desk.runningBytes == 4 * 16_384)
    #expect(desk.cancel(4) == nil)
    #expect(desk.running[4]?.isCancelled == true)
  }

  @Test func `changes that undo each other are not told twice`() {
    var changes = HeldChanges()
    changes.note(gained: BlockRuns(0..<10), lost: BlockRuns())
    changes.note(gained: BlockRuns(), lost: BlockRuns(5..<7))
    #expect(changes.gained.runs == [0..<5, 7..<10])
    #expect(changes.lost.runs == [5..<7])
    changes.note(gained: BlockRuns(5..<6), lost: BlockRuns())
    #expect(changes.lost.runs == [6..<7])
  }
}

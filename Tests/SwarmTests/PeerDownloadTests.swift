import GroupModel
import Link
import Testing
import Visitors

@testable import Swarm

/// Whole files over real lines: TLS both ways, on the loopback.
@Suite(.serialized) struct PeerDownloadTests {
  let network: TestSwarms

  init() throws { network = try TestSwarms() }

  private static let large = TestFile(count: 64 << 20 + 12_345)
  private static let small = TestFile(count: 5 << 20 + 1)

  @Test func `a file comes whole from one who has it`() throws {
    let file = Self.large
    let seed = try network.join("alice")
    let bob = try network.join("bob")
    seed.shares(file)
    let content = bob.wants(file)
    #expect(try bob.downloads(file, into: content, from: [seed]).outcome() == .done)
    #expect(content.bytes == file.bytes)
    let counters = bob.counters
    #expect(counters.verified == file.bytes.count)
    #expect(counters.duplicate == 0 && counters.wasted == 0)
    #expect(counters.asked == file.bytes.count)
  }

  @Test(arguments: [1, 16_384, 16_385, 524_288, 524_289, 1_000_000])
  func `a file of any size comes whole`(count: Int) throws {
    let file = TestFile(count: count)
    let seed = try network.join("alice")
    let bob = try network.join("bob")
    seed.shares(file)
    let content = bob.wants(file)
    #expect(try bob.downloads(file, into: content, from: [seed]).outcome() == .done)
    #expect(content.bytes == file.bytes)
  }

  @Test(arguments: [1, 2, 3])
  func `who has nothing of a tiny file says so, and keeps his line`(count: Int) throws {
    let file = TestFile(count: count)
    let (alice, carol) = (try network.join("alice"), try network.join("carol"))
    alice.shares(file)
    carol.shares(file, only: BlockRuns())
    let bob = try network.join("bob")
    let content = bob.wants(file)
    // He believes that she has it, and asks: her refusal is longer than the file.
    let read = bob.reads(0..<1, of: file, into: content)
    bob.swarm.holders(of: file.key, [carol.holder()])
    #expect(eventually { carol.swarm.statistics().map { $0.refusals > 0 } ?? false })
    bob.swarm.holders(of: file.key, [carol.holder(), alice.holder()])
    _ = try read.outcome.outcome()
    #expect(try bob.downloads(file, into: content, from: [carol, alice]).outcome() == .done)
    #expect(content.bytes == file.bytes)
    let statistics = try #require(bob.swarm.statistics())
    #expect(Set(statistics.peers.map(\.peer.user)) == [alice.user, carol.user])
    #expect(carol.swarm.statistics()?.peers.count == 1 && statistics.liars == 0)
  }

  @Test func `where there is no room for a guess, who waits gets what he waits for`() throws {
    let file = Self.small
    var limits = SwarmLimits()
    limits.upRate = 2 << 20
    let (slow, fast) = (try network.join("slow", limits: limits), try network.join("fast"))
    slow.shares(file, only: BlockRuns(0..<100))
    fast.shares(file, only: BlockRuns(100..<200))
    let bob = try network.join("bob")
    let content = bob.wants(file)
    content.hasNoRoomForGuesses()
    let ahead = bob.reads(50..<160, of: file, into: content, .ahead)
    let next = bob.reads(160..<200, of: file, into: content, .next)
    let now = bob.reads(0..<100, of: file, into: content)
    bob.swarm.holders(of: file.key, [slow.holder(), fast.holder()])
    #expect(try ahead.outcome.outcome() == .failed(.disk(.full)))
    #expect(try next.outcome.outcome() == .failed(.disk(.full)))
    #expect(try now.outcome.outcome() == .done)
    #expect(content.holds(BlockRange(0..<100)!))
  }

  @Test func `four who have it share the work`() throws {
    let file = Self.large
    let seeds = try (0..<4).map { try network.join("seed\($0)") }
    for seed in seeds { seed.shares(file) }
    let bob = try network.join("bob")
    let content = bob.wants(file)
    #expect(try bob.downloads(file, into: content, from: seeds).outcome() == .done)
    #expect(content.bytes == file.bytes)
    let statistics = try #require(bob.swarm.statistics())
    #expect(statistics.peers.count == 4)
    #expect(statistics.peers.allSatisfy { $0.receivedBytes > 0 })
    #expect(statistics.counters.wasted == 0)
  }

  @Test func `four who have a quarter each give the whole`() throws {
    let file = Self.large
    let seeds = try (0..<4).map { try network.join("seed\($0)") }
    let quarter = file.tree.layout.blockCount / 4
    for (number, seed) in seeds.enumerated() {
      let end = number == 3 ? file.tree.layout.blockCount : (number + 1) * quarter
      seed.shares(file, only: BlockRuns(number * quarter..<end))
    }
    let bob = try network.join("bob")
    let content = bob.wants(file)
    // The tracker does not know better than that all have something.
    #expect(try bob.downloads(file, into: content, from: seeds).outcome() == .done)
    #expect(content.bytes == file.bytes)
    #expect(bob.counters.wasted == 0)
  }

  @Test func `two complete each other when the origin is gone`() throws {
    let file = Self.large
    var origin: TestMember? = try network.join("origin")
    let half = file.tree.layout.blockCount / 2
    try #require(origin).shares(file)
    let one = try network.join("one")
    let two = try network.join("two")
    let ones = one.wants(file)
    let twos = two.wants(file)
    // Each has got the half that the other lacks.
    let first = one.reads(0..<half, of: file, into: ones)
    one.swarm.holders(of: file.key, [try #require(origin).holder()])
    let second = two.reads(half..<file.tree.layout.blockCount, of: file, into: twos)
    two.swarm.holders(of: file.key, [try #require(origin).holder()])
    #expect(try first.outcome.outcome() == .done)
    #expect(try second.outcome.outcome() == .done)
    origin = nil
    let onesEnd = one.downloads(file, into: ones, from: [two], pieces: .none)
    let twosEnd = two.downloads(file, into: twos, from: [one], pieces: .none)
    #expect(try onesEnd.outcome() == .done)
    #expect(try twosEnd.outcome() == .done)
    #expect(ones.bytes == file.bytes)
    #expect(twos.bytes == file.bytes)
    #expect(one.counters.verified == file.bytes.count)
  }

  @Test func `what came while others download is told to them`() throws {
    let file = Self.small
    let origin = try network.join("origin")
    origin.shares(file)
    let one = try network.join("one")
    let two = try network.join("two")
    let ones = one.wants(file)
    let twos = two.wants(file)
    // Two knows of one only, who has nothing yet.
    let twosEnd = two.downloads(file, into: twos, from: [one], pieces: .none)
    try two.finder.finds.wait(for: "two's search") { !$0.isEmpty }
    #expect(try one.downloads(file, into: ones, from: [origin]).outcome() == .done)
    #expect(try twosEnd.outcome() == .done)
    #expect(twos.bytes == file.bytes)
  }

  @Test func `after a restart nothing is fetched again`() throws {
    let file = Self.large
    let seed = try network.join("alice")
    seed.shares(file)
    var bob: TestMember? = try network.join("bob")
    let content = try #require(bob).wants(file)
    let third = file.tree.layout.blockCount / 3
    let read = try #require(bob).reads(0..<third, of: file, into: content, .ahead)
    try #require(bob).swarm.holders(of: file.key, [seed.holder()])
    #expect(try read.outcome.outcome() == .done)
    bob = nil
    let again = try network.join("bob")
    again.shelf.put(content, as: file.key)
    let before = content.heldRuns().count
    #expect(before >= third)
    #expect(try again.downloads(file, into: content, from: [seed]).outcome() == .done)
    #expect(content.bytes == file.bytes)
    let layout = file.tree.layout
    let heldBytes = (0..<before).reduce(0) { $0 + layout.bytes(ofBlock: $1).count }
    #expect(again.counters.asked == file.bytes.count - heldBytes)
  }

  @Test func `a download can be stopped, and what came stays`() throws {
    let file = Self.large
    var limits = SwarmLimits()
    limits.upRate = 4 << 20
    let seed = try network.join("alice", limits: limits)
    seed.shares(file)
    let bob = try network.join("bob")
    let content = bob.wants(file)
    let outcome = Awaitable<[Outcome]>([])
    let handle = bob.swarm.fetchAll(file.key, into: content) { result in
      outcome.change { $0.append(Outcome(result)) }
    }
    bob.swarm.holders(of: file.key, [seed.holder()])
    #expect(try bob.reads(0..<32, of: file, into: content).outcome.outcome() == .done)
    handle.cancel()
    #expect(try outcome.outcome() == .failed(.cancelled))
    #expect(content.heldRuns().contains(0..<32))
  }
}

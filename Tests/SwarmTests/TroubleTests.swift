import GroupModel
import Link
import Testing
import Visitors

@testable import Swarm

/// Peers that lie, stall, vanish or may not.
@Suite(.serialized) struct TroubleTests {
  let network: TestSwarms
  private static let file = TestFile(count: 24 << 20)

  init() throws { network = try TestSwarms() }

  @Test func `a liar among three is dropped, and nothing wrong is kept`() throws {
    let file = Self.file
    let seeds = try (0..<3).map { try network.join("seed\($0)") }
    for seed in seeds { seed.shares(file).lie(about: BlockRuns()) }
    seeds[1].shares(file).lie(about: BlockRuns(allOf: file.tree.layout))
    let bob = try network.join("bob")
    let content = bob.wants(file)
    #expect(try bob.downloads(file, into: content, from: seeds).outcome() == .done)
    #expect(content.bytes == file.bytes)
    let statistics = try #require(bob.swarm.statistics())
    #expect(!statistics.peers.contains { $0.peer.user == seeds[1].user })
    #expect(content.forged > 0 && content.forged < 70)
    // It is remembered: its line is refused from now on.
    bob.swarm.holders(of: file.key, [seeds[1].holder()])
    let more = bob.reads(0..<1, of: file, into: bob.wants(file))
    #expect(try more.outcome.outcome() == .failed(.noSource) || content.heldRuns().contains(0))
  }

  @Test func `with nobody but a liar there is no source`() throws {
    let file = Self.file
    let seed = try network.join("liar")
    seed.shares(file).lie(about: BlockRuns(allOf: file.tree.layout))
    let bob = try network.join("bob")
    let content = bob.wants(file)
    let read = bob.reads(0..<4, of: file, into: content)
    bob.swarm.holders(of: file.key, [seed.holder()])
    #expect(try read.outcome.outcome() == .failed(.noSource))
    #expect(content.heldRuns().isEmpty)
  }

  @Test func `what nobody holds fails at once`() throws {
    let file = Self.file
    let bob = try network.join("bob")
    let content = bob.wants(file)
    let began = Instant.now
    let read = bob.reads(0..<4, of: file, into: content)
    bob.swarm.holders(of: file.key, [])
    #expect(try read.outcome.outcome() == .failed(.noSource))
    #expect(Instant.now.milliseconds(after: began) < 1000)
  }

  @Test func `who may have come back since nobody had it is found before a read fails`() throws {
    let file = Self.file
    let (seed, bob) = (try network.join("seed"), try network.join("bob"))
    seed.shares(file)
    let content = bob.wants(file)
    let first = bob.reads(0..<4, of: file, into: content)
    bob.swarm.holders(of: file.key, [])
    #expect(try first.outcome.outcome() == .failed(.noSource))
    let second = bob.reads(0..<4, of: file, into: content)
    _ = try bob.finder.finds.wait(for: "the tracker is asked again") { $0.count == 2 }
    bob.swarm.holders(of: file.key, [seed.holder()])
    #expect(try second.outcome.outcome() == .done)
    #expect(bob.finder.finds.now.count == 2)
  }

  @Test func `a holder that cannot be reached is no source`() throws {
    let file = Self.file
    let bob = try network.join("bob")
    var gone: TestMember? = try network.join("gone")
    let holder = try #require(gone).holder()
    gone = nil
    let read = bob.reads(0..<4, of: file, into: bob.wants(file))
    bob.swarm.holders(of: file.key, [holder])
    #expect(try read.outcome.outcome() == .failed(.noSource))
  }

  @Test func `a holder that answers nothing is given up in time`() throws {
    let file = Self.file
    var limits = SwarmLimits()
    limits.readMilliseconds = 1_000
    let bob = try network.join("bob", limits: limits)
    network.members.add(try #require(UserName("mute")), to: TestSwarms.group)
    let mute = try RawPeer("mute", as: network.credential("mute"), pin: network.pin) {
      line, request, exchange in
      if case .join = request { line.answerJoin(exchange, .all) }
    }
    let read = bob.reads(0..<4, of: file, into: bob.wants(file))
    bob.swarm.holders(of: file.key, [mute.holder])
    #expect(try read.outcome.outcome() == .failed(.timedOut))
  }

  @Test func `a read does not wait for one that has stalled`() throws {
    let file = Self.file
    let bob = try network.join("bob")
    let seed = try network.join("alice")
    seed.shares(file)
    network.members.add(try #require(UserName("mute")), to: TestSwarms.group)
    let mute = try RawPeer("mute", as: network.credential("mute"), pin: network.pin) {
      line, request, exchange in
      if case .join = request { line.answerJoin(exchange, .all) }
    }
    let content = bob.wants(file)
    bob.swarm.prepare(file.key, content)
    bob.swarm.holders(of: file.key, [mute.holder, seed.holder()])
    for start in stride(from: 0, to: 320, by: 32) {
      let began = Instant.now
      let read = bob.reads(start..<start + 16, of: file, into: content)
      #expect(try read.outcome.outcome() == .done)
      #expect(Instant.now.milliseconds(after: began) < 2000)
    }
    #expect(try bob.downloads(file, into: content, from: [seed]).outcome() == .done)
    #expect(content.bytes == file.bytes)
  }

  @Test func `one that vanishes in the middle is done without`() throws {
    let file = Self.file
    var limits = SwarmLimits()
    limits.upRate = 8 << 20
    var vanishing: TestMember? = try network.join("vanishing", limits: limits)
    try #require(vanishing).shares(file)
    let seed = try network.join("alice", limits: limits)
    seed.shares(file)
    let bob = try network.join("bob")
    let content = bob.wants(file)
    let outcome = bob.downloads(file, into: content, from: [seed, try #require(vanishing)])
    #expect(try bob.reads(0..<64, of: file, into: content).outcome.outcome() == .done)
    vanishing = nil
    #expect(try outcome.outcome() == .done)
    #expect(content.bytes == file.bytes)
  }

  @Test func `what was evicted behind our back is fetched again`() throws {
    let file = Self.file
    let seed = try network.join("alice")
    seed.shares(file)
    let bob = try network.join("bob")
    let content = bob.wants(file)
    let first = bob.reads(0..<64, of: file, into: content)
    bob.swarm.holders(of: file.key, [seed.holder()])
    #expect(try first.outcome.outcome() == .done)
    content.keepOnly(BlockRuns(0..<32))
    #expect(try bob.reads(0..<64, of: file, into: content).outcome.outcome() == .done)
    #expect(content.heldRuns().contains(0..<64))
  }

  @Test func `one who called off does not end another's wait`() throws {
    let file = Self.file
    var limits = SwarmLimits()
    limits.upRate = 1 << 20
    let seed = try network.join("alice", limits: limits)
    seed.shares(file)
    let bob = try network.join("bob")
    let content = bob.wants(file)
    let one = bob.reads(0..<32, of: file, into: content)
    let two = bob.reads(0..<32, of: file, into: content)
    one.handle.cancel()
    bob.swarm.holders(of: file.key, [seed.holder()])
    #expect(try one.outcome.outcome() == .failed(.cancelled))
    #expect(try two.outcome.outcome() == .done)
  }

  @Test func `a member that is removed gets nothing more within two seconds`() throws {
    let file = Self.file
    var limits = SwarmLimits()
    limits.upRate = 4 << 20
    let seed = try network.join("alice", limits: limits)
    seed.shares(file)
    let bob = try network.join("bob")
    let content = bob.wants(file)
    _ = bob.downloads(file, into: content, from: [seed])
    #expect(try bob.reads(0..<32, of: file, into: content).outcome.outcome() == .done)
    network.members.remove(bob.user, from: TestSwarms.group)
    seed.swarm.cutOff(bob.user, from: TestSwarms.group)
    let cut = Instant.now
    while Instant.now.milliseconds(after: cut) < 1500 { _ = seed.swarm.statistics() }
    let then = content.heldRuns().count
    while Instant.now.milliseconds(after: cut) < 2500 { _ = seed.swarm.statistics() }
    #expect(content.heldRuns().count == then)
    #expect(then < file.tree.layout.blockCount)
    let read = bob.reads(
      file.tree.layout.blockCount - 1..<file.tree.layout.blockCount, of: file, into: content)
    #expect(try read.outcome.outcome() != .done)
  }

  @Test func `who is in no group with us gets nothing`() throws {
    let file = Self.file
    let seed = try network.join("alice")
    let content = seed.shares(file)
    let stranger = try RawPeer("eve", as: network.credential("eve"), pin: network.pin)
    try stranger.dial(seed, as: network.credential("eve"), pin: network.pin)
    stranger.ask(.join(file.key, size: UInt64(file.bytes.count)))
    stranger.ask(
      .blocks(BlocksRequest(key: file.key, first: 0, count: 1, uncles: nil, urgency: .now)))
    stranger.ask(.hashes(HashesRequest(key: file.key, height: 5, index: 0, base: 0, uncles: 0)))
    let record = try stranger.record.wait(for: "three refusals") { $0.answers.count == 3 }
    #expect(record.answers.allSatisfy { $0.kind == PeerKind.refusal && $0.body[0] == Refusal.notMember.code })
    #expect(content.reads == 0)
  }
}

import GroupModel
import Link
import Testing
import Visitors

@testable import Swarm

/// Members of the group with bad manners. What they do costs them their line, and nobody else anything.
@Suite(.serialized) struct HostilePeerTests {
  let network: TestSwarms
  let alice: TestMember
  let eve: RawPeer
  private static let file = TestFile(count: 8 << 20)

  init() throws {
    network = try TestSwarms()
    alice = try network.join("alice")
    alice.shares(Self.file)
    network.members.add(try #require(UserName("eve")), to: TestSwarms.group)
    eve = try RawPeer("eve", as: network.credential("eve"), pin: network.pin)
    try eve.dial(alice, as: network.credential("eve"), pin: network.pin)
  }

  private func blocks(_ first: UInt64, _ count: Int, uncles: Int? = nil) -> PeerRequest {
    .blocks(BlocksRequest(key: Self.file.key, first: first, count: count, uncles: uncles, urgency: .now))
  }

  private func othersAreServed() throws {
    let bob = try network.join("bob")
    let content = bob.wants(Self.file)
    #expect(try bob.downloads(Self.file, into: content, from: [alice]).outcome() == .done)
    #expect(content.bytes == Self.file.bytes)
  }

  @Test(
    arguments: [
      (512, 1), (511, 2), (31, 2), (0, 0), (UInt64.max, 1), (UInt64(Int64.max), 32),
    ] as [(UInt64, Int)])
  func `requests outside the content are refused, and the line stays`(first: UInt64, count: Int) throws {
    guard count > 0 else { return }
    eve.ask(blocks(first, count))
    let answer = try eve.record.wait(for: "a refusal") { !$0.answers.isEmpty }.answers[0]
    #expect(answer.kind == PeerKind.refusal && answer.body[0] == Refusal.malformed.code)
    eve.ask(blocks(0, 1))
    let record = try eve.record.wait(for: "a block") { $0.answers.count == 2 }
    #expect(record.answers[1].body.count == 16_384)
    #expect(record.ends.isEmpty)
  }

  @Test(
    arguments: [
      (5, 0, 0, 99), (9, 1, 0, 0), (13, 0, 3, 0), (255, 0, 0, 0), (9, 0, 5, 1), (60, 1 << 40, 0, 0),
    ]
      as [(Int, UInt64, Int, Int)])
  func `hashes of nodes that are none are refused`(height: Int, index: UInt64, base: Int, uncles: Int) throws
  {
    eve.ask(
      .hashes(HashesRequest(key: Self.file.key, height: height, index: index, base: base, uncles: uncles)))
    let answer = try eve.record.wait(for: "a refusal") { !$0.answers.isEmpty }.answers[0]
    #expect(answer.kind == PeerKind.refusal)
  }

  @Test func `hashes prove to be the content's`() throws {
    eve.ask(.hashes(HashesRequest(key: Self.file.key, height: 5, index: 3, base: 0, uncles: 4)))
    let answer = try eve.record.wait(for: "hashes") { !$0.answers.isEmpty }.answers[0]
    #expect(answer.kind == PeerKind.hashes && answer.body.count == (32 + 4) * Digest.byteCount)
    let digests = answer.body.withUnsafeBytes { Array($0.bindMemory(to: Digest.self)) }
    let layout = Self.file.tree.layout
    let proof = MerkleProof(
      of: try #require(Subtree(height: 5, index: 3, in: layout)), uncles: Array(digests[32...]))
    let leaves = Array(digests[..<32])
    let isProved = proof.verifies(leaves: leaves.span, root: Self.file.tree.root, layout: layout)
    #expect(isProved)
  }

  @Test(
    arguments: [
      (PeerKind.blocks, 48, 0), (PeerKind.blocks, 48, 33), (PeerKind.blocks, 49, 99),
      (PeerKind.blocks, 50, 9),
      (9, 0, 0), (PeerKind.refusal, 0, 0),
    ] as [(UInt8, Int, UInt8)])
  func `absurd messages end the line, and only that`(kind: UInt8, index: Int, byte: UInt8) throws {
    var writer = WireWriter()
    blocks(0, 1, uncles: 0).write(to: &writer)
    var bytes = writer.bytes
    bytes[index] = byte
    eve.ask(kind, bytes)
    try eve.record.wait(for: "the end") { !$0.ends.isEmpty }
    try othersAreServed()
  }

  @Test func `a content that is not here is refused, and says nothing about itself`() throws {
    let other = ContentKey(group: TestSwarms.group, root: ContentRoot(.zero))
    let elsewhere = ContentKey(group: GroupID(99), root: Self.file.key.root)
    eve.ask(.join(other, size: 5))
    eve.ask(.join(elsewhere, size: UInt64(Self.file.bytes.count)))
    eve.ask(.join(Self.file.key, size: 5))
    let answers = try eve.record.wait(for: "refusals") { $0.answers.count == 3 }.answers
    #expect(Set(answers.map { $0.body[0] }) == [Refusal.noSuchFile.code, Refusal.notMember.code])
  }

  @Test func `who asks and never reads costs little, and loses nothing for others`() throws {
    // Its loop is kept busy: nothing that alice sends is read.
    let stuck = Semaphore()
    for number in 0..<2000 { eve.ask(blocks(UInt64(number % 16) * 32, 32)) }
    eve.loop.post { stuck.wait() }
    try othersAreServed()
    let statistics = try #require(alice.swarm.statistics())
    #expect(statistics.lentBytes < 8 << 20)
    stuck.signal()
    try eve.record.wait(for: "all answers after all") { $0.answers.count == 2000 || !$0.ends.isEmpty }
  }

  @Test func `floods of joins are bounded`() throws {
    for number in 0..<3000 {
      var root = Digest.zero
      withUnsafeMutableBytes(of: &root) { $0.storeBytes(of: number, as: Int.self) }
      eve.ask(.join(ContentKey(group: TestSwarms.group, root: ContentRoot(root)), size: 1))
      eve.push(.part(ContentKey(group: TestSwarms.group, root: ContentRoot(root))))
    }
    let record = try eve.record.wait(for: "refusals") { $0.answers.count == 3000 }
    #expect(record.answers.allSatisfy { $0.kind == PeerKind.refusal })
    try othersAreServed()
  }

  @Test func `floods of news that nobody wants end the line`() throws {
    for _ in 0..<1500 { eve.push(.gained(Self.file.key, .some([0..<1]))) }
    try eve.record.wait(for: "the end") { !$0.ends.isEmpty }
    try othersAreServed()
  }

  @Test func `cancelling what was never asked is nothing`() throws {
    for exchange in 0..<5000 as Range<UInt32> { eve.push(.cancel(exchange: exchange)) }
    eve.ask(blocks(0, 1))
    try eve.record.wait(for: "a block") { $0.answers.count == 1 }
    try othersAreServed()
  }

  @Test func `what was taken back before it was read is answered without its bytes`() throws {
    var limits = SwarmLimits()
    limits.upRate = 64 << 10
    let slow = try network.join("slow", limits: limits)
    slow.shares(Self.file)
    let frank = try RawPeer("eve", as: network.credential("eve"), pin: network.pin)
    try frank.dial(slow, as: network.credential("eve"), pin: network.pin)
    for number in 0..<8 { frank.ask(blocks(UInt64(number) * 32, 32)) }
    for exchange in 3...8 as ClosedRange<UInt32> { frank.push(.cancel(exchange: exchange)) }
    let record = try frank.record.wait(for: "six refusals") { record in
      record.answers.count { $0.kind == PeerKind.refusal } == 6
    }
    #expect(
      record.answers.filter { $0.kind == PeerKind.refusal }.allSatisfy { $0.body[0] == Refusal.busy.code })
  }

  @Test func `an answer that nobody asked for ends the line`() throws {
    eve.onLine { line in
      // An answer needs a request; this is a push of a kind that is none.
      line.push(200, [1, 2, 3])
    }
    try eve.record.wait(for: "the end") { !$0.ends.isEmpty }
    try othersAreServed()
  }
}

/// The other side of it: members that answer wrongly.
@Suite(.serialized) struct HostileAnswerTests {
  let network: TestSwarms
  private static let file = TestFile(count: 4 << 20)

  init() throws { network = try TestSwarms() }

  private func reads(from whenAsked: @escaping RawPeer.Asked) throws -> (Outcome, MemoryContent, RawPeer) {
    network.members.add(try #require(UserName("eve")), to: TestSwarms.group)
    var limits = SwarmLimits()
    limits.readMilliseconds = 3_000
    let eve = try RawPeer("eve", as: network.credential("eve"), pin: network.pin, whenAsked: whenAsked)
    let bob = try network.join("bob", limits: limits)
    let content = bob.wants(Self.file)
    let read = bob.reads(0..<4, of: Self.file, into: content)
    bob.swarm.holders(of: Self.file.key, [eve.holder])
    return (try read.outcome.outcome(), content, eve)
  }

  @Test(arguments: [0, 1, 16_384, 4 * 16_384, 100_000, 1 << 20])
  func `answers of a wrong length end the line`(count: Int) throws {
    let (outcome, content, eve) = try reads { line, request, exchange in
      if case .join = request { return line.answerJoin(exchange, .all) }
      line.answer(exchange, PeerKind.blocks, [UInt8](repeating: 7, count: count))
    }
    #expect(outcome == .failed(.noSource))
    #expect(content.heldRuns().isEmpty)
    try eve.record.wait(for: "the end") { !$0.ends.isEmpty }
  }

  @Test func `wrong proofs end the line`() throws {
    let (outcome, content, _) = try reads { line, request, exchange in
      guard case .blocks(let blocks) = request else { return line.answerJoin(exchange, .all) }
      let hashes = (32 + (blocks.uncles ?? 0)) * Digest.byteCount
      line.answer(exchange, PeerKind.blocks, [UInt8](repeating: 7, count: hashes + blocks.count * 16_384))
    }
    #expect(outcome == .failed(.noSource))
    #expect(content.heldRuns().isEmpty)
  }

  @Test func `right proofs and wrong bytes end the line`() throws {
    let tree = Self.file.tree
    let (outcome, content, _) = try reads { line, request, exchange in
      guard case .blocks(let blocks) = request else { return line.answerJoin(exchange, .all) }
      var writer = WireWriter()
      let piece = Subtree(piece: Int(blocks.first) / 32, in: tree.layout)!
      let list = tree.hashList(of: piece, base: 0, uncleCount: blocks.uncles ?? 0)!
      for hash in list.hashes + list.proof.uncles { hash.withBytes { writer.raw($0) } }
      writer.raw([UInt8](repeating: 7, count: blocks.count * 16_384))
      line.answer(exchange, PeerKind.blocks, writer.bytes)
    }
    #expect(outcome == .failed(.noSource))
    #expect(content.heldRuns().isEmpty)
    #expect(content.forged > 0)
  }

  @Test(arguments: [Refusal.busy, .noSuchFile, .notMember, .malformed])
  func `who claims all and gives nothing is soon no source`(refusal: Refusal) throws {
    let (outcome, content, eve) = try reads { line, request, exchange in
      if case .join = request { return line.answerJoin(exchange, .all) }
      line.refuse(exchange, refusal)
    }
    #expect(outcome == .failed(.noSource) || outcome == .failed(.timedOut))
    #expect(content.heldRuns().isEmpty)
    #expect(eve.record.now.asked.count < 50)
  }

  @Test func `claims beyond the content end the line`() throws {
    let (outcome, _, eve) = try reads { line, request, exchange in
      line.answerJoin(exchange, .some([0..<1 << 40]))
    }
    #expect(outcome != .done)
    try eve.record.wait(for: "the end") { !$0.ends.isEmpty }
  }
}

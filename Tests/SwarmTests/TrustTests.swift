import GroupModel
import Link
import Testing
import Visitors

@testable import Swarm

/// Whom a member speaks to at all.
@Suite(.serialized) struct TrustTests {
  let network: TestSwarms
  private static let file = TestFile(count: 1 << 20)

  init() throws { network = try TestSwarms() }

  private func end(dialling member: TestMember, as credential: Credential?, pin: Pin? = nil) throws
    -> LineEnd?
  {
    let raw = try RawPeer("mallory", as: network.credential("mallory"), pin: network.pin)
    try raw.dial(member, as: credential, pin: pin ?? network.pin)
    // A client's handshake is done before the server has seen its certificate.
    raw.ask(.join(Self.file.key, size: 1))
    let record = try raw.record.wait(for: "an answer or the end") { !$0.answers.isEmpty || !$0.ends.isEmpty }
    return record.ends.first
  }

  @Test func `a member of the network is spoken to`() throws {
    let alice = try network.join("alice")
    #expect(try end(dialling: alice, as: network.credential("mallory")) == nil)
  }

  @Test func `who shows no certificate is turned away`() throws {
    let alice = try network.join("alice")
    #expect(try end(dialling: alice, as: nil) != nil)
  }

  @Test func `a tracker's certificate is turned away`() throws {
    let alice = try network.join("alice")
    #expect(try end(dialling: alice, as: network.tracker()) != nil)
  }

  @Test func `a certificate that has expired is turned away`() throws {
    let alice = try network.join("alice")
    let old = try network.credential("mallory", now: secondsSince1970() - 2 * 86_400)
    #expect(try end(dialling: alice, as: old) != nil)
  }

  @Test func `a line ends with the certificate that it was opened with`() throws {
    var limits = SwarmLimits()
    limits.sweepMilliseconds = 100
    let alice = try network.join("alice", limits: limits)
    let raw = try RawPeer("mallory", as: network.credential("mallory"), pin: network.pin)
    network.members.add(try #require(UserName("mallory")), to: TestSwarms.group)
    let short = try network.credential("mallory", forSeconds: 2)
    try raw.dial(alice, as: short, pin: network.pin)
    raw.ask(.join(Self.file.key, size: 1))
    try raw.record.wait(for: "an answer") { !$0.answers.isEmpty }
    #expect(raw.record.now.ends.isEmpty)
    try raw.record.wait(for: "the end") { !$0.ends.isEmpty }
    #expect(secondsSince1970() >= short.certificate.notAfter)
  }

  @Test func `with whom no group is shared any longer, no line is kept`() throws {
    let alice = try network.join("alice")
    let (bob, carol) = (try network.join("bob"), try network.join("carol"))
    alice.shares(Self.file)
    for member in [bob, carol] {
      try member.downloads(Self.file, into: member.wants(Self.file), from: [alice]).outcome()
    }
    alice.swarm.endLines(of: bob.user)
    let names = { alice.swarm.statistics()?.peers.map(\.peer.user.description) ?? [] }
    #expect(eventually { names() == ["carol"] })
  }

  @Test func `who is in no group of ours is not kept on a line`() throws {
    let alice = try network.join("alice")
    let raw = try RawPeer("mallory", as: network.credential("mallory"), pin: network.pin)
    try raw.dial(alice, as: network.credential("mallory"), pin: network.pin)
    raw.ask(.join(Self.file.key, size: 1))
    try raw.record.wait(for: "a refusal") { !$0.answers.isEmpty }
    try raw.record.wait(for: "the end") { !$0.ends.isEmpty }
  }

  @Test func `a certificate of another authority is turned away`() throws {
    let alice = try network.join("alice")
    let other = try TestSwarms()
    #expect(try end(dialling: alice, as: other.credential("mallory")) != nil)
    #expect(try end(dialling: alice, as: other.credential("mallory"), pin: other.pin) != nil)
  }

  @Test func `who plays a member with another authority's certificate is no source`() throws {
    let other = try TestSwarms()
    let impostor = try network.join("impostor", as: other.credential("impostor"), pin: other.pin)
    impostor.shares(Self.file)
    let bob = try network.join("bob")
    let read = bob.reads(0..<1, of: Self.file, into: bob.wants(Self.file))
    bob.swarm.holders(of: Self.file.key, [impostor.holder()])
    #expect(try read.outcome.outcome() == .failed(.noSource))
  }

  @Test func `a renewed certificate is used for new lines`() throws {
    let bob = try network.join("bob", as: network.credential("bob", now: secondsSince1970() - 2 * 86_400))
    let alice = try network.join("alice")
    alice.shares(Self.file)
    let content = bob.wants(Self.file)
    let early = bob.reads(0..<1, of: Self.file, into: content)
    bob.swarm.holders(of: Self.file.key, [alice.holder()])
    #expect(try early.outcome.outcome() == .failed(.noSource))
    bob.swarm.use(try network.credential("bob"))
    // Its answer says that the swarm's thread has come past the certificate.
    _ = bob.swarm.statistics()
    // The other way round, no failed dial is in the way.
    let aliceWants = TestFile(count: 100_000, seed: 9)
    bob.shares(aliceWants)
    let got = alice.reads(0..<1, of: aliceWants, into: alice.wants(aliceWants))
    alice.swarm.holders(of: aliceWants.key, [bob.holder()])
    #expect(try got.outcome.outcome() == .done)
  }

  @Test func `two who dial each other at once keep one line`() throws {
    let files = [TestFile(count: 3 << 20, seed: 3), TestFile(count: 3 << 20, seed: 4)]
    for _ in 0..<5 {
      let alice = try network.join("alice")
      let bob = try network.join("bob")
      alice.shares(files[0])
      bob.shares(files[1])
      let alices = alice.wants(files[1])
      let bobs = bob.wants(files[0])
      let one = alice.downloads(files[1], into: alices, from: [bob])
      let two = bob.downloads(files[0], into: bobs, from: [alice])
      #expect(try one.outcome() == .done)
      #expect(try two.outcome() == .done)
      #expect(alice.swarm.statistics()?.peers.count == 1)
      #expect(bob.swarm.statistics()?.peers.count == 1)
    }
  }

  @Test func `one user on two machines is two peers`() throws {
    let file = TestFile(count: 2 << 20, seed: 5)
    let desk = try network.join("alice", lineage: 1)
    let laptop = try network.join("alice", lineage: 2)
    desk.shares(file)
    let content = laptop.wants(file)
    #expect(try laptop.downloads(file, into: content, from: [desk]).outcome() == .done)
    #expect(content.bytes == file.bytes)
  }

  @Test func `nobody speaks with himself`() throws {
    let alice = try network.join("alice")
    let read = alice.reads(0..<1, of: Self.file, into: alice.wants(Self.file))
    alice.swarm.holders(of: Self.file.key, [alice.holder()])
    #expect(try read.outcome.outcome() == .failed(.noSource))
    #expect(alice.swarm.statistics()?.peers.isEmpty == true)
  }
}

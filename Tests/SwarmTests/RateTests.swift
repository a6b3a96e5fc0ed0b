import GroupModel
import Link
import Testing
import Visitors

@testable import Swarm

@Suite(.serialized) struct RateTests {
  let network: TestSwarms
  private static let file = TestFile(count: 4 << 20)

  init() throws { network = try TestSwarms() }

  private func seconds(up: Int? = nil, down: Int? = nil) throws -> Double {
    var ups = SwarmLimits()
    ups.upRate = up
    var downs = SwarmLimits()
    downs.downRate = down
    let seed = try network.join("alice", limits: ups)
    seed.shares(Self.file)
    let bob = try network.join("bob", limits: downs)
    let content = bob.wants(Self.file)
    let began = Instant.now
    #expect(try bob.downloads(Self.file, into: content, from: [seed]).outcome() == .done)
    #expect(content.bytes == Self.file.bytes)
    return Double(Instant.now.milliseconds(after: began)) / 1000
  }

  @Test func `a limit on what goes out is kept`() throws {
    #expect((1.2...3.5).contains(try seconds(up: 2 << 20)))
  }

  @Test func `a limit on what comes in is kept`() throws {
    #expect((1.2...3.5).contains(try seconds(down: 2 << 20)))
  }

  @Test func `two who ask are served alike`() throws {
    var limits = SwarmLimits()
    limits.upRate = 4 << 20
    let seed = try network.join("alice", limits: limits)
    seed.shares(Self.file)
    let bob = try network.join("bob")
    let carol = try network.join("carol")
    let bobs = bob.wants(Self.file)
    let carols = carol.wants(Self.file)
    let one = bob.downloads(Self.file, into: bobs, from: [seed])
    let two = carol.downloads(Self.file, into: carols, from: [seed])
    #expect(try one.outcome() == .done)
    #expect(carols.heldRuns().count > Self.file.tree.layout.blockCount / 2)
    #expect(try two.outcome() == .done)
  }
}

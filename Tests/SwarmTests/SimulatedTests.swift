import TestSupport
import GroupModel
import Link
import Testing
import Visitors

@testable import Swarm

/// Whole groups in virtual time. 12.5 MB/s is a link of 100 Mbit/s.
@Suite struct SimulatedTests {
  private static func seed(_ test: String) -> UInt64 {
    var random = SeededRandom(for: test)
    return random.next()
  }

  @Test func `eight who fetch together load their origin little more than once`() throws {
    let network = Simulation(fileBytes: 64 << 20, seed: Self.seed("eight"))
    let origin = network.join(
      "origin", held: BlockRuns(allOf: network.layout), bytesPerSecond: 12.5e6, latency: 0.01)
    let members = (0..<8).map { network.join("m\($0)", bytesPerSecond: 12.5e6, latency: 0.01) }
    network.connectAll()
    let outcomes = members.map { $0.downloads() }
    network.run(atMost: 120) { outcomes.allSatisfy { !$0.now.isEmpty } }
    #expect(outcomes.allSatisfy { $0.now == [.done] })
    let copies = Double(origin.sentBytes) / Double(64 << 20)
    let duplicates = members.reduce(0) { $0 + $1.content.counters.duplicate }
    print("eight: \(network.seconds) s, \(copies) copies from the origin, \(duplicates >> 10) KiB twice")
    #expect(copies <= 1.5)
    // One copy takes 5.4 s to leave the origin.
    #expect(network.seconds < 10)
    #expect(duplicates < 8 * 64 << 20 / 50)
  }

  @Test func `four links are used as one`() throws {
    let network = Simulation(fileBytes: 128 << 20, seed: Self.seed("four"))
    for number in 0..<4 {
      _ = network.join(
        "s\(number)", held: BlockRuns(allOf: network.layout), bytesPerSecond: 11.9e6, latency: 0.005)
    }
    let bob = network.join("bob", bytesPerSecond: 100e6, latency: 0.005)
    network.connectAll()
    let outcome = bob.downloads()
    network.run(atMost: 60) { !outcome.now.isEmpty }
    #expect(outcome.now == [.done])
    let rate = Double(128 << 20) / network.seconds / 1e6
    print("four links: \(rate) MB/s, \(bob.content.counters.duplicate >> 10) KiB twice")
    #expect(rate > 42)
    #expect(bob.content.counters.duplicate < 4 << 20)
  }

  @Test func `one slow peer among four costs nothing`() throws {
    let network = Simulation(fileBytes: 64 << 20, seed: Self.seed("slow"))
    for number in 0..<3 {
      _ = network.join(
        "s\(number)", held: BlockRuns(allOf: network.layout), bytesPerSecond: 12.5e6, latency: 0.005)
    }
    _ = network.join("slow", held: BlockRuns(allOf: network.layout), bytesPerSecond: 50e3, latency: 0.005)
    let bob = network.join("bob", bytesPerSecond: 100e6, latency: 0.005)
    network.connectAll()
    let outcome = bob.downloads()
    network.run(atMost: 60) { !outcome.now.isEmpty }
    #expect(outcome.now == [.done])
    print("slow: \(network.seconds) s, \(bob.content.counters.duplicate >> 10) KiB twice")
    #expect(network.seconds < 64 * 1.048576 / 37.5 * 1.25 + 0.2)
  }

  @Test func `seeds that are each faster than who fetches share the work`() throws {
    let network = Simulation(fileBytes: 128 << 20, seed: Self.seed("share"))
    let seeds = (0..<4).map {
      network.join(
        "s\($0)", held: BlockRuns(allOf: network.layout), bytesPerSecond: 100e6, latency: 0.0001)
    }
    // What one of them has on its way would be all that may be.
    var limits = SwarmLimits()
    limits.inFlightBytesMax = 4 << 20
    let bob = network.join("bob", bytesPerSecond: 100e6, latency: 0.0001, limits: limits)
    network.connectAll()
    let outcome = bob.downloads()
    network.run(atMost: 60) { !outcome.now.isEmpty }
    #expect(outcome.now == [.done])
    let shares = seeds.map { Double($0.sentBytes) / Double(128 << 20) }
    print("shares of four: \(shares)")
    #expect(shares.allSatisfy { $0 > 0.2 })
  }

  @Test func `reads are answered at once while a download fills the lines`() throws {
    let network = Simulation(fileBytes: 256 << 20, seed: Self.seed("reads"))
    for number in 0..<4 {
      _ = network.join(
        "s\(number)", held: BlockRuns(allOf: network.layout), bytesPerSecond: 12.5e6, latency: 0.005)
    }
    let bob = network.join("bob", bytesPerSecond: 100e6, latency: 0.005)
    network.connectAll()
    _ = bob.downloads()
    var times: [Double] = []
    for number in 0..<40 {
      network.after(0.5 + Double(number) * 0.1) {
        let start = Int.random(in: 0..<network.layout.blockCount - 8, using: &network.random)
        bob.reads(start..<start + 8, id: UInt64(1000 + number)) { outcome, seconds in
          #expect(outcome == .done)
          times.append(seconds)
        }
      }
    }
    network.run(atMost: 20) { times.count == 40 }
    #expect(times.count == 40)
    times.sort()
    print("reads beside a download: median \(times[20] * 1000) ms, worst \(times[39] * 1000) ms")
    #expect(times[20] < 0.3)
  }

  @Test func `a stalled peer costs a read no more than a hedge`() throws {
    let network = Simulation(fileBytes: 64 << 20, seed: Self.seed("stalled"))
    let mute = network.join(
      "mute", held: BlockRuns(allOf: network.layout), bytesPerSecond: 100e6, latency: 0.001)
    let good = network.join(
      "good", held: BlockRuns(allOf: network.layout), bytesPerSecond: 100e6, latency: 0.001)
    let bob = network.join("bob", bytesPerSecond: 100e6, latency: 0.001)
    network.connectAll()
    var times: [Double] = []
    mute.manners = .mute
    for number in 0..<20 {
      network.after(0.1 + Double(number) * 0.2) {
        bob.reads(number * 40..<number * 40 + 8, id: UInt64(number)) { outcome, seconds in
          #expect(outcome == .done)
          times.append(seconds)
        }
      }
    }
    network.run(atMost: 20) { times.count == 20 }
    #expect(times.count == 20)
    print("stalled: worst read \(times.max()! * 1000) ms")
    #expect(times.max()! < 0.4)
    #expect(times.dropFirst(10).max()! < 0.02)
    #expect(bob.content.counters.hedged > 0)
    #expect(bob.content.counters.forged == 0)
    #expect(bob.queue.requestTimes.counts.reduce(0, +) >= 20)
    _ = good
  }

  @Test func `liars and those who vanish do not keep a group from its file`() throws {
    let network = Simulation(fileBytes: 32 << 20, seed: Self.seed("liars"))
    let all = BlockRuns(allOf: network.layout)
    let honest = network.join("honest", held: all, bytesPerSecond: 12.5e6, latency: 0.01)
    let liar = network.join("liar", held: all, bytesPerSecond: 50e6, latency: 0.001)
    let going = network.join("going", held: all, bytesPerSecond: 50e6, latency: 0.001)
    let mute = network.join("mute", held: all, bytesPerSecond: 50e6, latency: 0.001)
    liar.manners = .lying
    mute.manners = .mute
    let members = (0..<4).map { network.join("m\($0)", bytesPerSecond: 12.5e6, latency: 0.01) }
    network.connectAll()
    let outcomes = members.map { $0.downloads() }
    network.after(0.3) { going.vanish() }
    network.run(atMost: 120) { outcomes.allSatisfy { !$0.now.isEmpty } }
    #expect(outcomes.allSatisfy { $0.now == [.done] })
    #expect(members.allSatisfy { $0.dropped == [liar.id] })
    #expect(members.allSatisfy { $0.content.counters.forged > 0 })
    #expect(members.allSatisfy { $0.content.counters.verifiedBlocks >= network.layout.blockCount })
    for member in members {
      #expect(member.content.lateRequests == member.queue.requests.values.count { $0.isLate })
    }
    print("liars: \(network.seconds) s")
    #expect(network.seconds < 15)
    _ = honest
  }

  @Test func `every run of random manners and holdings comes to its end`() throws {
    var random = SeededRandom(for: "random runs")
    for _ in 0..<15 {
      let network = Simulation(fileBytes: Int.random(in: 1..<8 << 20, using: &random), seed: random.next())
      let blocks = network.layout.blockCount
      _ = network.join("origin", held: BlockRuns(allOf: network.layout), bytesPerSecond: 2e6, latency: 0.01)
      for number in 0..<Int.random(in: 0..<5, using: &random) {
        var held = BlockRuns()
        for _ in 0..<Int.random(in: 0..<6, using: &random) {
          let start = Int.random(in: 0..<blocks, using: &random)
          held.insert(start..<min(blocks, start + Int.random(in: 1..<100, using: &random)))
        }
        let other = network.join(
          "o\(number)", held: held, bytesPerSecond: .random(in: 1e4...1e7, using: &random),
          latency: .random(in: 0.0005...0.2, using: &random))
        other.manners = [.honest, .honest, .lying, .mute].randomElement(using: &random)!
        if Bool.random(using: &random) {
          network.after(.random(in: 0..<2, using: &random)) { other.vanish() }
        }
      }
      let members = (0..<3).map { network.join("m\($0)", bytesPerSecond: 2e6, latency: 0.02) }
      network.connectAll()
      let outcomes = members.map { $0.downloads() }
      network.run(atMost: 200) { outcomes.allSatisfy { !$0.now.isEmpty } }
      #expect(outcomes.allSatisfy { $0.now == [.done] })
      for member in members {
        #expect(member.content.asked.isEmpty || !member.content.requests.isEmpty)
        #expect(member.content.open.isEmpty)
      }
    }
  }
}

// Crowds at the door: more than there is room for, or more than there are descriptors.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

@Suite(.serialized) struct HostileCrowdTests {
  init() { raiseDescriptorLimit() }

  /// From many addresses, as a crowd comes; no port is used up by it.
  private func plugs(_ count: Int, to port: UInt16, saying bytes: [UInt8] = []) throws -> [Plug] {
    try (0..<count).map { number in
      let plug = try Plug(
        to: port, from: (UInt8(1 + number / 250 % 200), UInt8(1 + number % 250)), patience: 5)
      if !bytes.isEmpty { plug.send(bytes) }
      return plug
    }
  }

  @Test func `ten thousand who only connect keep nobody out`() throws {
    let siege = try Siege()
    let crowd = try siege.withstands("10,000 who only connect", .init(growthMiB: 200)) {
      try plugs(10_000, to: siege.port)
    }
    print("  \(crowd.count { $0.isClosedNow }) had to make room for others")
    // A login that begins only now, behind all of them.
    let start = Date()
    try siege.member(bob).settle()
    #expect(-start.timeIntervalSinceNow < 2)
  }

  @Test func `two thousand half handshakes keep nobody out`() throws {
    let siege = try Siege()
    let before = siege.log.count
    let crowd = try siege.withstands("2,000 half handshakes", .init(growthMiB: 400)) {
      try plugs(2000, to: siege.port, saying: Visitor.clientHello())
    }
    #expect(crowd.count { $0.isClosedNow } == 0)
    for plug in crowd { plug.end() }
    try siege.member(bob).settle()
    #expect(siege.log.count - before <= 60, "\(siege.log.count - before) lines")
  }

  @Test func `with few descriptors it refuses politely, idles, and recovers when they go`() throws {
    let siege = try Siege(startedBy: ["/usr/bin/prlimit", "--nofile=64:64"])
    let standing = try siege.member(neighbour)
    try standing.settle()
    let threads = siege.figures.threads
    let crowd = try plugs(200, to: siege.port)
    // Whoever is in is served as before, and the tracker does not spin meanwhile.
    let cpu = siege.figures.cpuSeconds
    var latencies = Latencies()
    let start = Instant.now
    while Instant.now < start + 2000 {
      let asked = Instant.now
      try standing.settle()
      latencies.add(Double(Instant.now.nanoseconds - asked.nanoseconds) / 1e6)
      usleep(20_000)
    }
    let used = (siege.figures.cpuSeconds - cpu) / 2
    print("64 descriptors, 200 at the door: neighbour \(latencies), \(Int(used * 100)) % CPU")
    #expect(used < 0.5)
    #expect(latencies.worst < 2000)
    #expect(crowd.count { $0.isClosedNow } >= 100, "most are told at once that there is no room")
    #expect(siege.figures.threads == threads)

    for plug in crowd { plug.end() }
    let again = Date()
    while -again.timeIntervalSinceNow < 5 {
      if let visitor = try? siege.member(bob), (try? visitor.settle()) != nil { break }
      usleep(10_000)
    }
    #expect(-again.timeIntervalSinceNow < 2, "it recovers at once")
    try standing.settle()
    _ = try siege.makeTeam()
  }
}

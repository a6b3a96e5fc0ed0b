import TestSupport
import GroupModel
import Link
import Testing

@testable import Swarm

@Suite struct ReadAheadTests {
  private let layout = ContentLayout(fileBytes: 1 << 30)!

  private func at(_ seconds: Double) -> Instant {
    Instant(nanoseconds: 1_000_000_000 + UInt64(seconds * 1e9))
  }

  @Test func `the first read gets nothing beside itself`() {
    var ahead = ReadAhead(layout)
    let plan = ahead.read(0..<131_072, now: at(0))
    #expect(plan.next == nil && plan.ahead == nil)
  }

  @Test func `who jumps about gets nothing`() {
    var ahead = ReadAhead(layout)
    var random = SeededRandom()
    for _ in 0..<100 {
      let start = Int.random(in: 0..<250, using: &random) * (4 << 20)
      let plan = ahead.read(start..<start + 4096, now: at(0))
      #expect((plan.next?.count ?? 0) + (plan.ahead?.count ?? 0) <= 128)
    }
  }

  @Test func `a random read near another one is no row`() {
    var ahead = ReadAhead(layout)
    for start in [8 << 20, (8 << 20) + 65_536, (8 << 20) - 300_000, 9 << 20] {
      let plan = ahead.read(start..<start + 4096, now: at(0))
      #expect(plan.next == nil && plan.ahead == nil)
    }
  }

  @Test func `who reads in a row gets a window that grows, each block once`() {
    var ahead = ReadAhead(layout)
    var next = BlockRuns()
    var asked = BlockRuns()
    var windows: [Int] = []
    for number in 0..<2000 {
      let start = number * 131_072
      let plan = ahead.read(start..<start + 131_072, now: at(Double(number) * 0.00131))
      // The block at a seam may be asked for twice, which costs nothing: it is here or on its way.
      if let run = plan.next {
        #expect(next.overlapCount(with: run.indices) <= 1)
        next.insert(run.indices)
        asked.insert(run.indices)
      }
      if let run = plan.ahead {
        #expect(asked.overlapCount(with: run.indices) <= 1)
        asked.insert(run.indices)
      }
      windows.append((asked.runs.last?.upperBound ?? 0) * ContentLayout.blockBytes - start)
    }
    #expect(windows[3] >= 512 << 10)
    #expect(windows[1500] > 30 << 20)
    #expect(windows.allSatisfy { $0 <= 66 << 20 })
    #expect(asked.runs.count == 1)
  }

  @Test func `a slow reader is not drowned`() {
    var ahead = ReadAhead(layout)
    var furthest = 0
    // 100 KB/s: ten seconds of it are one MiB.
    for number in 0..<200 {
      let start = number * 32_768
      let plan = ahead.read(start..<start + 32_768, now: at(Double(number) * 0.32768))
      furthest = max(furthest, (plan.ahead?.end ?? plan.next?.end ?? 0) * ContentLayout.blockBytes - start)
    }
    #expect(furthest <= 3 << 20)
  }

  @Test func `reads of one row may come out of order`() {
    var ahead = ReadAhead(layout)
    for start in [0, 262_144, 131_072, 524_288, 393_216] {
      #expect(ahead.read(start..<start + 131_072, now: at(0)).row == 1)
    }
  }

  @Test func `head and tail are two rows, and a third ends the older`() {
    var ahead = ReadAhead(layout)
    #expect(ahead.read(0..<4096, now: at(0)).row == 1)
    #expect(ahead.read(1 << 29..<1 << 29 + 4096, now: at(1)).row == 2)
    #expect(ahead.read(4096..<8192, now: at(2)).row == 1)
    let third = ahead.read(900 << 20..<900 << 20 + 4096, now: at(3))
    #expect(third.row == 3 && third.ended == 2)
  }

  @Test func `nothing is asked for behind the end`() {
    var ahead = ReadAhead(ContentLayout(fileBytes: 300_000)!)
    var last = 0
    for start in stride(from: 0, to: 300_000, by: 50_000) {
      let plan = ahead.read(start..<min(start + 50_000, 300_000), now: at(0))
      last = max(last, plan.next?.end ?? 0, plan.ahead?.end ?? 0)
    }
    #expect(last == 19)
  }

  @Test func `the last read goes beyond the end, by a part of a page or all of it`() {
    for (size, reads) in [
      (300_000, [0..<262_144, 262_144..<303_104]), (5000, [0..<4096, 4096..<8192, 8192..<12_288]),
    ] {
      var ahead = ReadAhead(ContentLayout(fileBytes: size)!)
      for (number, bytes) in reads.enumerated() {
        let plan = ahead.read(bytes, now: at(Double(number)))
        #expect((plan.ahead?.end ?? 0) <= (size + 16_383) / 16_384)
      }
    }
  }

  @Test func `with little room the window is halved`() {
    var ahead = ReadAhead(layout)
    for _ in 0..<10 { ahead.shrink() }
    var furthest = 0
    for number in 0..<1000 {
      let start = number * 131_072
      let plan = ahead.read(start..<start + 131_072, now: at(Double(number) * 0.001))
      furthest = max(
        furthest, max(plan.next?.end ?? 0, plan.ahead?.end ?? 0) * ContentLayout.blockBytes - start)
    }
    #expect(furthest <= 2 << 20)
  }
}

// What is counted, and how long things took.

import Link
import Testing

private enum Fruit: Int, Countable { case apple, redApple, pear }

@Suite struct TallyTests {
  @Test func `nothing that several threads count is lost`() {
    let (tally, histogram) = (Tally(), Histogram())
    let threads = (0..<8).map { number in
      WorkerThread("counter \(number)") {
        for time in 0..<50_000 {
          tally.add(2)
          histogram.record(nanoseconds: UInt64(time) * 1_000)
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(tally.total == 800_000)
    #expect(histogram.counts.reduce(0, +) == 400_000)
    // 8 times the sum of 0 to 49,999 microseconds.
    #expect(abs(histogram.sumSeconds - 8 * 49_999 * 50_000 / 2 / 1e6) < 1e-6)
  }

  @Test(
    arguments: [
      (0, 0), (1, 0), (10_000, 0), (10_001, 1), (25_000, 1), (1_000_000, 6), (1_000_001, 7),
      (30_000_000_000, 19), (30_000_000_001, 20), (UInt64.max >> 1, 20),
    ] as [(UInt64, Int)])
  func `a time falls into the first bucket that it does not exceed`(nanoseconds: UInt64, bucket: Int) {
    let histogram = Histogram()
    histogram.record(nanoseconds: nanoseconds)
    #expect(histogram.counts.firstIndex(of: 1) == bucket)
    #expect(histogram.counts.reduce(0, +) == 1)
    #expect(histogram.sumSeconds == Double(nanoseconds) / 1e9)
  }

  @Test func `who reads its clock too early took no time`() {
    let histogram = Histogram()
    histogram.record(since: Instant(nanoseconds: 5), until: Instant(nanoseconds: 3))
    #expect(histogram.sumSeconds == 0)
    #expect(histogram.counts[0] == 1)
  }

  @Test func `each kind of thing is counted apart, by a name that a label can bear`() {
    let fruit = Each<Fruit, Tally>(Tally.init)
    fruit[.redApple].add()
    fruit[.pear].add(3)
    #expect(fruit.named.map(\.name) == ["apple", "red_apple", "pear"])
    #expect(fruit.named.map(\.counted.total) == [0, 1, 3])
  }
}

// How long something takes, over all the times that it happens: how often it took less than so much. Cheap enough for
// what happens a million times a second: two relaxed additions.

internal import Synchronization

/// ## Concurrency model
/// For every thread. Who reads while others record may miss the last ones.
package final class Histogram: Sendable {
  private static let bucketCount = 21
  /// From ten microseconds, which a system call takes, to the thirty seconds after which nobody waits any longer.
  package static let boundsNanoseconds: [UInt64] = [
    10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000, 250_000_000,
    500_000_000,
    1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000, 30_000_000_000,
  ]

  private let buckets = InlineArray<21, Atomic<Int>> { _ in Atomic(0) }
  private let sumNanoseconds = Atomic<UInt64>(0)

  package init() {
    precondition(
      Self.boundsNanoseconds.count + 1 == Self.bucketCount, "a bucket for each bound and one beyond")
  }

  package func record(nanoseconds: UInt64) {
    let bounds = Self.boundsNanoseconds
    let index = bounds.firstIndex { nanoseconds <= $0 } ?? bounds.count
    buckets[index].wrappingAdd(1, ordering: .relaxed)
    sumNanoseconds.wrappingAdd(nanoseconds, ordering: .relaxed)
  }

  package func record(since began: Instant, until end: Instant = .now) {
    record(nanoseconds: end > began ? end.nanoseconds - began.nanoseconds : 0)
  }

  /// How many fell into each bucket: at most its bound, and beyond the last one.
  package var counts: [Int] { buckets.indices.map { buckets[$0].load(ordering: .relaxed) } }

  package var sumSeconds: Double { Double(sumNanoseconds.load(ordering: .relaxed)) / 1_000_000_000 }
}

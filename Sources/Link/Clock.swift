// Time as deadlines need it: it never jumps.

internal import Glibc

/// Nanoseconds of the monotonic clock.
package struct Instant: Comparable, Hashable, Sendable {
  package let nanoseconds: UInt64

  package static let never = Instant(nanoseconds: .max)

  package static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec))
  }

  package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

  package static func < (left: Self, right: Self) -> Bool { left.nanoseconds < right.nanoseconds }

  package static func + (left: Self, milliseconds: Int) -> Instant {
    Instant(nanoseconds: left.nanoseconds + UInt64(milliseconds) * 1_000_000)
  }

  /// 0 when it has passed.
  package func milliseconds(after earlier: Instant) -> Int {
    self <= earlier ? 0 : Int(min((nanoseconds - earlier.nanoseconds + 999_999) / 1_000_000, 1 << 31))
  }
}

/// The calendar's seconds, for what certificates say.
package func secondsSince1970() -> Int64 { Int64(time(nil)) }

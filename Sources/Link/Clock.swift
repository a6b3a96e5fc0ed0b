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

  /// `never` where the sum is beyond all clocks: a limit of `Int.max` is no limit.
  package static func + (left: Self, milliseconds: Int) -> Instant {
    let (nanoseconds, isTooLong) = UInt64(max(0, milliseconds)).multipliedReportingOverflow(by: 1_000_000)
    let (sum, isTooLate) = left.nanoseconds.addingReportingOverflow(nanoseconds)
    return isTooLong || isTooLate ? .never : Instant(nanoseconds: sum)
  }

  /// 0 when it has passed; what the system's calls take for longer waits is 31 bits.
  package func milliseconds(after earlier: Instant) -> Int {
    guard self > earlier else { return 0 }
    let (whole, rest) = (nanoseconds - earlier.nanoseconds).quotientAndRemainder(dividingBy: 1_000_000)
    return Int(min(whole + (rest > 0 ? 1 : 0), UInt64(Int32.max)))
  }
}

/// The calendar's seconds, for what certificates say.
package func secondsSince1970() -> Int64 { Int64(time(nil)) }

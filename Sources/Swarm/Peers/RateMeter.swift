// Bytes a second as people like to see them: steady, and zero soon after nothing comes any more.

internal import Link

struct RateMeter {
  private static let windowMilliseconds = 500

  private(set) var total = 0
  private var windowBytes = 0
  private var windowBegan: Instant
  private var rate = 0.0

  init(now: Instant) { windowBegan = now }

  mutating func add(_ bytes: Int, now: Instant) {
    turn(now)
    total += bytes
    windowBytes += bytes
  }

  mutating func bytesPerSecond(now: Instant) -> Int {
    turn(now)
    return Int(rate)
  }

  private mutating func turn(_ now: Instant) {
    let milliseconds = now.milliseconds(after: windowBegan)
    guard milliseconds >= Self.windowMilliseconds else { return }
    let measured = Double(windowBytes) * 1000 / Double(milliseconds)
    rate = milliseconds >= 4 * Self.windowMilliseconds ? measured : (rate + measured) / 2
    windowBytes = 0
    windowBegan = now
  }
}

// A limit of bytes a second, as a pure value: it fills with time and is emptied by what is sent. It may go below
// zero by one message, which the next ones wait for; so no message is too large for it, and the rate is kept.

internal import Link

struct TokenBucket {
  /// What may pass at once after a silence.
  private static let burstSeconds = 0.25
  private static let burstBytesMin = 64 << 10

  let rate: Double
  private let burst: Double
  private var level: Double
  private var filled: Instant

  /// nil where there is no limit.
  init?(bytesPerSecond rate: Int?, now: Instant) {
    guard let rate else { return nil }
    self.rate = Double(max(1, rate))
    burst = max(self.rate * Self.burstSeconds, Double(Self.burstBytesMin))
    level = burst
    filled = now
  }

  /// nil when something may pass now.
  mutating func opens(now: Instant) -> Instant? {
    fill(now)
    guard level <= 0 else { return nil }
    return now + Int(-level / rate * 1000 + 1)
  }

  mutating func take(_ bytes: Int, now: Instant) {
    fill(now)
    level -= Double(bytes)
  }

  /// What was taken and did not pass after all.
  mutating func giveBack(_ bytes: Int) { level = min(burst, level + Double(bytes)) }

  private mutating func fill(_ now: Instant) {
    guard now > filled else { return }
    let seconds = Double(now.nanoseconds - filled.nanoseconds) / 1e9
    level = min(burst, level + rate * seconds)
    filled = now
  }
}

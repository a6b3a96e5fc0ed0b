// What goes over one line now, content by content: for people who want to know who sends what.

internal import GroupModel
internal import Link

/// What passed a moment ago, and how fast. Belongs to its line's thread.
struct ContentRates {
  private static let keptMilliseconds = 3_000
  /// Of more at once nobody could read the list.
  private static let contentsMax = 64

  private struct Flow {
    var meter: RateMeter
    var last: Instant
  }

  private var flows: [ContentKey: Flow] = [:]

  mutating func add(_ bytes: Int, of key: ContentKey, now: Instant) {
    if flows[key] == nil {
      if flows.count >= Self.contentsMax { forgetQuiet(now) }
      guard flows.count < Self.contentsMax else { return }
    }
    var flow = flows[key] ?? Flow(meter: RateMeter(now: now), last: now)
    flow.meter.add(bytes, now: now)
    flow.last = now
    flows[key] = flow
  }

  /// Bytes a second.
  mutating func rates(now: Instant) -> [ContentKey: Int] {
    forgetQuiet(now)
    var rates: [ContentKey: Int] = [:]
    for key in flows.keys { rates[key] = flows[key]?.meter.bytesPerSecond(now: now) }
    return rates
  }

  private mutating func forgetQuiet(_ now: Instant) {
    flows = flows.filter { $0.value.last + Self.keptMilliseconds > now }
  }
}

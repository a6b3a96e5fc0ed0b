// How much of a log may be of what others do: so many lines a second, and beyond them a count, so that nobody fills a
// disk by knocking.

package struct StrangerLines: Sendable {
  package static let aSecond = 10

  private var second: Int64 = 0
  private var lines = 0
  private var leftOut = 0

  package init() {}

  /// `leftOut` is what is to be said first: so many were not shown.
  package mutating func admit(at now: Int64) -> (isShown: Bool, leftOut: Int) {
    var reported = 0
    if now != second {
      reported = leftOut
      self = Self()
      second = now
    }
    guard lines < Self.aSecond else {
      leftOut += 1
      return (false, reported)
    }
    lines += 1
    return (true, reported)
  }
}

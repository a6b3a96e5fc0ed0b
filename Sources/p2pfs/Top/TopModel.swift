// What `top` knows: the last report, and how fast bytes came and went in the last minute. Knows no terminal and no clock.

import Link
import Swarm

struct TopModel: Sendable {
  static let samplesMax = 60

  enum Daemon: Hashable, Sendable {
    case answers
    case isGone
    /// For so many seconds.
    case isSilent(Int)
  }

  private(set) var status: Status
  var daemon = Daemon.answers
  /// Bytes a second, the latest last.
  private(set) var received: [Int] = []
  private(set) var sent: [Int] = []
  private var last: (at: Instant, received: Int, sent: Int)?

  init(_ status: Status, at now: Instant) {
    self.status = status
    hear(status, at: now)
  }

  mutating func hear(_ status: Status, at now: Instant) {
    self.status = status
    daemon = .answers
    guard let report = status.daemon else {
      last = nil
      return note(0, 0)
    }
    let totals = (at: now, received: report.fetched.received, sent: report.sentBytes)
    note(
      rate(last?.received, totals.received, now) ?? report.receiveRate,
      rate(last?.sent, totals.sent, now) ?? report.sendRate)
    last = totals
  }

  /// Nothing flows any more, and what flowed is no longer true.
  mutating func lose() {
    daemon = .isGone
    status.daemon = nil
    last = nil
    note(0, 0)
  }

  /// nil at the beginning, and where a new daemon counts from 0 again.
  private func rate(_ before: Int?, _ total: Int, _ now: Instant) -> Int? {
    guard let before, total >= before, let last else { return nil }
    return (total - before) * 1000 / max(1, now.milliseconds(after: last.at))
  }

  private mutating func note(_ received: Int, _ sent: Int) {
    self.received = (self.received + [received]).suffix(Self.samplesMax)
    self.sent = (self.sent + [sent]).suffix(Self.samplesMax)
  }
}

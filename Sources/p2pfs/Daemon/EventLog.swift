// What has happened lately, in words: what `.log` in a mount shows.

import GroupModel
import Synchronization

/// ## Concurrency model
/// For any thread.
final class EventLog: Sendable {
  private static let linesMax = 1_000
  private static let lineBytesMax = 1_000

  private let lines = Mutex<[String]>([])
  private let now: @Sendable () -> Int64

  init(now: @escaping @Sendable () -> Int64 = { UTC.now }) { self.now = now }

  /// A tenth goes at a time, so that not every line moves all others.
  func add(_ event: String) {
    let line = Self.line(event, at: now())
    lines.withLock { lines in
      if lines.count >= Self.linesMax { lines.removeFirst(Self.linesMax / 10) }
      lines.append(line)
    }
  }

  static func line(_ event: String, at second: Int64) -> String {
    let text = Printable.escaped(event.utf8.prefix(lineBytesMax))
    return "\(UTC.iso(second)) \(text)\n"
  }

  /// The oldest first.
  var text: String { lines.withLock { $0.joined() } }
}

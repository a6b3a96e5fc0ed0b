// What people should know and nobody was asked for: a share that has ended by itself, a disk in trouble. The latest
// are kept to be looked at.

internal import Link
internal import Synchronization

/// ## Concurrency model
/// For any thread.
package final class EventLog: Sendable {
  package struct Event: Hashable, Sendable {
    /// Seconds since 1970.
    package let time: Int64
    package let text: String
  }

  private static let eventsMax = 1_000
  private static let repeatedSeconds: Int64 = 10
  /// Of its beginning, and of its end, where a sentence says why and what to do.
  private static let scalarsMax = 400

  private let events = Mutex<[Event]>([])
  private let told: @Sendable (String) -> Void

  /// `told` hears of each at once.
  package init(told: @escaping @Sendable (String) -> Void) { self.told = told }

  package func note(_ text: String) {
    let text = Self.short(text)
    events.withLock { events in
      events.append(Event(time: secondsSince1970(), text: text))
      if events.count > Self.eventsMax { events.removeFirst() }
    }
    told(text)
  }

  /// A program that is refused may try again a thousand times.
  package func noteUnlessJustSaid(_ text: String) {
    let text = Self.short(text)
    let isSaid = events.withLock { events in
      events.last.map { $0.text == text && secondsSince1970() - $0.time < Self.repeatedSeconds } ?? false
    }
    if !isSaid { note(text) }
  }

  /// A path may have thousands of bytes, and whoever looks here wants to read what was wrong with it.
  private static func short(_ text: String) -> String {
    let scalars = text.unicodeScalars
    guard scalars.count > 2 * scalarsMax else { return text }
    return "\(Substring(scalars.prefix(scalarsMax)))…\(Substring(scalars.suffix(scalarsMax)))"
  }

  /// The oldest first.
  package var latest: [Event] { events.withLock { $0 } }
}

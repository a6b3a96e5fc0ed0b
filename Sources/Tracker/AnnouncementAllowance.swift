// How much all sessions of one user may have announced and watch at a time, and how many others they may have told
// of it. It is kept in memory, and whoever has an account can found a group and announce there what he likes.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// Shared by the user's sessions, each on its own loop.
final class AnnouncementAllowance: Sendable {
  /// Some 80 MB at most. Beyond it a member announces what he was asked for, not all that he has.
  static let weightMax = 1 << 18
  private static let rangesPerWeight = 32
  /// Those who watch are not told of everything that one does who comes and goes without end; they see for
  /// themselves when they ask him.
  static let tellingsBurst = 1 << 16
  private static let tellingsASecond = 1 << 10

  private let used = Atomic(0)
  private let tellings = Mutex(Bucket(at: 0))

  var weight: Int { used.load(ordering: .relaxed) }

  /// About 300 bytes are 1.
  static func weight(of pieces: Holding.Pieces) -> Int {
    guard case .some(let ranges) = pieces else { return 1 }
    return 1 + ranges.count / rangesPerWeight
  }

  /// false: there is not so much left, and nothing was taken. Taking less than nothing gives back.
  func take(_ weight: Int) -> Bool {
    let now = used.add(weight, ordering: .relaxed).newValue
    guard weight > 0, now > Self.weightMax else { return true }
    used.subtract(weight, ordering: .relaxed)
    return false
  }

  func giveBack(_ weight: Int) { used.subtract(weight, ordering: .relaxed) }

  /// Whether so many may be told of something.
  func mayTell(_ watchers: Int) -> Bool {
    let now = Int64(Instant.now.nanoseconds / 1_000_000_000)
    return tellings.withLock {
      $0.take(watchers, at: now, perSecond: Self.tellingsASecond, burst: Self.tellingsBurst)
    }
  }
}

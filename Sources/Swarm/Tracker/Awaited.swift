// What a tracker's line answers on its own thread, for a thread that waits.

internal import GroupModel
internal import Link
internal import Synchronization

/// An answer for which one thread waits.
final class Awaited: Sendable {
  private let answer = Mutex<Result<TrackerAnswer, TrackerTrouble>?>(nil)
  private let bell = Semaphore()

  func come(_ result: Result<TrackerAnswer, TrackerTrouble>) {
    answer.withLock { $0 = result }
    bell.signal()
  }

  func wait() -> Result<TrackerAnswer, TrackerTrouble> {
    bell.wait()
    return answer.withLock { $0 } ?? .failure(.noTracker(nil))
  }
}

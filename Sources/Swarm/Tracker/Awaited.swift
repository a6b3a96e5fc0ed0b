// What a tracker's line answers on its own thread, for a thread that waits.

package import GroupModel
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

extension TrackerLine {
  /// Waits until a tracker is reached, and says which authority vouches for it.
  package func reach() throws(TrackerTrouble) -> Certificate {
    try reach(within: patienceMilliseconds)
    guard let authority = seen.withLock({ $0 }) else { throw .malformed }
    return authority
  }

  /// Waits until a tracker is reached.
  package func reach(within milliseconds: Int) throws(TrackerTrouble) {
    let awaited = Awaited()
    reach(within: milliseconds) { awaited.come($0) }
    _ = try awaited.wait().get()
  }

  /// Waits for the answer.
  package func ask(
    _ request: TrackerRequest, within milliseconds: Int? = nil
  ) throws(TrackerTrouble) -> TrackerAnswer {
    let awaited = Awaited()
    ask(request, within: milliseconds) { awaited.come($0) }
    return try awaited.wait().get()
  }
}

// A program that waits for an operation of ours, and may be told to stop waiting: by Ctrl-C or a kill.

package import GroupModel
package import Link
package import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread. One thread waits, in `ask` or `wait`; any other may interrupt it.
package final class Caller: Sendable {
  private struct State {
    var isInterrupted = false
    var waiting: Semaphore?
  }

  private let state = Mutex(State())

  package init() {}

  package var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

  package func interrupt() {
    let bell = state.withLock { state in
      state.isInterrupted = true
      return state.waiting
    }
    bell?.signal()
  }

  /// Begins something that signals the bell when it is done, and waits for that; false when the deadline has passed.
  package func wait(
    until deadline: Instant, for begin: (Semaphore) -> Void
  ) throws(TreeError) -> Bool {
    let bell = Semaphore()
    let mayWait = state.withLock { state in
      state.waiting = bell
      return !state.isInterrupted
    }
    guard mayWait else { throw .interrupted }
    begin(bell)
    let isDone = bell.wait(until: deadline)
    let isInterrupted = state.withLock { state in
      state.waiting = nil
      return state.isInterrupted
    }
    if isInterrupted { throw .interrupted }
    return isDone
  }

  /// As `TrackerLine.ask`, for one who may be interrupted. A refusal is an answer, but for that of a login that has ended:
  /// what was asked was not looked at. What comes when nobody waits for it any more is not noted.
  package func ask(
    _ line: TrackerLine, _ request: TrackerRequest, within milliseconds: Int? = nil,
    sending: @escaping @Sendable () -> Void = {},
    noting: @escaping @Sendable (TrackerAnswer) -> Void = { _ in }
  ) throws(TreeError) -> TrackerAnswer {
    let milliseconds = milliseconds ?? line.patienceMilliseconds
    let box = AnswerBox()
    var interruption: TreeError?
    do throws(TreeError) {
      _ = try wait(until: .now + milliseconds + 1_000) { bell in
        line.ask(request, within: milliseconds, sending: sending) { result in
          if box.put(result), case .success(let answer) = result { noting(answer) }
          bell.signal()
        }
      }
    } catch {
      interruption = error
    }
    guard let result = box.takeOrLeave() else { throw interruption ?? .noTracker }
    let answer: TrackerAnswer
    do throws(TrackerTrouble) { answer = try result.get() } catch { throw TreeError(error) }
    if answer == .refused(.loginEnded) { throw .refused(.loginEnded) }
    return answer
  }
}

private final class AnswerBox: Sendable {
  private struct State {
    var answer: Result<TrackerAnswer, TrackerTrouble>?
    var isLeft = false
  }

  private let state = Mutex(State())

  /// False when nobody waits for it any more.
  func put(_ result: Result<TrackerAnswer, TrackerTrouble>) -> Bool {
    state.withLock { state in
      state.answer = result
      return !state.isLeft
    }
  }

  func takeOrLeave() -> Result<TrackerAnswer, TrackerTrouble>? {
    state.withLock { state in
      state.isLeft = state.answer == nil
      return state.answer
    }
  }
}

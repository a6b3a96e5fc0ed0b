// Tells the tracker which pieces of what are here: in batches, a moment after they came, so that a download of a
// thousand pieces is a few messages.

package import GroupModel
package import Link
internal import Synchronization

/// ## Concurrency model
/// For any thread; what is to be told is under the mutex. One thread of its own does the telling.
package final class Announcer: Sendable {
  private static let pauseMilliseconds = 500
  private static let urgentMilliseconds = 20

  private struct State {
    var untold: Set<ContentKey> = []
    /// What was told and has no answer yet: messages.
    var unanswered = 0
    var isOpen = true
  }

  private let line: TrackerLine
  private let pieces: @Sendable (ContentKey) -> Holding.Pieces
  private let state = Mutex(State())
  private let bell = Semaphore()
  private let answered = Semaphore()
  private let thread = Mutex<WorkerThread?>(nil)

  /// `pieces` says what is here of a content when it is told.
  package init(over line: TrackerLine, pieces: @escaping @Sendable (ContentKey) -> Holding.Pieces) {
    self.line = line
    self.pieces = pieces
  }

  package func start() {
    thread.withLock { $0 = WorkerThread("announcer") { [self] in serve() } }
  }

  package func stop() {
    state.withLock { $0.isOpen = false }
    bell.signal()
    thread.withLock { $0 }?.join()
  }

  package func changed(_ keys: some Sequence<ContentKey>) {
    let isFirst = state.withLock { state in
      let wasEmpty = state.untold.isEmpty
      state.untold.formUnion(keys)
      return wasEmpty && !state.untold.isEmpty
    }
    if isFirst { bell.signal() }
  }

  /// What is no longer shared is told at once: nobody is to be sent here for it.
  package func withdrawn(_ keys: [ContentKey]) { tell(keys) }

  /// Now, and until the tracker has answered all of it or the time is over.
  package func tellAll(until deadline: Instant) {
    tell(takeUntold().keys)
    while state.withLock({ $0.unanswered > 0 }), answered.wait(until: deadline) {}
  }

  private func takeUntold() -> (keys: [ContentKey], isOpen: Bool) {
    state.withLock { state in
      defer { state.untold = [] }
      return (Array(state.untold), state.isOpen)
    }
  }

  private func serve() {
    while true {
      bell.wait()
      _ = bell.wait(until: .now + Self.urgentMilliseconds)
      let (keys, isOpen) = takeUntold()
      guard isOpen else { return }
      tell(keys)
      _ = bell.wait(until: .now + (keys.isEmpty ? 0 : Self.pauseMilliseconds))
      if state.withLock({ !$0.untold.isEmpty || !$0.isOpen }) { bell.signal() }
    }
  }

  /// What cannot be told now is told when the tracker is reached again: then all is told anew.
  private func tell(_ keys: [ContentKey]) {
    for start in stride(from: 0, to: keys.count, by: TrackerRequest.holdingsMax) {
      let batch = keys[start..<min(start + TrackerRequest.holdingsMax, keys.count)]
      let holdings = batch.map { Holding(key: $0, pieces: pieces($0)) }
      state.withLock { $0.unanswered += 1 }
      line.ask(.announce(holdings)) { [weak self] _ in self?.noteAnswer() }
    }
  }

  private func noteAnswer() {
    state.withLock { $0.unanswered -= 1 }
    answered.signal()
  }
}

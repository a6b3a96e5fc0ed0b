// One upload or download that is under way: how far it has come, how it ended, and how to call it off.

package import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread; what changes is under the mutex. `wait` parks the thread that asked for the transfer.
package final class Transfer: Sendable {
  private struct State {
    var path: FilePath
    var result: Result<Void, VolumeError>?
    var cancel: (@Sendable () -> Void)?
    var waiting: [Semaphore] = []
    /// The end of the program is not the end of the transfer: it goes on at the next start.
    var isAbandoned = false
    /// Those who asked for it and have not gone away.
    var followers = 0
    /// Nothing of it is to stay beside the destination.
    var leavesDestination = false
    /// All that follows from its result has been done.
    var isOver = false
    var awaitingEnd: [Semaphore] = []
  }

  package let group: GroupName
  /// nil for an empty file.
  package let key: ContentKey?
  package let totalBytes: UInt64
  let destination: LocalPath
  private let done: @Sendable () -> UInt64
  private let state: Mutex<State>

  init(
    _ group: GroupName, _ path: FilePath, _ key: ContentKey?, totalBytes: UInt64, to destination: LocalPath,
    done: @escaping @Sendable () -> UInt64
  ) {
    self.group = group
    state = Mutex(State(path: path))
    self.key = key
    self.totalBytes = totalBytes
    self.destination = destination
    self.done = done
  }

  /// As the file is called now.
  package var path: FilePath { state.withLock { $0.path } }

  func move(to path: FilePath) { state.withLock { $0.path = path } }

  package var doneBytes: UInt64 { done() }

  package var result: Result<Void, VolumeError>? { state.withLock { $0.result } }

  /// False when the time is over first.
  package func wait(milliseconds: Int) -> Bool {
    let bell = Semaphore()
    let isDone = state.withLock { state in
      if state.result == nil { state.waiting.append(bell) }
      return state.result != nil
    }
    return isDone || bell.wait(until: .now + milliseconds)
  }

  /// One more who wants it; false when it has ended, and is to be begun anew.
  func join() -> Bool {
    state.withLock { state in
      guard state.result == nil else { return false }
      state.followers += 1
      return true
    }
  }

  /// Who asked for it does not want it any longer. With the last of them it ends.
  package func leave() {
    let isLast = state.withLock { state in
      state.followers -= 1
      return state.followers <= 0
    }
    if isLast { cancel() }
  }

  /// Called off for good: what was verified goes to the cache.
  func leaveDestination() {
    state.withLock { $0.leavesDestination = true }
    cancel()
  }

  var leavesDestination: Bool { state.withLock { $0.leavesDestination } }

  func end() {
    let waiting = state.withLock { state in
      state.isOver = true
      defer { state.awaitingEnd = [] }
      return state.awaitingEnd
    }
    for bell in waiting { bell.signal() }
  }

  /// Until its files are as they will stay.
  package func waitUntilOver(milliseconds: Int) {
    let bell = Semaphore()
    let isOver = state.withLock { state in
      if !state.isOver { state.awaitingEnd.append(bell) }
      return state.isOver
    }
    if !isOver { _ = bell.wait(until: .now + milliseconds) }
  }

  package func cancel() { fail(.cancelled) }

  package func fail(_ error: VolumeError) {
    finish(.failure(error))
    state.withLock { $0.cancel }?()
  }

  func abandon() {
    let cancel = state.withLock { state in
      state.isAbandoned = true
      return state.cancel
    }
    cancel?()
  }

  var isAbandoned: Bool { state.withLock { $0.isAbandoned } }

  /// At once, where it was called off before.
  func onCancel(_ cancel: @escaping @Sendable () -> Void) {
    let isOver = state.withLock { state in
      state.cancel = cancel
      return state.result != nil || state.isAbandoned
    }
    if isOver { cancel() }
  }

  /// The first result counts.
  @discardableResult
  func finish(_ result: Result<Void, VolumeError>) -> Bool {
    let waiting = state.withLock { state -> [Semaphore]? in
      guard state.result == nil else { return nil }
      state.result = result
      defer { state.waiting = [] }
      return state.waiting
    }
    for bell in waiting ?? [] { bell.signal() }
    return waiting != nil
  }
}

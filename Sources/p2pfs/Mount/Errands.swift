// Threads for what may wait: for the tracker, the swarm, a slow disk. They are made as they are needed, and end when
// there has been nothing to do for a while.

import Glibc
import Link
import Synchronization

/// ## Concurrency model
/// `add` and `finish` for every thread; errands run several at once, begun in the order in which those of their kind
/// were added.
final class Errands: Sendable {
  /// What is done with names asks the tracker. While it does not answer, those who wait for it may not take the
  /// threads on which files are closed.
  enum Kind { case names, files }

  private struct State {
    var names = Line()
    var files = Line()
    var runningNames = 0
    /// Threads that wait, without those that were called and have not come yet.
    var idle = 0
    var threads = 0
    var isFinishing = false
  }

  private let state = Mutex(State())
  private let bell = Semaphore()
  private let isOver = Semaphore()
  private let name: String
  private let threadsMax: Int
  private let namesMax: Int
  private let idleMilliseconds: Int

  /// A quarter of the threads is for files alone.
  init(_ name: String, threadsMax: Int, idleMilliseconds: Int = 10_000) {
    self.name = name
    self.threadsMax = threadsMax
    namesMax = max(1, threadsMax * 3 / 4)
    self.idleMilliseconds = idleMilliseconds
  }

  var threadCount: Int { state.withLock { $0.threads } }

  private enum Hand { case idle, new, none }

  /// After `finish` nothing is begun any more.
  func add(_ kind: Kind = .files, _ errand: @escaping @Sendable () -> Void) {
    let hand = state.withLock { state in
      state.isFinishing ? .none : take(errand, kind, &state)
    }
    switch hand {
    case .idle: bell.signal()
    case .new: _ = WorkerThread(name) { self.work() }
    case .none: break
    }
  }

  private func take(_ errand: @escaping @Sendable () -> Void, _ kind: Kind, _ state: inout State) -> Hand {
    if kind == .names { state.names.append(errand) } else { state.files.append(errand) }
    if kind == .names, state.runningNames >= namesMax { return .none }
    if state.idle > 0 {
      state.idle -= 1
      return .idle
    }
    guard state.threads < threadsMax else { return .none }
    state.threads += 1
    return .new
  }

  /// Waits until everything that was added is done.
  func finish() {
    let (idle, isRunning) = state.withLock { state in
      defer { state.idle = 0 }
      state.isFinishing = true
      return (state.idle, state.threads > 0)
    }
    for _ in 0..<idle { bell.signal() }
    if isRunning { isOver.wait() }
  }
}

// What a thread does.
extension Errands {
  private enum Next {
    case run(@Sendable () -> Void, Kind)
    case wait
    case end(isLast: Bool)
  }

  private func work() {
    while true {
      switch state.withLock({ next(&$0) }) {
      case .run(let errand, let kind):
        errand()
        if kind == .names { state.withLock { $0.runningNames -= 1 } }
      case .wait:
        if !waitIsRewarded() { return end(isLast: false) }
      case .end(let isLast):
        return end(isLast: isLast)
      }
    }
  }

  private func next(_ state: inout State) -> Next {
    if let errand = state.files.popFirst() { return .run(errand, .files) }
    if state.runningNames < namesMax, let errand = state.names.popFirst() {
      state.runningNames += 1
      return .run(errand, .names)
    }
    if state.isFinishing {
      state.threads -= 1
      return .end(isLast: state.threads == 0)
    }
    state.idle += 1
    return .wait
  }

  /// False when nobody has called this thread for so long that it may go.
  private func waitIsRewarded() -> Bool {
    if bell.wait(until: .now + idleMilliseconds) { return true }
    let goes = state.withLock { state in
      guard state.idle > 0 else { return false }
      state.idle -= 1
      state.threads -= 1
      return true
    }
    // All who waited were called, this one too: the bell rings, or is about to.
    if !goes { bell.wait() }
    return !goes
  }

  /// Nobody joins a thread that comes and goes.
  private func end(isLast: Bool) {
    pthread_detach(pthread_self())
    if isLast { isOver.signal() }
  }
}

/// First in, first out.
private struct Line {
  private var newest: [@Sendable () -> Void] = []
  /// The one that is next is the last.
  private var oldest: [@Sendable () -> Void] = []

  mutating func append(_ errand: @escaping @Sendable () -> Void) { newest.append(errand) }

  mutating func popFirst() -> (@Sendable () -> Void)? {
    if oldest.isEmpty {
      oldest = newest.reversed()
      newest = []
    }
    return oldest.popLast()
  }
}

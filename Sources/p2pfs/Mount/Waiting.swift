// Operations that nobody has answered yet: which of them are interrupted, and how the end of a mount reaches them all.

import Glibc
import Link
import Synchronization
import Volume

/// Whoever waits for an answer: a request of the kernel.
protocol Answerable: AnyObject, Sendable {
  /// The thread that waits.
  var thread: pid_t { get }
  /// `body` must neither wait nor answer. The kernel says it but once, whatever signals come later.
  func onInterrupt(_ body: @escaping @Sendable () -> Void)
  func fail(_ error: TreeError)
}

protocol Interruptible: AnyObject, Sendable {
  /// Whoever waits is answered soon, with EINTR. Must not wait itself.
  func interrupt()
}

/// ## Concurrency model
/// For every thread. What is added keeps itself alive by it until it is removed.
final class Waiting: Sendable {
  private static let lookingMilliseconds = 50

  private struct State {
    var operations: [ObjectIdentifier: any Interruptible] = [:]
    /// Those who had a signal that is no reason to stop; the next one may be.
    var watched: [ObjectIdentifier: pid_t] = [:]
    var isEnding = false
  }

  private let state = Mutex(State())
  private let watch = Errands("signals", threadsMax: 1)
  private let pause = Semaphore()
  private let isToStop: @Sendable (pid_t) -> Bool

  init(isToStop: @escaping @Sendable (pid_t) -> Bool = { CallingProcess.isToStop(thread: $0) }) {
    self.isToStop = isToStop
  }

  var count: Int { state.withLock { $0.operations.count } }

  /// After the end it is interrupted at once.
  func add(_ operation: any Interruptible) {
    let isEnding = state.withLock { state in
      state.operations[ObjectIdentifier(operation)] = operation
      return state.isEnding
    }
    if isEnding { operation.interrupt() }
  }

  func remove(_ operation: any Interruptible) {
    state.withLock { state in
      state.operations[ObjectIdentifier(operation)] = nil
      state.watched[ObjectIdentifier(operation)] = nil
    }
  }

  /// The kernel says that there is a signal for the thread that waits.
  func interrupted(_ operation: any Interruptible, _ thread: pid_t) {
    if isToStop(thread) { return operation.interrupt() }
    let isFirst = state.withLock { state in
      state.watched[ObjectIdentifier(operation)] = thread
      return state.watched.count == 1
    }
    if isFirst { watch.add { self.look() } }
  }

  private func look() {
    while true {
      _ = pause.wait(until: .now + Self.lookingMilliseconds)
      let watched = state.withLock { state in
        state.watched = state.watched.filter { state.operations[$0.key] != nil }
        return state.watched
      }
      if watched.isEmpty { return }
      for (key, thread) in watched where isToStop(thread) {
        state.withLock { $0.watched.removeValue(forKey: key) == nil ? nil : $0.operations[key] }?.interrupt()
      }
    }
  }

  func interruptAll() {
    let all = state.withLock { state in
      state.isEnding = true
      return Array(state.operations.values)
    }
    for operation in all { operation.interrupt() }
  }

  /// When nobody waits any more.
  func end() {
    pause.signal()
    watch.finish()
  }
}

// Operations that nobody has answered yet, so that the end of a mount can reach them all.

import Synchronization
import Volume

/// Whoever waits for an answer: a request of the kernel.
protocol Answerable: AnyObject, Sendable {
  /// `body` must neither wait nor answer.
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
  private struct State {
    var operations: [ObjectIdentifier: any Interruptible] = [:]
    var isEnding = false
  }

  private let state = Mutex(State())

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
    _ = state.withLock { $0.operations.removeValue(forKey: ObjectIdentifier(operation)) }
  }

  func interruptAll() {
    let all = state.withLock { state in
      state.isEnding = true
      return Array(state.operations.values)
    }
    for operation in all { operation.interrupt() }
  }
}

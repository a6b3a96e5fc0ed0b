// Whatever one can ask a tracker through: a line to one tracker, or the product's own line to whichever serves.

import Foundation
import GroupModel
import Swarm
import Testing

protocol Asking: AnyObject, Sendable {
  /// nil: there was no answer.
  func ask(_ request: TrackerRequest, _ answered: @escaping @Sendable (TrackerAnswer?) -> Void)
}

extension TrackerLine: Asking {
  func ask(_ request: TrackerRequest, _ answered: @escaping @Sendable (TrackerAnswer?) -> Void) {
    ask(request, within: nil) { result in answered(try? result.get()) }
  }
}

extension Asking {
  /// Waits for the answer.
  func answer(to request: TrackerRequest) -> TrackerAnswer? {
    let awaited = Awaited<TrackerAnswer?>()
    ask(request) { awaited.come($0) }
    return awaited.wait() ?? nil
  }
}

/// Something that another thread brings.
final class Awaited<Value: Sendable>: @unchecked Sendable {
  private let lock = NSCondition()
  private var value: Value?

  func come(_ value: Value) {
    lock.lock()
    self.value = value
    lock.broadcast()
    lock.unlock()
  }

  /// nil, and the test has failed, when it does not come.
  func wait(within seconds: Double = 60) -> Value? {
    let deadline = Date(timeIntervalSinceNow: seconds)
    lock.lock()
    defer { lock.unlock() }
    while value == nil {
      guard lock.wait(until: deadline) else {
        Issue.record("nothing came within \(seconds) s")
        return nil
      }
    }
    return value
  }
}

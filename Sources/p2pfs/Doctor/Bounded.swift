// Something that might wait for ever (a mount whose daemon hangs, a resolver that is away), looked at on a thread of its
// own and given up after a while. The thread ends with the program.

import Link
import Synchronization

final class Bounded<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)
  private let bell = Semaphore()

  /// Begins at once.
  init(_ body: @escaping @Sendable () -> Value) {
    WorkerThread("looking") { [self] in
      let found = body()
      value.withLock { $0 = found }
      bell.signal()
    }.detach()
  }

  /// nil when the time is over. To be asked once.
  func value(until deadline: Instant) -> Value? {
    guard bell.wait(until: deadline) else { return nil }
    return value.withLock { $0 }
  }
}

// A thread that gives back what it has found.

import Glibc
import Synchronization

/// ## Concurrency model
/// `body` runs on a thread of its own; whoever made it joins it, once.
final class Worker<Found: Sendable>: Sendable {
  private let body: @Sendable () throws -> Found
  private let result = Mutex<Result<Found, any Error>?>(nil)
  private let thread = Mutex<pthread_t>(0)

  init(_ body: @escaping @Sendable () throws -> Found) {
    self.body = body
    let made = thread.withLock { thread in
      pthread_create(
        &thread, nil,
        { context in
          let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
          start.run()
          return nil
        }, Unmanaged.passRetained(Start { [self] in run() }).toOpaque())
    }
    precondition(made == 0, "the system gives no thread")
  }

  private func run() {
    let found = Result { try body() }
    result.withLock { $0 = found }
  }

  func join() throws -> Found {
    pthread_join(thread.withLock { $0 }, nil)
    guard let found = result.withLock({ $0 }) else { preconditionFailure("a thread ended without a word") }
    return try found.get()
  }
}

private final class Start {
  let run: () -> Void

  init(_ run: @escaping () -> Void) { self.run = run }
}

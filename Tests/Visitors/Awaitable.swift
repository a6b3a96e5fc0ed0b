// Something that threads change and tests wait for. A test waits for what is to happen; the half minute is only
// there so that what never happens is a failure instead of a hang.

import Glibc

package struct NeverHappened: Error, CustomStringConvertible {
  package let description: String
}

package final class Awaitable<State>: @unchecked Sendable {
  private static var patienceSeconds: Int { 30 }

  private var state: State
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  package init(_ state: State) {
    self.state = state
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  package var now: State {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return state
  }

  package func change(_ body: (inout State) -> Void) {
    pthread_mutex_lock(mutex)
    body(&state)
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(mutex)
  }

  @discardableResult
  package func wait(for what: String, until holds: (State) -> Bool) throws -> State {
    var deadline = timespec()
    clock_gettime(CLOCK_REALTIME, &deadline)
    deadline.tv_sec += Self.patienceSeconds
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !holds(state) {
      guard pthread_cond_timedwait(changed, mutex, &deadline) != ETIMEDOUT else {
        throw NeverHappened(description: "waited in vain for \(what); it was \(state)")
      }
    }
    return state
  }
}

// Lets one thread wait for another: a POSIX semaphore with one owner.

internal import CLinux
internal import Glibc

package final class Semaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  package init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  package func signal() { sem_post(semaphore) }

  package func wait() {
    // A signal's handler may wake it for nothing.
    while sem_wait(semaphore) != 0 {}
  }

  /// False when the deadline has passed first.
  package func wait(until deadline: Instant) -> Bool {
    let (seconds, nanoseconds) = deadline.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    var time = timespec(tv_sec: Int(clamping: seconds), tv_nsec: Int(nanoseconds))
    while sem_clockwait(semaphore, CLOCK_MONOTONIC, &time) != 0 {
      if errno != EINTR { return false }
    }
    return true
  }
}

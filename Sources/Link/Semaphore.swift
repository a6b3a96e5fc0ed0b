// Lets one thread wait for another: a POSIX semaphore with one owner.

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
}

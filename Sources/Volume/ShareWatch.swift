// Looks now and then whether the files that are shared from their places are still what they were. Each reading looks
// too; this is for those that nobody reads, so that the group does not count on them.

internal import Link
internal import Synchronization

/// ## Concurrency model
/// A thread of its own, which waits for disks.
final class ShareWatch: Sendable {
  private static let pauseMilliseconds = 5_000

  private let end = Semaphore()
  private let thread = Mutex<WorkerThread?>(nil)

  func start(over shared: SharedContents) {
    let end = end
    thread.withLock {
      $0 = WorkerThread("share-watch", niceness: 5) {
        while !end.wait(until: .now + Self.pauseMilliseconds) { shared.lookAtShares() }
      }
    }
  }

  func stop() {
    end.signal()
    thread.withLock { $0 }?.join()
  }
}

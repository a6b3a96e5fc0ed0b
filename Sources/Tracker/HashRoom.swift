// Where passwords are hashed: two threads that give way to all others, and a bounded queue that takes from each
// address in turn, so that neither a storm of logins nor one who knocks without end delays anybody else for long.

import Link
import Synchronization

/// ## Concurrency model
/// `submit` from any thread; the work runs on the room's own threads. The queue is under its mutex, `bell`
/// counts what is in it.
final class HashRoom: Sendable {
  struct Work: Sendable {
    let run: @Sendable () -> Void
    let refuse: @Sendable () -> Void
  }

  /// Each hashes one password, which takes half a second and 128 MiB.
  static let threads = 2
  static let queuedMax = 128

  private let queue = Mutex(FairQueue<[UInt8], Work>(max: queuedMax, maxEach: queuedMax))
  private let bell = Semaphore()

  init() {
    for number in 1...Self.threads {
      _ = WorkerThread("hash-\(number)", niceness: 10) { [self] in serve() }
    }
  }

  /// `refuse` instead of `run` where too many are waiting, now or later: when the queue is full, an address with
  /// little in it takes the place of one with much.
  func submit(
    from address: [UInt8], refuse: @escaping @Sendable () -> Void, _ run: @escaping @Sendable () -> Void
  ) {
    let work = Work(run: run, refuse: refuse)
    let refused = queue.withLock { queue -> Work? in
      if queue.add(work, of: address) { return nil }
      guard let displaced = queue.makeRoom(for: address), queue.add(work, of: address) else { return work }
      return displaced
    }
    refused?.refuse()
    bell.signal()
  }

  var waiting: Int { queue.withLock { $0.count } }

  private func serve() {
    while true {
      bell.wait()
      queue.withLock { $0.next() }?.run()
    }
  }
}

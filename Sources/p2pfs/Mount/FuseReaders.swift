// The threads that read requests, each by a descriptor of its own, and how they are stopped: by a signal, which makes a
// read return, sent as often as it takes.

import CFuse
import Glibc
import Link
import Synchronization

/// ## Concurrency model
/// `start` and `stop` for one thread. `take` is called on the readers, several at once.
final class FuseReaders: Sendable {
  /// To everybody else it means nothing, and is ignored.
  private static let signal = SIGURG
  private static let messageBytes = ReadBuffer.byteCount + 8192

  private struct State: @unchecked Sendable {
    var reading: [pthread_t] = []
    var threads: [WorkerThread] = []
  }

  private let state = Mutex(State())
  private let isStopping = Atomic(false)
  private let hasLeft = Semaphore()
  private let take: @Sendable (UnsafeMutableRawBufferPointer) -> Void
  private let ended: @Sendable () -> Void

  /// `ended` is told by each that ends, as it does of itself when the directory was unmounted.
  init(
    take: @escaping @Sendable (UnsafeMutableRawBufferPointer) -> Void, ended: @escaping @Sendable () -> Void
  ) {
    self.take = take
    self.ended = ended
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in }
    sigaction(Self.signal, &action, nil)
  }

  func start(_ descriptor: Int32) {
    let number = state.withLock { $0.threads.count + 1 }
    let thread = WorkerThread("fuse-\(number)") { self.read(descriptor) }
    state.withLock { $0.threads.append(thread) }
  }

  /// Waits until nobody reads any more.
  func stop() {
    isStopping.store(true, ordering: .releasing)
    while interruptReaders() { _ = hasLeft.wait(until: .now + 5) }
    let threads = state.withLock { $0.threads }
    for thread in threads { thread.join() }
  }

  /// False when there is none.
  private func interruptReaders() -> Bool {
    state.withLock { state in
      for thread in state.reading { pthread_kill(thread, Self.signal) }
      return !state.reading.isEmpty
    }
  }

  private func read(_ descriptor: Int32) {
    // Whoever stops us waits for those who are here, so nobody is signalled who has left.
    state.withLock { $0.reading.append(pthread_self()) }
    FuseChannel.use(descriptor)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.messageBytes, alignment: 4096)
    while let message = next(descriptor, into: buffer) { take(message) }
    buffer.deallocate()
    state.withLock { state in state.reading.removeAll { pthread_equal($0, pthread_self()) != 0 } }
    hasLeft.signal()
    ended()
  }

  /// nil at the end.
  private func next(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer)
    -> UnsafeMutableRawBufferPointer?
  {
    while !isStopping.load(ordering: .acquiring) {
      let count = Glibc.read(descriptor, buffer.baseAddress!, buffer.count)
      if count > 0 { return UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]) }
      // ENOENT: who asked did not want to wait until we read it.
      guard count < 0, [EINTR, EAGAIN, ENOENT].contains(errno) else { return nil }
    }
    return nil
  }
}

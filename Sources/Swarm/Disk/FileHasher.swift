// Hashes files of the user's on threads of their own, one file each, in the order they were given.

internal import Link
internal import Synchronization

/// ## Concurrency model
/// `hash` and `close` are for any thread. Progress and results are told on the hashing thread, with no lock held.
package final class FileHasher: Sendable {
  package typealias Hashed = @Sendable (Result<HashedFile, DiskTrouble>) -> Void
  package typealias Progress = @Sendable (_ doneBytes: Int, _ fileBytes: Int) -> Void

  /// One file that is being hashed, or will be.
  package final class Task: Sendable {
    fileprivate let path: LocalPath
    fileprivate let progress: Progress
    fileprivate let hashed: Hashed
    private let isCancelled = Atomic(false)

    fileprivate init(_ path: LocalPath, _ progress: @escaping Progress, _ hashed: @escaping Hashed) {
      self.path = path
      self.progress = progress
      self.hashed = hashed
    }

    /// It ends soon, as `cancelled` unless it was done already.
    package func cancel() { isCancelled.store(true, ordering: .relaxed) }

    fileprivate func run() {
      do throws(DiskTrouble) {
        guard !isCancelled.load(ordering: .relaxed) else { throw .cancelled }
        let file = try HashedFile.hash(path) { done, all in
          progress(done, all)
          return !isCancelled.load(ordering: .relaxed)
        }
        hashed(.success(file))
      } catch {
        hashed(.failure(error))
      }
    }
  }

  private final class Queue: Sendable {
    let state = Mutex<(waiting: [Task], running: [Task], isClosed: Bool)>(([], [], false))
    let work = Semaphore()

    func next() -> Task? {
      work.wait()
      return state.withLock { state in
        guard !state.waiting.isEmpty else { return nil }
        let task = state.waiting.removeFirst()
        state.running.append(task)
        return task
      }
    }

    func end(_ task: Task) { state.withLock { $0.running.removeAll { $0 === task } } }
  }

  private let queue = Queue()
  private let threads: Mutex<[WorkerThread]>

  package init(threadCount: Int = 1) {
    let queue = queue
    threads = Mutex(
      (0..<threadCount).map { index in
        WorkerThread("disk-hash-\(index)") {
          while let task = queue.next() {
            task.run()
            queue.end(task)
          }
        }
      })
  }

  deinit { close() }

  package func hash(
    _ path: LocalPath, progress: @escaping Progress = { _, _ in }, _ hashed: @escaping Hashed
  ) -> Task {
    let task = Task(path, progress, hashed)
    let isTaken = queue.state.withLock { state in
      guard !state.isClosed else { return false }
      state.waiting.append(task)
      return true
    }
    if isTaken { queue.work.signal() } else { hashed(.failure(.cancelled)) }
    return task
  }

  /// Ends what is going on, and returns when nothing more is told.
  package func close() {
    let threads = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    let dropped = queue.state.withLock { state in
      defer { state.waiting = [] }
      state.isClosed = true
      for task in state.running { task.cancel() }
      return state.waiting
    }
    for _ in threads { queue.work.signal() }
    for thread in threads { thread.join() }
    for task in dropped { task.hashed(.failure(.cancelled)) }
  }
}

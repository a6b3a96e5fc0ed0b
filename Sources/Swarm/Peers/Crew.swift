// Some threads that do, one after the other, what a loop must not do itself: read a disk, hash.

internal import Link
internal import Synchronization

/// ## Concurrency model
/// `add` and `stop` are for every thread; jobs run on the crew's threads, several at once and in no sure order.
final class Crew: Sendable {
  private struct State {
    var jobs: [@Sendable () -> Void] = []
    var done = 0
    var isStopping = false
  }

  private let state = Mutex(State())
  private let bell = Semaphore()
  private let threads = Mutex<[WorkerThread]>([])
  private let name: String
  private let count: Int

  init(_ name: String, threads count: Int) {
    self.name = name
    self.count = count
  }

  func start() {
    let made = (1...count).map { number in WorkerThread("\(name)-\(number)") { self.work() } }
    threads.withLock { $0 = made }
  }

  /// What somebody waits for is done before everything that waits already. After `stop` nothing is kept: a job holds
  /// who gave it, and would keep him for ever.
  func add(isUrgent: Bool = false, _ job: @escaping @Sendable () -> Void) {
    state.withLock { state in
      guard !state.isStopping else { return }
      if isUrgent { state.jobs.insert(job, at: state.done) } else { state.jobs.append(job) }
    }
    bell.signal()
  }

  /// Waits until what is being done is done; what is not begun is forgotten.
  func stop() {
    state.withLock {
      $0.isStopping = true
      $0.jobs = []
      $0.done = 0
    }
    for _ in 0..<count { bell.signal() }
    let mine = threads.withLock { threads in
      defer { threads = [] }
      return threads
    }
    for thread in mine { thread.join() }
  }

  private func work() {
    while true {
      bell.wait()
      let (job, isStopping) = state.withLock { (Self.pop(&$0), $0.isStopping) }
      if isStopping { return }
      job?()
    }
  }

  /// What is done is cut off when it is most of all there is, so that each is moved once at most.
  private static func pop(_ state: inout State) -> (@Sendable () -> Void)? {
    guard state.done < state.jobs.count else { return nil }
    let job = state.jobs[state.done]
    state.jobs[state.done] = {}
    state.done += 1
    if state.done == state.jobs.count || state.done >= 256 {
      state.jobs.removeFirst(state.done)
      state.done = 0
    }
    return job
  }
}

// One thread that waits for many sockets (epoll, level-triggered), runs what others post to it, and what was
// asked for later. Everything that belongs to a loop's sockets happens on its thread, so none of it needs a lock.

internal import CLinux
internal import Glibc
internal import Synchronization

/// Something that the loop tells when its descriptor can be read or written.
protocol Watched: AnyObject {
  func ready(_ events: Readiness)
  /// It has asked for this by `comeBack(to:)`.
  func comesBack()
  /// The last chance to say goodbye.
  func loopEnds()
}

struct Readiness: OptionSet {
  let rawValue: UInt32

  static let readable = Readiness(rawValue: p2pfs_epoll_readable)
  static let writable = Readiness(rawValue: p2pfs_epoll_writable)
  static let broken = Readiness(rawValue: p2pfs_epoll_broken)
  /// Of several loops that wait for one listening socket, one is woken.
  static let exclusive = Readiness(rawValue: p2pfs_epoll_exclusive)
}

/// ## Concurrency model
/// `post`, `start` and `stop` are for every thread; `inbox` and `thread` under their mutexes are all that threads
/// share. The rest is touched by the loop's own thread only, once it runs; debug builds hold it to that.
package final class EventLoop: @unchecked Sendable {
  private struct Inbox {
    var jobs: [@Sendable () -> Void] = []
    var isStopping = false
    /// Nobody will run what is posted now.
    var isOver = false
  }

  private struct Slot {
    var watched: (any Watched)?
    var generation: UInt32 = 0
  }

  private let name: String
  private let epoll: Int32
  private let bell: Int32
  private let inbox = Mutex(Inbox())
  private let thread = Mutex<WorkerThread?>(nil)
  /// Of all lines that the loop has had.
  package let traffic = Traffic()
  private var runner: pthread_t?

  private var slots: [Slot] = []
  private var timers = Timers<() -> Void>()
  private var endOfTurn: [() -> Void] = []
  private var again: [any Watched] = []
  /// The time at which this turn of the loop began.
  private(set) var now = Instant.now
  /// Where bytes are decrypted to before anybody looks at them; one for all connections of the loop.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 16)

  package init(name: String) {
    self.name = name
    epoll = p2pfs_epoll_create()
    bell = p2pfs_eventfd_create()
    precondition(epoll >= 0 && bell >= 0, "the system gives no descriptor for an event loop")
    control(EPOLL_CTL_ADD, bell, .readable, tag: UInt64.max)
    // A peer that goes away while we write is an error of that write, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
  }

  deinit {
    close(epoll)
    close(bell)
    scratch.deallocate()
  }

  package func start() {
    thread.withLock { $0 = WorkerThread(name) { self.run() } }
  }

  /// Ends every line that there still is, and waits until the loop's thread has ended; on that thread, it ends after this turn.
  package func stop() {
    let mine = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    inbox.withLock { $0.isStopping = true }
    ring()
    mine?.join()
  }

  /// Runs `job` on the loop's thread, soon; says false when the loop has ended and will not.
  @discardableResult
  package func post(_ job: @escaping @Sendable () -> Void) -> Bool {
    let (isFirst, isOver) = inbox.withLock { inbox in
      if !inbox.isOver { inbox.jobs.append(job) }
      return (inbox.jobs.count == 1, inbox.isOver)
    }
    if isFirst { ring() }
    return !isOver
  }

  private func ring() {
    var one: UInt64 = 1
    _ = write(bell, &one, 8)
  }
}

// For those who are on the loop's thread.
extension EventLoop {
  package func after(milliseconds: Int, _ job: @escaping () -> Void) {
    at(now + milliseconds, job)
  }

  func at(_ due: Instant, _ job: @escaping () -> Void) {
    assertOnLoop()
    if due != .never { timers.add(at: due, job) }
  }

  /// Once, after all that this turn brings: so that ten answers to one peer leave in one record.
  package func atEndOfTurn(_ job: @escaping () -> Void) {
    assertOnLoop()
    endOfTurn.append(job)
  }

  /// Calls `watched` in the next turn: it holds bytes that the kernel no longer knows of.
  func comeBack(to watched: any Watched) { again.append(watched) }

  func watch(_ descriptor: Int32, _ events: Readiness, _ watched: any Watched) {
    assertOnLoop()
    let index = Int(descriptor)
    while slots.count <= index { slots.append(Slot()) }
    slots[index].watched = watched
    slots[index].generation &+= 1
    control(EPOLL_CTL_ADD, descriptor, events, tag: tag(descriptor))
  }

  func change(_ descriptor: Int32, to events: Readiness) {
    control(EPOLL_CTL_MOD, descriptor, events, tag: tag(descriptor))
  }

  /// Before the descriptor is closed.
  func unwatch(_ descriptor: Int32) {
    assertOnLoop()
    guard slots.indices.contains(Int(descriptor)), slots[Int(descriptor)].watched != nil else { return }
    slots[Int(descriptor)].watched = nil
    slots[Int(descriptor)].generation &+= 1
    control(EPOLL_CTL_DEL, descriptor, [], tag: 0)
  }

  /// An event that was already fetched may be for a descriptor that was closed and given to somebody else in
  /// the same turn; its generation tells.
  private func tag(_ descriptor: Int32) -> UInt64 {
    UInt64(slots[Int(descriptor)].generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
  }

  private func assertOnLoop() {
    assert(runner.map { pthread_equal($0, pthread_self()) != 0 } ?? true, "not on the loop's thread")
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ events: Readiness, tag: UInt64) {
    var event = epoll_event()
    event.events = events.rawValue
    event.data.u64 = tag
    epoll_ctl(epoll, operation, descriptor, &event)
  }
}

// The turns.
extension EventLoop {
  private func run() {
    runner = pthread_self()
    var events = [epoll_event](repeating: epoll_event(), count: 256)
    while !inbox.withLock({ $0.isStopping }) {
      let count = epoll_wait(epoll, &events, Int32(events.count), patience)
      now = .now
      for event in events.prefix(max(0, Int(count))) { deliver(event) }
      // After the bell was silenced: what is posted from here on rings it anew.
      runPosted()
      comeBack()
      runTimers()
      finishTurn()
    }
    finish()
  }

  private func finish() {
    runPosted()
    finishTurn()
    endAllWatched()
    finishTurn()
    // Whoever posted something in the meantime may wait for it.
    inbox.withLock { $0.isOver = true }
    runPosted()
    endAllWatched()
    finishTurn()
    again = []
    timers = Timers()
  }

  /// Whose line ends may begin another one, and does so in vain.
  private func endAllWatched() {
    var index = 0
    while index < slots.count {
      slots[index].watched?.loopEnds()
      index = slots[index].watched == nil ? index + 1 : index
    }
  }

  private var patience: Int32 {
    guard again.isEmpty else { return 0 }
    guard timers.next != .never else { return -1 }
    return Int32(clamping: timers.next.milliseconds(after: .now))
  }

  private func deliver(_ event: epoll_event) {
    guard event.data.u64 != UInt64.max else { return silenceBell() }
    let index = Int(event.data.u64 & 0xFFFF_FFFF)
    guard slots[index].generation == UInt32(event.data.u64 >> 32) else { return }
    slots[index].watched?.ready(Readiness(rawValue: event.events))
  }

  private func silenceBell() {
    var count: UInt64 = 0
    _ = read(bell, &count, 8)
  }

  private func runPosted() {
    let jobs = inbox.withLock { inbox in
      defer { inbox.jobs = [] }
      return inbox.jobs
    }
    for job in jobs { job() }
  }

  private func comeBack() {
    let mine = again
    again = []
    for watched in mine { watched.comesBack() }
  }

  /// As many as there are now at most: a job that asks for the same moment again gets the next turn.
  private func runTimers() {
    for _ in 0..<timers.count {
      guard let job = timers.popDue(now) else { return }
      job()
    }
  }

  private func finishTurn() {
    while !endOfTurn.isEmpty {
      let jobs = endOfTurn
      endOfTurn = []
      for job in jobs { job() }
    }
  }
}

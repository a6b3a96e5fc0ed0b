// Whoever waits is answered once, as soon as there is an answer: the bytes, a trouble, or an interrupt.

import Glibc
import Link
import Synchronization
import Testing
import Volume

@testable import p2pfs

/// A request that nobody but a test makes.
private final class Asker: Answerable {
  private struct State {
    var failures: [TreeError] = []
    var onInterrupt: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())
  let answered = Semaphore()
  let thread: pid_t = 1

  var failures: [TreeError] { state.withLock { $0.failures } }

  func onInterrupt(_ body: @escaping @Sendable () -> Void) { state.withLock { $0.onInterrupt = body } }

  func fail(_ error: TreeError) {
    state.withLock { $0.failures.append(error) }
    answered.signal()
  }

  func interrupt() { state.withLock { $0.onInterrupt }?() }
}

/// Bytes that come when a test says so.
private final class Sender: Sendable {
  private struct State {
    var asked: [Range<Int>] = []
    var arrivals: [ParkedOperation.Arrival] = []
    var calledOff = 0
  }

  private let state = Mutex(State())

  var asked: [Range<Int>] { state.withLock { $0.asked } }
  var calledOff: Int { state.withLock { $0.calledOff } }

  func bring(_ bytes: Range<Int>, _ then: @escaping ParkedOperation.Arrival) -> @Sendable () -> Void {
    state.withLock {
      $0.asked.append(bytes)
      $0.arrivals.append(then)
    }
    return { self.state.withLock { $0.calledOff += 1 } }
  }

  func arrive(_ error: TreeError? = nil) {
    let arrivals = state.withLock { state in
      defer { state.arrivals = [] }
      return state.arrivals
    }
    for arrival in arrivals { arrival(error) }
  }
}

@Suite struct ParkedOperationTests {
  private let asker = Asker()
  private let sender = Sender()
  private let crew = Errands("crew", threadsMax: 2)
  private let waiting = Waiting { _ in true }

  private func parked(_ tryAgain: @escaping @Sendable () -> ParkedOperation.Step) -> ParkedOperation {
    ParkedOperation(
      asker, crew: crew, waiting: waiting, bring: { [sender] in sender.bring($0, $1) }, tryAgain: tryAgain)
  }

  @Test func `what has arrived is read, once`() {
    let tries = Counter()
    parked {
      tries.add()
      return .done
    }.begin(with: 5..<10)
    #expect(sender.asked == [5..<10])
    #expect(tries.count == 0)
    sender.arrive()
    crew.finish()
    #expect(tries.count == 1)
    #expect(asker.failures == [])
    #expect(waiting.count == 0)
  }

  @Test func `a trouble is the answer`() {
    parked { .done }.begin(with: 0..<1)
    sender.arrive(.noSource)
    asker.answered.wait()
    #expect(asker.failures == [.noSource])
  }

  @Test func `what is still missing is brought too, though not for ever`() {
    parked { .needs(7..<8) }.begin(with: 0..<1)
    while asker.failures.isEmpty {
      sender.arrive()
      sched_yield()
    }
    #expect(sender.asked.count == ParkedOperation.roundsMax)
    #expect(sender.asked.last == 7..<8)
    crew.finish()
    #expect(waiting.count == 0)
  }

  @Test func `bytes that are there at once do no harm`() {
    let asker = asker
    ParkedOperation(
      asker, crew: crew, waiting: waiting,
      bring: { _, then in
        then(nil)
        return {}
      }, tryAgain: { .failed(.full) }
    ).begin(with: 0..<1)
    asker.answered.wait()
    #expect(asker.failures == [.full])
  }

  @Test func `an interrupt is answered while the bytes are on their way, and they are called off`() {
    parked {
      Issue.record("nobody waits for it")
      return .done
    }.begin(with: 0..<1)
    asker.interrupt()
    asker.answered.wait()
    sender.arrive()
    asker.interrupt()
    crew.finish()
    #expect(asker.failures == [.interrupted])
    #expect(sender.calledOff == 1)
    #expect(waiting.count == 0)
  }

  @Test func `the end of the mount reaches those who wait and those who come later`() {
    parked { .done }.begin(with: 0..<1)
    waiting.interruptAll()
    asker.answered.wait()
    let late = Asker()
    ParkedOperation(
      late, crew: crew, waiting: waiting, bring: { [sender] in sender.bring($0, $1) }, tryAgain: { .done }
    ).begin(with: 0..<1)
    late.answered.wait()
    #expect(late.failures == [.interrupted])
    crew.finish()
    #expect(waiting.count == 0)
  }

  @Test func `arrival and interrupt at once are one answer`() {
    for _ in 0..<2000 {
      let (asker, sender, reads) = (Asker(), Sender(), Counter())
      ParkedOperation(
        asker, crew: crew, waiting: waiting, bring: { sender.bring($0, $1) },
        tryAgain: {
          reads.add()
          return .done
        }
      ).begin(with: 0..<1)
      let other = WorkerThread("arrival") { sender.arrive() }
      asker.interrupt()
      other.join()
    }
    crew.finish()
    #expect(waiting.count == 0)
  }
}

@Suite struct ErrandTests {
  private let asker = Asker()
  private let errands = Errands("errands", threadsMax: 1)
  private let crew = Errands("crew", threadsMax: 2)
  private let waiting = Waiting { _ in true }

  @Test func `what an errand throws is the answer`() {
    Errand(asker, crew: crew, waiting: waiting) { _ throws(TreeError) in throw .notNow("") }
      .begin(on: errands, .names)
    errands.finish()
    #expect(asker.failures == [.notNow("")])
    #expect(waiting.count == 0)
  }

  @Test func `an interrupt reaches who is at it`() {
    Errand(asker, crew: crew, waiting: waiting) { caller throws(TreeError) in
      _ = try caller.wait(until: .never) { _ in }
    }.begin(on: errands, .names)
    usleep(10_000)
    asker.interrupt()
    asker.answered.wait()
    #expect(asker.failures == [.interrupted])
    errands.finish()
  }

  @Test func `an interrupt is answered also where nobody has begun`() {
    let gate = Semaphore()
    errands.add { gate.wait() }
    Errand(asker, crew: crew, waiting: waiting) { _ in Issue.record("it was begun") }.begin(
      on: errands, .files)
    asker.interrupt()
    asker.answered.wait()
    gate.signal()
    errands.finish()
    crew.finish()
    #expect(asker.failures == [.interrupted])
    #expect(waiting.count == 0)
  }
}

@Suite struct SignalTests {
  private let asker = Asker()
  private let crew = Errands("crew", threadsMax: 2)
  private let errands = Errands("errands", threadsMax: 1)

  private func status(_ pending: String, caught: String, blocked: String = "0", shared: String = "0")
    -> ProcessText
  {
    ProcessText(
      Array(
        "SigQ:\t0/1\nSigPnd:\t\(pending)\nShdPnd:\t\(shared)\nSigBlk:\t\(blocked)\nSigCgt:\t\(caught)\n".utf8)
    )
  }

  @Test func `who is killed is to stop, and who has Ctrl-C for himself too`() {
    #expect(CallingProcess.isToStop(status("100", caught: "0")))
    #expect(CallingProcess.isToStop(status("0", caught: "0", shared: "2")))
    #expect(CallingProcess.isToStop(status("0", caught: "2", shared: "2")))
    #expect(CallingProcess.isToStop(status("4000", caught: "ffff")))
  }

  @Test func `a clock, a child or another window is no reason to stop`() {
    // SIGALRM, SIGCHLD, SIGWINCH, SIGURG, SIGUSR1.
    for signal in ["2000", "10000", "8000000", "400000", "200"] {
      #expect(!CallingProcess.isToStop(status("0", caught: signal, shared: signal)))
    }
    #expect(!CallingProcess.isToStop(status("2", caught: "0", blocked: "2")))
    #expect(!CallingProcess.isToStop(status("0", caught: "0")))
  }

  @Test func `who has ended is to stop`() {
    #expect(CallingProcess.isToStop(thread: .max))
    #expect(!CallingProcess.isToStop(thread: getpid()))
  }

  @Test func `who had a signal that is no reason to stop stops at the next one`() {
    let isStopped = Atomic(false)
    let looked = Semaphore()
    let waiting = Waiting { _ in
      looked.signal()
      return isStopped.load(ordering: .acquiring)
    }
    Errand(asker, crew: crew, waiting: waiting) { caller throws(TreeError) in
      _ = try caller.wait(until: .never) { _ in }
    }.begin(on: errands, .names)
    asker.interrupt()
    looked.wait()
    looked.wait()
    #expect(asker.failures == [])
    isStopped.store(true, ordering: .releasing)
    asker.answered.wait()
    #expect(asker.failures == [.interrupted])
    errands.finish()
    crew.finish()
    waiting.end()
    #expect(waiting.count == 0)
  }
}

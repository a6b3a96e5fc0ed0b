// Threads that come and go, and who may have how many of them.

import Glibc
import Link
import Synchronization
import Testing

@testable import p2pfs

@Suite struct ErrandsTests {
  @Test func `everything that was added is done before it is finished`() {
    let errands = Errands("test", threadsMax: 4)
    let done = Counter()
    for number in 0..<1000 { errands.add(number % 3 == 0 ? .names : .files) { done.add() } }
    errands.finish()
    #expect(done.count == 1000)
    #expect(errands.threadCount == 0)
  }

  @Test func `as many threads as errands that wait, and no more than the most`() {
    let errands = Errands("test", threadsMax: 4)
    let (gate, begun) = (Semaphore(), Semaphore())
    for _ in 0..<10 {
      errands.add {
        begun.signal()
        gate.wait()
      }
    }
    for _ in 0..<4 { begun.wait() }
    #expect(errands.threadCount == 4)
    for _ in 0..<10 { gate.signal() }
    errands.finish()
  }

  @Test func `one thread is enough for one errand after another`() {
    let errands = Errands("test", threadsMax: 100)
    let done = Semaphore()
    for _ in 0..<200 {
      errands.add { done.signal() }
      done.wait()
      // Until the thread waits again, the next errand would find none.
      usleep(1000)
    }
    #expect(errands.threadCount <= 3)
    errands.finish()
  }

  @Test func `files are closed while all who may wait for names do`() {
    let errands = Errands("test", threadsMax: 4)
    let (gate, closed) = (Semaphore(), Semaphore())
    for _ in 0..<10 { errands.add(.names) { gate.wait() } }
    errands.add(.files) { closed.signal() }
    #expect(closed.wait(until: .now + 5000))
    for _ in 0..<10 { gate.signal() }
    errands.finish()
  }

  @Test func `whoever is idle for long ends, and others come when they are needed`() {
    let errands = Errands("test", threadsMax: 8, idleMilliseconds: 5)
    let done = Counter()
    for round in 1...20 {
      for _ in 0..<8 { errands.add { done.add() } }
      while done.count < round * 8 { sched_yield() }
      usleep(useconds_t(round * 1000))
    }
    while errands.threadCount > 0 { sched_yield() }
    errands.add { done.add() }
    errands.finish()
    #expect(done.count == 161)
  }

  @Test func `nothing is begun after the end`() {
    let errands = Errands("test", threadsMax: 2)
    errands.finish()
    errands.add { Issue.record("it was begun") }
    #expect(errands.threadCount == 0)
  }
}

final class Counter: Sendable {
  private let value = Atomic(0)

  var count: Int { value.load(ordering: .sequentiallyConsistent) }

  func add() { value.add(1, ordering: .sequentiallyConsistent) }
}

// What is posted to a loop, asked for later, and what becomes of both when it stops.

import Glibc
import Testing
import Visitors

@testable import Link

/// Has something to say when its loop ends.
private final class LastWords: Watched, @unchecked Sendable {
  let descriptor: Int32
  private let loop: EventLoop
  private let say: () -> Void

  init(on loop: EventLoop, _ say: @escaping () -> Void) {
    self.loop = loop
    self.say = say
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0)
    descriptor = ends[0]
    close(ends[1])
  }

  deinit { close(descriptor) }

  func ready(_ events: Readiness) {}

  func comesBack() {}

  func loopEnds() {
    loop.unwatch(descriptor)
    say()
  }
}

@Suite struct EventLoopTests {
  private func running(_ name: String = "loop") -> EventLoop {
    let loop = EventLoop(name: name)
    loop.start()
    return loop
  }

  @Test func `no wake-up is lost, however the posts of several threads fall`() {
    let loop = running()
    defer { loop.stop() }
    let finished = Awaitable(0)
    let threads = (0..<4).map { number in
      WorkerThread("poster \(number)") {
        guard Self.postsOneAfterTheOther(10_000, on: loop) else { return }
        finished.change { $0 += 1 }
      }
    }
    for thread in threads { thread.join() }
    #expect(finished.now == 4)
  }

  /// Each waits for the one before to have run, so that one lost wake-up stops them all.
  private static func postsOneAfterTheOther(_ count: Int, on loop: EventLoop) -> Bool {
    let ran = Awaitable(0)
    for number in 1...count {
      loop.post { ran.change { $0 += 1 } }
      guard (try? ran.wait(for: "post \(number)") { $0 == number }) != nil else { return false }
    }
    return true
  }

  @Test func `what one thread posts runs in its order`() throws {
    let loop = running()
    defer { loop.stop() }
    let seen = Awaitable<[Int]>([])
    for number in 0..<1000 { loop.post { seen.change { $0.append(number) } } }
    try seen.wait(for: "all") { $0 == Array(0..<1000) }
  }

  @Test func `a post from a post runs, and a loop that is busy with such still has timers`() throws {
    let loop = running()
    defer { loop.stop() }
    let isOver = Awaitable(false)
    loop.post { loop.after(milliseconds: 5) { isOver.change { $0 = true } } }
    postAgain(on: loop, until: isOver)
    try isOver.wait(for: "the timer") { $0 }
  }

  private func postAgain(on loop: EventLoop, until isOver: Awaitable<Bool>) {
    loop.post { if !isOver.now { self.postAgain(on: loop, until: isOver) } }
  }

  @Test func `timers fire in the order of their deadlines, none early`() throws {
    let loop = running()
    defer { loop.stop() }
    let fired = Awaitable<[Int]>([])
    loop.post {
      let start = loop.now
      for delay in [30, 10, 20, 0, 40, 10] {
        loop.after(milliseconds: delay) {
          precondition(Instant.now >= start + delay, "early")
          fired.change { $0.append(delay) }
        }
      }
    }
    try fired.wait(for: "all") { $0 == [0, 10, 10, 20, 30, 40] }
  }

  @Test func `a timer that asks for now again does not stop the loop`() throws {
    let loop = running()
    defer { loop.stop() }
    let isOver = Awaitable(false)
    loop.post { self.armForNow(on: loop, until: isOver) }
    onThread(of: loop) {}
    isOver.change { $0 = true }
  }

  private func armForNow(on loop: EventLoop, until isOver: Awaitable<Bool>) {
    loop.after(milliseconds: 0) { if !isOver.now { self.armForNow(on: loop, until: isOver) } }
  }

  @Test func `a deadline beyond all clocks is none`() {
    let loop = running()
    defer { loop.stop() }
    onThread(of: loop) {
      loop.after(milliseconds: .max) { preconditionFailure("never") }
      loop.after(milliseconds: 1 << 40) { preconditionFailure("not in this life") }
    }
    onThread(of: loop) {}
  }

  @Test func `what was posted before a stop runs, what comes after is refused`() {
    let loop = running()
    let count = Awaitable(0)
    for _ in 0..<100 { loop.post { count.change { $0 += 1 } } }
    loop.stop()
    #expect(count.now == 100)
    #expect(!loop.post { count.change { $0 += 1 } })
    #expect(count.now == 100)
    loop.stop()
  }

  @Test func `what is posted while the last lines end runs, too`() throws {
    let loop = running()
    let (isTaken, hasRun) = (Awaitable(false), Awaitable(false))
    let last = LastWords(on: loop) {
      isTaken.change { $0 = loop.post { hasRun.change { $0 = true } } }
    }
    onThread(of: loop) { loop.watch(last.descriptor, .readable, last) }
    loop.stop()
    #expect(isTaken.now == hasRun.now)
    #expect(isTaken.now)
  }

  @Test func `a loop may be stopped by what runs on it`() throws {
    let loop = running()
    let isDone = Awaitable(false)
    loop.post {
      loop.stop()
      loop.post { isDone.change { $0 = true } }
    }
    try isDone.wait(for: "what was posted in the last turn") { $0 }
  }

  @Test func `a loop that has stopped goes, with all that was left in it`() {
    weak var gone: EventLoop?
    do {
      let loop = running()
      gone = loop
      loop.post { loop.after(milliseconds: 100_000) { _ = loop } }
      loop.stop()
    }
    #expect(gone == nil)
  }
}

// Who may change names while others do: many at a time, or one who closes the gate behind him.

import Link
import Synchronization
import TestSupport
import Testing

@testable import Volume

/// Somebody behind the gate, until he is told to go.
private final class Passer: Sendable {
  let caller = Caller()
  private let isIn = Semaphore()
  private let goes = Semaphore()
  private let isOver = Semaphore()
  private let result = Mutex<Result<Void?, TreeError>?>(nil)

  init(_ gate: NameGate, closes: Bool = false, within milliseconds: Int = 60_000) {
    WorkerThread("passer") { [self] in
      let outcome = Result { () throws(TreeError) -> Void? in
        let deadline = Instant.now + milliseconds
        let body = {
          self.isIn.signal()
          self.goes.wait()
        }
        return closes
          ? try gate.close(for: caller, until: deadline, body)
          : try gate.pass(for: caller, until: deadline, body)
      }
      result.withLock { $0 = outcome }
      isOver.signal()
    }.detach()
  }

  func comesIn(within milliseconds: Int = 10_000) -> Bool { isIn.wait(until: .now + milliseconds) }

  var staysOutside: Bool { !comesIn(within: 100) }

  func leaves() { goes.signal() }

  /// Whether he came in at all.
  func outcome() throws -> Bool {
    #expect(isOver.wait(until: .now + 10_000))
    let outcome = try #require(result.withLock { $0 })
    return try outcome.get() != nil
  }
}

@Suite struct NameGateTests {
  private let gate = NameGate()

  @Test func `many pass at a time`() throws {
    let passers = (0..<8).map { _ in Passer(gate) }
    for passer in passers { #expect(passer.comesIn()) }
    for passer in passers { passer.leaves() }
    for passer in passers { #expect(try passer.outcome()) }
  }

  @Test func `who closes it is alone`() throws {
    let before = Passer(gate)
    #expect(before.comesIn())
    let closer = Passer(gate, closes: true)
    #expect(closer.staysOutside && !gate.isClosed)
    before.leaves()
    #expect(closer.comesIn() && gate.isClosed)
    let passer = Passer(gate)
    #expect(passer.staysOutside)
    closer.leaves()
    #expect(passer.comesIn() && !gate.isClosed)
    passer.leaves()
    for someone in [before, closer, passer] { #expect(try someone.outcome()) }
  }

  @Test func `they come in in the order in which they came, whoever closes it`() throws {
    let first = Passer(gate, closes: true)
    #expect(first.comesIn())
    var line: [Passer] = []
    for closes in [false, true, false, true] {
      line.append(Passer(gate, closes: closes))
      #expect(line.last?.staysOutside == true)
    }
    first.leaves()
    for (index, passer) in line.enumerated() {
      #expect(passer.comesIn(), "\(index)")
      for later in line[(index + 1)...] { #expect(later.staysOutside, "\(index)") }
      passer.leaves()
      #expect(try passer.outcome())
    }
  }

  @Test func `who waits longer than he may goes on without having passed`() throws {
    let closer = Passer(gate, closes: true)
    #expect(closer.comesIn())
    #expect(try !Passer(gate, within: 20).outcome())
    #expect(try !Passer(gate, closes: true, within: 20).outcome())
    closer.leaves()
    #expect(try closer.outcome())
    let next = Passer(gate, closes: true)
    #expect(next.comesIn(), "nobody who has gone is waited for")
    next.leaves()
    #expect(try next.outcome())
  }

  @Test func `an interrupt ends the waiting, and those behind move up`() throws {
    let before = Passer(gate)
    #expect(before.comesIn())
    let closer = Passer(gate, closes: true)
    #expect(closer.staysOutside)
    let behind = Passer(gate)
    #expect(behind.staysOutside)
    closer.caller.interrupt()
    #expect(throws: TreeError.interrupted) { try closer.outcome() }
    #expect(behind.comesIn())
    for passer in [before, behind] {
      passer.leaves()
      #expect(try passer.outcome())
    }
  }

  @Test func `interrupts and deadlines at any moment leave it open`() throws {
    var random = SeededRandom()
    let crowd = GateCrowd(gate)
    let ends = (0..<6).map { _ in crowd.start(2_000, random.branch()) }
    for end in ends { #expect(end.wait(until: .now + 60_000)) }
    #expect(crowd.collisions.load(ordering: .relaxed) == 0)
    let last = Passer(gate, closes: true)
    #expect(last.comesIn())
    last.leaves()
    #expect(try last.outcome())
  }
}

/// Many who pass and close, have little time, and interrupt each other.
private final class GateCrowd: Sendable {
  private let gate: NameGate
  private let passing = Atomic(0)
  private let closing = Atomic(0)
  private let waiting = Mutex<[Caller]>([])
  let collisions = Atomic(0)

  init(_ gate: NameGate) { self.gate = gate }

  func start(_ count: Int, _ random: SeededRandom) -> Semaphore {
    let isOver = Semaphore()
    WorkerThread("crowd") { [self] in
      var random = random
      for _ in 0..<count { act(&random) }
      isOver.signal()
    }.detach()
    return isOver
  }

  private func act(_ random: inout SeededRandom) {
    let caller = Caller()
    if random.isTrue(oneIn: 4) { waiting.withLock { $0.append(caller) } }
    let deadline = Instant.now + Int.random(in: 0..<3, using: &random)
    if random.isTrue(oneIn: 3) {
      _ = try? gate.close(for: caller, until: deadline) { be(in: closing, besides: 0) }
    } else {
      _ = try? gate.pass(for: caller, until: deadline) { be(in: passing, besides: .max) }
    }
    let interrupted = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for other in interrupted { other.interrupt() }
  }

  private func be(in count: borrowing Atomic<Int>, besides othersMax: Int) {
    let others = count.add(1, ordering: .relaxed).oldValue
    let isAlone = passing.load(ordering: .relaxed) == 0 || closing.load(ordering: .relaxed) == 0
    if others > othersMax || !isAlone { collisions.add(1, ordering: .relaxed) }
    count.subtract(1, ordering: .relaxed)
  }
}

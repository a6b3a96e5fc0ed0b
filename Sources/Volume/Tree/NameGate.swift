// Who renames a directory is alone meanwhile: whatever is told to the tracker of something by its path would else be told
// of another thing, or of nothing.

internal import Link
internal import Synchronization

/// ## Concurrency model
/// For any thread that may wait. Many pass at a time; who closes the gate waits until they are through. They are let in
/// in the order in which they came, so that nobody waits for ever. Nobody passes twice at once: between the two somebody
/// may be closing it. A file's turns are taken behind the gate, never before it.
final class NameGate: Sendable {
  private final class Comer: Sendable {
    let closes: Bool
    let bell: Semaphore

    init(_ bell: Semaphore, closes: Bool) {
      self.bell = bell
      self.closes = closes
    }
  }

  private struct State {
    var passing = 0
    var isClosed = false
    var waiting: [Comer] = []

    mutating func letIn() -> [Comer] {
      var admitted: [Comer] = []
      while let first = waiting.first, !isClosed, !first.closes || passing == 0 {
        if first.closes { isClosed = true } else { passing += 1 }
        admitted.append(waiting.removeFirst())
      }
      return admitted
    }
  }

  private let state = Mutex(State())

  var isClosed: Bool { state.withLock { $0.isClosed } }

  /// nil where the deadline has passed first, and nothing was done.
  func pass<Result>(
    for caller: Caller, until deadline: Instant, _ body: () throws(TreeError) -> Result
  ) throws(TreeError) -> Result? {
    guard try enter(for: caller, until: deadline, closes: false) else { return nil }
    defer { leave(closes: false) }
    return try body()
  }

  /// As `pass`, with nobody else inside.
  func close<Result>(
    for caller: Caller, until deadline: Instant, _ body: () throws(TreeError) -> Result
  ) throws(TreeError) -> Result? {
    guard try enter(for: caller, until: deadline, closes: true) else { return nil }
    defer { leave(closes: true) }
    return try body()
  }

  private func enter(for caller: Caller, until deadline: Instant, closes: Bool) throws(TreeError) -> Bool {
    var mine: Comer?
    do throws(TreeError) {
      let isIn = try caller.wait(until: deadline) { bell in
        let comer = Comer(bell, closes: closes)
        mine = comer
        change { $0.waiting.append(comer) }
      }
      // It may have been let in at that very moment.
      return isIn || !withdraw(mine)
    } catch {
      if !withdraw(mine) { leave(closes: closes) }
      throw error
    }
  }

  /// False for who is inside already.
  private func withdraw(_ comer: Comer?) -> Bool {
    guard let comer else { return true }
    var wasWaiting = false
    change { state in
      wasWaiting = state.waiting.contains { $0 === comer }
      state.waiting.removeAll { $0 === comer }
    }
    return wasWaiting
  }

  private func leave(closes: Bool) {
    change { state in
      if closes { state.isClosed = false } else { state.passing -= 1 }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let admitted = state.withLock { state in
      body(&state)
      return state.letIn()
    }
    for comer in admitted { comer.bell.signal() }
  }
}

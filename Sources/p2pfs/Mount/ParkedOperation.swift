// A read or a write that needs bytes which are not here yet. It waits on no thread: the swarm is asked for them, and
// when they have come one of a small crew tries again. An interrupt is answered within a moment; what was asked for
// comes all the same, or not.

import Glibc
import Synchronization
import Volume

/// ## Concurrency model
/// `begin` once, for whoever was asked; the bytes arrive on the swarm's threads, the interrupt on any. Tries are
/// made on the crew's threads, one at a time.
final class ParkedOperation: Interruptible, Sendable {
  enum Step {
    /// The try has answered.
    case done
    case needs(Range<Int>)
    case failed(TreeError)
  }

  typealias Arrival = @Sendable (TreeError?) -> Void

  /// What comes may be taken away again before it is read, by the cache's limit; that often is no accident.
  static let roundsMax = 16

  private struct State {
    var rounds = 0
    var isOver = false
    /// Of the round that is going on.
    var callOff: (@Sendable () -> Void)?
  }

  private let reply: any Answerable
  private let crew: Errands
  private let waiting: Waiting
  private let bring: @Sendable (Range<Int>, @escaping Arrival) -> @Sendable () -> Void
  private let tryAgain: @Sendable () -> Step
  private let state = Mutex(State())

  /// `bring` gives back how it is called off.
  init(
    _ reply: any Answerable, crew: Errands, waiting: Waiting,
    bring: @escaping @Sendable (Range<Int>, @escaping Arrival) -> @Sendable () -> Void,
    tryAgain: @escaping @Sendable () -> Step
  ) {
    self.reply = reply
    self.crew = crew
    self.waiting = waiting
    self.bring = bring
    self.tryAgain = tryAgain
  }

  func begin(with bytes: Range<Int>) {
    waiting.add(self)
    reply.onInterrupt { [weak self, waiting, thread = reply.thread] in
      if let self { waiting.interrupted(self, thread) }
    }
    goOn(with: bytes)
  }

  /// libfuse may hold the request meanwhile, so it is answered elsewhere.
  func interrupt() {
    guard let callOff = end() else { return }
    callOff()
    crew.add { [self] in
      reply.fail(.interrupted)
      waiting.remove(self)
    }
  }

  private func goOn(with bytes: Range<Int>) {
    let round = state.withLock { state in
      state.rounds += 1
      return state.isOver ? nil : state.rounds
    }
    guard let round else { return }
    guard round <= Self.roundsMax else { return fail(.notNow("it is taken away again")) }
    let callOff = bring(bytes) { error in self.crew.add { self.arrived(error) } }
    let isOver = state.withLock { state in
      if state.rounds == round { state.callOff = callOff }
      return state.isOver
    }
    if isOver { callOff() }
  }

  private func arrived(_ error: TreeError?) {
    let isOver = state.withLock { state in
      state.callOff = nil
      return state.isOver
    }
    if isOver { return }
    switch error.map(Step.failed) ?? tryAgain() {
    case .done: if end() != nil { waiting.remove(self) }
    case .needs(let bytes): goOn(with: bytes)
    case .failed(let error): fail(error)
    }
  }

  private func fail(_ error: TreeError) {
    guard end() != nil else { return }
    reply.fail(error)
    waiting.remove(self)
  }

  /// How what is under way is called off; nil when somebody else has ended it.
  private func end() -> (@Sendable () -> Void)? {
    state.withLock { state in
      if state.isOver { return nil }
      defer { (state.isOver, state.callOff) = (true, nil) }
      return state.callOff ?? {}
    }
  }
}

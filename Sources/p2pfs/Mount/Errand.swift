// An operation that may wait, on a thread of its own. Whoever is interrupted before it has begun is answered at once.

import Synchronization
import Volume

/// ## Concurrency model
/// `run` on one of the errands' threads, `interrupt` on any.
final class Errand: Interruptible, Sendable {
  private let reply: any Answerable
  private let caller = Caller()
  private let crew: Errands
  private let waiting: Waiting
  private let body: @Sendable (Caller) throws(TreeError) -> Void
  private let isTaken = Atomic(false)

  /// `body` answers, or throws why not.
  init(
    _ reply: any Answerable, crew: Errands, waiting: Waiting,
    _ body: @escaping @Sendable (Caller) throws(TreeError) -> Void
  ) {
    self.reply = reply
    self.crew = crew
    self.waiting = waiting
    self.body = body
  }

  func begin(on errands: Errands, _ kind: Errands.Kind) {
    waiting.add(self)
    reply.onInterrupt { [weak self, waiting, thread = reply.thread] in
      if let self { waiting.interrupted(self, thread) }
    }
    errands.add(kind) { self.run() }
  }

  private func run() {
    guard take() else { return }
    do throws(TreeError) { try body(caller) } catch { reply.fail(error) }
    waiting.remove(self)
  }

  /// libfuse may hold the request meanwhile, so it is answered elsewhere.
  func interrupt() {
    caller.interrupt()
    guard take() else { return }
    crew.add { [self] in
      reply.fail(.interrupted)
      waiting.remove(self)
    }
  }

  private func take() -> Bool { !isTaken.exchange(true, ordering: .acquiringAndReleasing) }
}

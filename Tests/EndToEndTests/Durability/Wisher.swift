// One member of the load: keeps several wishes under way over his line, and notes what he hears. When his line is
// lost he does not know what became of some; the next time he repeats them or lets them be.

import TestSupport
import Foundation
import GroupModel
import Testing

/// ## Concurrency model
/// For every thread; the state is under the lock, and nothing is asked while it is held.
final class Wisher: @unchecked Sendable {
  let user: UserName
  private let instance: UInt64
  private let depth: Int
  /// Over a line that finds the next tracker by itself, so that nothing may fail.
  private let isPatient: Bool
  private let line: any Asking
  private let history: History

  private let lock = NSCondition()
  private var wishing: Wishing
  private var sequence: UInt64 = 0
  private var underWay = 0
  private var unanswered: [(RequestID, Proposal)] = []
  private var isResting = true

  init(
    _ user: UserName, over line: any Asking, depth: Int, isPatient: Bool, _ history: History,
    _ random: SeededRandom
  ) {
    self.user = user
    self.line = line
    self.depth = depth
    self.isPatient = isPatient
    self.history = history
    wishing = Wishing(random: random)
    instance = wishing.random.next()
  }

  /// Of the wishes that had no answer, every second is repeated.
  func begin(seeing groups: [GroupReplay]) {
    lock.lock()
    wishing.known = groups
    isResting = false
    let again = unanswered.filter { _ in wishing.random.isTrue(oneIn: 2) }
    unanswered = []
    let fresh = (0..<max(0, depth - again.count)).map { _ in next() }
    underWay += again.count + fresh.count
    lock.unlock()
    for (id, proposal) in again + fresh { ask(id, proposal) }
  }

  /// No new wishes.
  func rest() { lock.withLock { isResting = true } }

  func waitUntilIdle() {
    let deadline = Date(timeIntervalSinceNow: 60)
    lock.lock()
    defer { lock.unlock() }
    while underWay > 0 {
      guard lock.wait(until: deadline) else {
        Issue.record("\(user) waits for \(underWay) answers that do not come")
        return
      }
    }
  }

  private func next() -> (RequestID, Proposal) {
    sequence += 1
    return (RequestID(instance: instance, sequence: sequence), wishing.next(for: user))
  }

  private func ask(_ id: RequestID, _ proposal: Proposal) {
    history.ask(id, proposal, by: user)
    line.ask(.propose(id, proposal)) { [self] answer in
      let isAnswered = answer.map { history.note(id, $0) } ?? false
      if !isAnswered, isPatient { history.trouble("\(proposal) failed") }
      guard let (id, proposal) = goOn(after: id, proposal, isAnswered: isAnswered) else { return }
      ask(id, proposal)
    }
  }

  private func goOn(
    after id: RequestID, _ proposal: Proposal, isAnswered: Bool
  ) -> (RequestID, Proposal)? {
    lock.lock()
    defer { lock.unlock() }
    if !isAnswered {
      unanswered.append((id, proposal))
      isResting = true
    }
    guard isResting else { return next() }
    underWay -= 1
    if underWay == 0 { lock.broadcast() }
    return nil
  }
}

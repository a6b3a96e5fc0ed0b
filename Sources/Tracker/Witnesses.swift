// Close-to-open between machines: who has published a file is answered when those who follow the group have seen it,
// so that whoever opens it next, anywhere, gets it. Only for as long as it takes those who are prompt: one who is late
// is not waited for in the next decisions.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// The clerk holds answers back, the loops' threads tell what was seen; one thread of its own ends the waiting of those
/// whose time is over. All under one mutex, held for moments.
final class Witnesses: Sendable {
  static let milliseconds = 100
  /// So many decisions pass without one who was late.
  private static let penalty = 64
  /// More listeners than this are not waited for: that is a crowd, and somebody in it is always late.
  private static let listenersMax = 32

  fileprivate struct Held: Sendable {
    let number: UInt64
    let session: Session
    let exchange: UInt32
    let kind: UInt8
    let body: [UInt8]
    let deadline: Instant
    var waiting: Set<SessionID>
  }

  fileprivate struct State {
    var held: [GroupID: [Held]] = [:]
    /// Those who have told what they saw, and how many decisions they are still passed over for having been late.
    var known: [SessionID: Int] = [:]
    var isClosing = false
  }

  private let state = Mutex(State())
  private let bell = Semaphore()
  private let thread = Mutex<WorkerThread?>(nil)

  func start() { thread.withLock { $0 = WorkerThread("witnesses") { [self] in serve() } } }

  func close() {
    state.withLock { $0.isClosing = true }
    bell.signal()
    thread.withLock { $0 }?.join()
  }

  /// False when there is nobody to wait for. To be called before the decision is told, or its echo may come too early.
  func hold(
    _ answer: TrackerAnswer, kind: UInt8, to session: Session, _ exchange: UInt32, until listeners: [Session],
    see number: UInt64, of group: GroupID
  ) -> Bool {
    guard listeners.count <= Self.listenersMax else { return false }
    let isFirst = state.withLock { state -> Bool? in
      let waiting = listeners.map(\.id).filter { $0 != session.id && state.isPrompt($0) }
      guard !waiting.isEmpty else { return nil }
      var writer = WireWriter()
      answer.write(to: &writer)
      let held = Held(
        number: number, session: session, exchange: exchange, kind: answer.kind(answering: kind),
        body: writer.bytes, deadline: .now + Self.milliseconds, waiting: Set(waiting))
      let isFirst = state.held.isEmpty
      state.held[group, default: []].append(held)
      return isFirst
    }
    if isFirst == true { bell.signal() }
    return isFirst != nil
  }

  /// All decisions up to that one.
  func saw(_ number: UInt64, of group: GroupID, by session: SessionID) {
    let seen = state.withLock { state in
      state.known[session] = state.known[session] ?? 0
      return state.take(in: group) { held in
        if held.number <= number { held.waiting.remove(session) }
        return held.waiting.isEmpty
      }
    }
    deliver(seen)
  }

  /// It has ended, and sees nothing more.
  func forget(_ session: SessionID) {
    let left = state.withLock { state in
      guard state.known.removeValue(forKey: session) != nil else { return [Held]() }
      return state.held.keys.flatMap { group in
        state.take(in: group) { held in
          held.waiting.remove(session)
          return held.waiting.isEmpty
        }
      }
    }
    deliver(left)
  }

  private func deliver(_ letters: [Held]) {
    for letter in letters {
      letter.session.loop.post { letter.session.deliver(letter.kind, letter.exchange, letter.body) }
    }
  }

  private func serve() {
    while true {
      let (isIdle, isClosing) = state.withLock { ($0.held.isEmpty, $0.isClosing) }
      if isClosing { return }
      if isIdle { bell.wait() } else { _ = bell.wait(until: .now + Self.milliseconds / 5) }
      let now = Instant.now
      deliver(state.withLock { state in state.takeLate(now, penalty: Self.penalty) })
    }
  }
}

extension Witnesses.State {
  fileprivate mutating func isPrompt(_ session: SessionID) -> Bool {
    guard let passes = known[session] else { return false }
    if passes > 0 { known[session] = passes - 1 }
    return passes == 0
  }

  fileprivate mutating func take(
    in group: GroupID, where isDone: (inout Witnesses.Held) -> Bool
  ) -> [Witnesses.Held] {
    guard var waiting = held[group] else { return [] }
    var done: [Witnesses.Held] = []
    for index in waiting.indices.reversed() where isDone(&waiting[index]) {
      done.append(waiting.remove(at: index))
    }
    held[group] = waiting.isEmpty ? nil : waiting
    return done.reversed()
  }

  fileprivate mutating func takeLate(_ now: Instant, penalty: Int) -> [Witnesses.Held] {
    var late: [Witnesses.Held] = []
    for group in held.keys { late += take(in: group) { $0.deadline <= now } }
    for session in late.flatMap(\.waiting) where known[session] != nil { known[session] = penalty }
    return late
  }
}

// Close-to-open between machines: who has published a file is told when those who follow the group have seen it, so
// that he can wait for it, and whoever opens it next, anywhere, gets it. Only for as long as it takes those who are
// prompt: one who is late is not waited for in the next decisions.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// The clerk calls, the loops' threads tell what was seen; one thread of its own ends the waiting of those
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

  /// Whether it says what it has seen.
  func isWitness(_ session: SessionID) -> Bool { state.withLock { $0.known[session] != nil } }

  /// False when there is nobody to wait for. To be called before the decision is told, or its echo may come too early.
  func call(_ listeners: [Session], to number: UInt64, of group: GroupID, for session: Session) -> Bool {
    guard listeners.count <= Self.listenersMax else { return false }
    let isFirst = state.withLock { state -> Bool? in
      let waiting = listeners.map(\.id).filter { $0 != session.id && state.isPrompt($0) }
      guard !waiting.isEmpty else { return nil }
      let isFirst = state.held.isEmpty
      state.held[group, default: []].append(
        Held(number: number, session: session, deadline: .now + Self.milliseconds, waiting: Set(waiting)))
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
    deliver(seen, of: group)
  }

  /// It has ended, and sees nothing more.
  func forget(_ session: SessionID) {
    let left = state.withLock { state -> [GroupID: [Held]] in
      guard state.known.removeValue(forKey: session) != nil else { return [:] }
      return state.takeAll { held in
        held.waiting.remove(session)
        return held.waiting.isEmpty
      }
    }
    for (group, held) in left { deliver(held, of: group) }
  }

  private func deliver(_ done: [Held], of group: GroupID) {
    for held in done {
      var writer = WireWriter()
      let push = TrackerPush.witnessed(group, held.number)
      push.write(to: &writer)
      held.session.loop.post { [bytes = writer.bytes] in held.session.deliver(push.kind, 0, bytes) }
    }
  }

  private func serve() {
    while true {
      let (isIdle, isClosing) = state.withLock { ($0.held.isEmpty, $0.isClosing) }
      if isClosing { return }
      if isIdle { bell.wait() } else { _ = bell.wait(until: .now + Self.milliseconds / 5) }
      let now = Instant.now
      for (group, held) in state.withLock({ $0.takeLate(now, penalty: Self.penalty) }) {
        deliver(held, of: group)
      }
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

  fileprivate mutating func takeAll(
    where isDone: (inout Witnesses.Held) -> Bool
  ) -> [GroupID: [Witnesses.Held]] {
    var done: [GroupID: [Witnesses.Held]] = [:]
    for group in Array(held.keys) { done[group] = take(in: group, where: isDone) }
    return done
  }

  fileprivate mutating func takeLate(_ now: Instant, penalty: Int) -> [GroupID: [Witnesses.Held]] {
    let late = takeAll { $0.deadline <= now }
    for session in late.values.joined().flatMap(\.waiting) where known[session] != nil {
      known[session] = penalty
    }
    return late
  }
}

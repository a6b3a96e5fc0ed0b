// A text for which the tracker has to be asked. Where none answers, the last one that was known does: `ls` and `cat`
// never hang for it.

import GroupModel
import Link
import Synchronization
import Volume

/// ## Concurrency model
/// For any thread; what is remembered is under the mutex, and the tracker is asked without it.
final class RememberedText: Sendable {
  /// `within` so many milliseconds.
  typealias Asking = @Sendable (Caller, _ within: Int) throws(Failure) -> String

  private static let readMilliseconds = 1_500
  /// What `stat` may cost to be true, and for how long it is taken for true.
  private static let statMilliseconds = 100
  private static let validMilliseconds = 20
  /// Who was slow is not asked for the sake of a length again so soon.
  private static let pauseMilliseconds = 5_000

  fileprivate struct State {
    var text: [UInt8]?
    var known: Instant?
    var pausesUntil: Instant?
    /// What had been done by then: since somebody has done more, neither says anything.
    var doings = 0
  }

  private let state = Mutex(State())
  private let doings: Doings
  private let ask: Asking
  /// What is known without the tracker, until it has answered once.
  private let guess: @Sendable () -> String
  private let isReachable: @Sendable () -> Bool

  init(
    after doings: Doings, isReachable: @escaping @Sendable () -> Bool,
    guess: @escaping @Sendable () -> String = { "" },
    ask: @escaping Asking
  ) {
    self.doings = doings
    self.isReachable = isReachable
    self.guess = guess
    self.ask = ask
  }

  func fresh(for caller: Caller) throws(Failure) -> [UInt8] {
    guard isReachable() else { return last }
    do throws(Failure) { return try renew(for: caller, within: Self.readMilliseconds) } catch {
      switch error {
      case .noTracker, .authorityChanged: return last
      default: throw error
      }
    }
  }

  /// For a length and a time.
  func atOnce() -> [UInt8] {
    let now = Instant.now
    let (known, pausesUntil) = state.withLock { state in
      state.doings == doings.count ? (state.known, state.pausesUntil) : (nil, nil)
    }
    if let known, now.milliseconds(after: known) < Self.validMilliseconds { return last }
    if let pausesUntil, now < pausesUntil { return last }
    guard isReachable() else { return last }
    let text = try? renew(for: Caller(), within: Self.statMilliseconds)
    if text == nil || Instant.now.milliseconds(after: now) > Self.statMilliseconds {
      state.withLock { $0.pause(for: Self.pauseMilliseconds, after: doings.count) }
    }
    return text ?? last
  }

  private func renew(for caller: Caller, within milliseconds: Int) throws(Failure) -> [UInt8] {
    let before = doings.count
    let text = Array(try ask(caller, milliseconds).utf8)
    state.withLock { state in
      state.text = text
      state.note(.now, after: before)
    }
    return text
  }

  private var last: [UInt8] { state.withLock { $0.text } ?? Array(guess().utf8) }
}

extension RememberedText.State {
  fileprivate mutating func note(_ known: Instant, after count: Int) {
    if doings != count { pausesUntil = nil }
    (self.known, doings) = (known, count)
  }

  fileprivate mutating func pause(for milliseconds: Int, after count: Int) {
    if doings != count { known = nil }
    (pausesUntil, doings) = (.now + milliseconds, count)
  }
}

/// Counts what was done by writing to control files: what was known before may be so no longer.
///
/// ## Concurrency model
/// For any thread.
final class Doings: Sendable {
  private let counter = Atomic(0)

  var count: Int { counter.load(ordering: .acquiring) }

  func add() { counter.add(1, ordering: .releasing) }
}

// What was closed and the tracker has not decided: kept in a journal, tried until it is, also after a restart. What of it
// was withdrawn here, but may have been heard: in another, until it is undone. And what stays on this machine, as
// editors' debris does, in a journal that nobody is ever told of.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

/// Where the journals lie, below the state directory.
package enum JournalFolder {
  static let pending = "journal"
  static let local = "local"
  static let withdrawn = "withdrawn"

  /// How much waits to be published in a state directory, whoever is at it.
  package static func pendingCount(in state: String) -> Int {
    [pending, withdrawn].reduce(0) { sum, name in
      sum + (LocalPath("\(state)/\(name)").flatMap { try? PublishJournal.count(in: $0) } ?? 0)
    }
  }
}

/// ## Concurrency model
/// For any thread. One thread of its own tries again what is pending; `inFlight` keeps it from what a closing thread is
/// asking right now. It takes turns of files, as closing does.
final class Publisher: @unchecked Sendable {
  private struct State {
    var inFlight: Set<RequestID> = []
    /// A tracker may have heard of them, and what it said is not known.
    var sent: Set<RequestID> = []
    /// Decisions on what was proposed here: what follows from them is done by who proposed it.
    var own: [OwnDecision: @Sendable (UInt64) -> Void] = [:]
    /// Files that were closed before all that they need of their old version was here.
    var unfinished: Set<Node> = []
    var isStopping = false
    var isTried = false
  }

  struct OwnDecision: Hashable {
    let group: GroupID
    let number: UInt64
  }

  private static let retryMilliseconds = 1_000
  /// An editor that puts a file aside writes its successor at once.
  private static let hiddenNanoseconds: Int64 = 5_000_000_000

  let journal: PublishJournal
  let locals: PublishJournal
  let withdrawn: PublishJournal
  weak var tree: Tree?
  private let state = Mutex(State())
  private let bell = Semaphore()
  private let caller = Caller()
  private let thread = Mutex<WorkerThread?>(nil)

  init(in stateDirectory: String) throws(TreeError) {
    guard let pending = LocalPath("\(stateDirectory)/\(JournalFolder.pending)"),
      let locals = LocalPath("\(stateDirectory)/\(JournalFolder.local)"),
      let withdrawn = LocalPath("\(stateDirectory)/\(JournalFolder.withdrawn)")
    else { throw .state("the state directory's path is too long") }
    do throws(DiskTrouble) {
      journal = try PublishJournal(in: pending)
      self.locals = try PublishJournal(in: locals)
      self.withdrawn = try PublishJournal(in: withdrawn)
    } catch {
      throw TreeError(error)
    }
    // What was sent before the restart is not known any more.
    let rows = journal.pending
    state.withLock { $0.sent = Set(rows.map(\.request)) }
  }

  func start() { thread.withLock { $0 = WorkerThread("publisher") { [self] in serve() } } }

  func stop() {
    state.withLock { $0.isStopping = true }
    caller.interrupt()
    bell.signal()
    thread.withLock { $0 }?.join()
  }

  func tryAgain() { bell.signal() }

  private func serve() {
    while !state.withLock({ $0.isStopping }) {
      _ = bell.wait(until: .now + Self.retryMilliseconds)
      guard let tree, !state.withLock({ $0.isStopping }) else { continue }
      tree.endHiding(olderThan: Clock.now - Self.hiddenNanoseconds, for: caller)
      for node in state.withLock({ $0.unfinished }) { tree.finish(node, for: caller) }
      // Before what is pending: it may be in its place, or below it.
      let isClear = withdrawn.pending.allSatisfy { tree.undo($0, for: caller) }
      for row in journal.pending where isClear && begin(row.request) {
        // Whoever asked for it himself may have had his answer meanwhile.
        let goesOn = !journal.holds(row.request) || tree.retry(row, for: caller)
        end(row.request)
        if !goesOn || state.withLock({ $0.isStopping }) { break }
      }
    }
  }

  /// False when somebody else is asking for it.
  func begin(_ request: RequestID) -> Bool { state.withLock { $0.inFlight.insert(request).inserted } }

  func end(_ request: RequestID) { state.withLock { _ = $0.inFlight.remove(request) } }

  func noteSent(_ request: RequestID) { state.withLock { _ = $0.sent.insert(request) } }

  /// Its answer says that it is done, or never will be.
  func noteAnswered(_ request: RequestID) { state.withLock { _ = $0.sent.remove(request) } }

  /// It is not wanted any more. What may have been heard has to be undone, first written down as that.
  func withdraw(_ row: PendingPublish) throws(DiskTrouble) {
    if state.withLock({ $0.sent.contains(row.request) }) {
      try withdrawn.append(row)
      tryAgain()
    }
    try journal.remove(row.request)
  }

  /// Something else that was withdrawn there is still to be undone.
  func isHeld(_ row: PendingPublish) -> Bool {
    guard let path = row.path else { return false }
    return isHeld(path, in: row.group)
  }

  func isHeld(_ path: FilePath, in group: GroupID) -> Bool {
    withdrawn.pending.contains { row in
      guard row.group == group, let old = row.path else { return false }
      return old == path || old.isInside(path) || path.isInside(old)
    }
  }

  /// `then` is what follows from it here, as soon as it is in the catalog.
  func noteOwn(_ group: GroupID, _ number: UInt64, then: @escaping @Sendable (UInt64) -> Void = { _ in }) {
    state.withLock { state in
      // What was never told, because a whole group was caught up with, is not kept for ever.
      if state.own.count > 1 << 14 { state.own.removeAll() }
      state.own[OwnDecision(group: group, number: number)] = then
    }
  }

  /// nil for a decision on what others have proposed.
  func takeOwn(_ group: GroupID, _ number: UInt64) -> (@Sendable (UInt64) -> Void)? {
    state.withLock { $0.own.removeValue(forKey: OwnDecision(group: group, number: number)) }
  }

  func setUnfinished(_ node: Node, _ isUnfinished: Bool) {
    state.withLock { state in
      if isUnfinished { state.unfinished.insert(node) } else { state.unfinished.remove(node) }
    }
  }

  var isIdle: Bool { journal.pending.isEmpty && withdrawn.pending.isEmpty && !hasUnfinished }

  private var hasUnfinished: Bool { !state.withLock { $0.unfinished.isEmpty } }
}

extension PendingPublish {
  var path: FilePath? {
    guard case .publish(let path, _, _, _) = proposal.wish else { return nil }
    return path
  }

  var isOfDirectory: Bool {
    if case .publish(_, .directory, _, _) = proposal.wish { true } else { false }
  }
}

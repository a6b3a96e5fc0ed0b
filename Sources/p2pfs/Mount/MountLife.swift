// The directory that a daemon shows, from the first mounting to the end: it is there while somebody is logged in, and
// the daemon ends when it is unmounted.

import GroupModel
import Link
import Swarm
import Synchronization
import Volume

/// ## Concurrency model
/// `run` belongs to the main thread. Everything else is for any thread but those that serve the kernel.
final class MountLife: Sendable {
  /// For one who unmounts while no tracker answers: what is closed is published after the next mount.
  private static let patienceMilliseconds = 5_000
  /// For one who was told to stop.
  private static let farewellMilliseconds = 2_000

  private struct Shown {
    let tree: Tree
    let mount: Mount
  }

  private struct State {
    var shown: Shown?
    /// A volume is in use, or about to be.
    var isShowing = false
    var isEnding = false
    /// The volume is about to end: the next login shows the directory again.
    var isAway = false
    var waiting: [Semaphore] = []
  }

  let place: MountPlace
  private let options: MountOptions
  private let daemon: Daemon
  private let state = Mutex(State())
  private let bell = Semaphore()

  init(at place: MountPlace, _ options: MountOptions, of daemon: Daemon) {
    self.place = place
    self.options = options
    self.daemon = daemon
  }

  /// Until it is unmounted, by whomever. `ready` is called once, when it can be used the first time.
  func run(ready: () -> Void) throws(Failure) {
    let wasReady = Atomic(false)
    while !state.withLock({ $0.isEnding }) {
      guard begin() else {
        bell.wait()
        continue
      }
      let result = shown { if !wasReady.exchange(true, ordering: .relaxed) { ready() } }
      end()
      try result.get()
    }
  }

  private func begin() -> Bool {
    let isLoggedIn = daemon.volume != nil
    return state.withLock { state in
      state.isShowing = isLoggedIn && !state.isAway && !state.isEnding
      return state.isShowing
    }
  }

  /// Nothing of the volume is in use any more when this returns: another login may open its files.
  private func shown(ready: () -> Void) -> Result<Void, Failure> {
    guard let volume = daemon.volume else { return .success(()) }
    do throws(Failure) { return .success(try show(volume, ready: ready)) } catch { return .failure(error) }
  }

  private func end() {
    let waiting = state.withLock { state in
      state.shown = nil
      state.isShowing = false
      defer { state.waiting = [] }
      return state.waiting
    }
    for waiting in waiting { waiting.signal() }
  }

  private func show(_ volume: GroupVolume, ready: () -> Void) throws(Failure) {
    let memory = KernelMemory()
    let tree: Tree
    do throws(TreeError) {
      tree = try Tree(
        over: volume, telling: memory, controls: daemon.controls(of: volume, options),
        isReadOnly: options.isReadOnly)
    } catch {
      throw Failure(error)
    }
    let mount = try Mount(
      tree, remembering: memory, at: place.path, source: daemon.source(of: volume), options: passed,
      options.tuning, counting: daemon.mountCounts)
    state.withLock { $0.shown = Shown(tree: tree, mount: mount) }
    defer { tree.close() }
    tree.open()
    // Whoever wanted it to end meanwhile found nothing to stop.
    if state.withLock({ $0.isEnding || $0.isAway }) { mount.stop() }
    mount.run(ready: ready)
    state.withLock { if !$0.isAway { $0.isEnding = true } }
  }

  private var passed: [String] { options.isReadOnly ? options.passed + ["ro"] : options.passed }
}

// Its end.
extension MountLife {
  /// Also where programs use it. What is closed and not published yet is in the journal.
  func stop() {
    let shown = state.withLock { state in
      state.isEnding = true
      return state.shown
    }
    bell.signal()
    guard let shown else { return }
    if !shown.tree.pending.isEmpty, shown.tree.volume.book.isCurrent {
      try? shown.tree.sync(for: Caller(), milliseconds: Self.farewellMilliseconds)
    }
    shown.mount.stop()
  }

  /// Nobody is logged in any more, or somebody else: returns when nothing uses the volume.
  func leave() {
    let gone = Semaphore()
    let (isShowing, mount) = state.withLock { state in
      state.isAway = true
      if state.isShowing { state.waiting.append(gone) }
      return (state.isShowing, state.shown?.mount)
    }
    mount?.stop()
    if isShowing { gone.wait() }
  }

  func loginChanged() {
    state.withLock { $0.isAway = false }
    bell.signal()
  }

  /// Politely: what is closed is published first, and whoever uses the directory keeps it. Returns what is to be said.
  func unmount(while goesOn: @Sendable () -> Bool) throws(Failure) -> [String] {
    guard let tree = state.withLock({ $0.shown?.tree }) else {
      stop()
      return []
    }
    var notes: [String] = []
    do throws(Failure) {
      try Self.publishAll(of: tree, patience: Self.patienceMilliseconds, while: goesOn)
    } catch .notPublished, .authorityChanged {
      notes.append("what waits for a tracker is kept, and published after the next mount")
    }
    try MountPlace.release(place.path)
    state.withLock { $0.shown?.mount }?.end()
    return notes
  }
}

// What is pending.
extension MountLife {
  /// How long nothing may be published before it counts as impossible.
  private static let syncMilliseconds = 10_000
  private static let stepMilliseconds = 500

  var pending: [String] {
    let pending = state.withLock { $0.shown?.tree }?.pending ?? []
    return pending.map { "\($0.group)/\(Printable.escaped($0.path.bytes))" }
  }

  func synchronize(while goesOn: @Sendable () -> Bool) throws(Failure) {
    guard let tree = state.withLock({ $0.shown?.tree }) else { return }
    try Self.publishAll(of: tree, patience: Self.syncMilliseconds, while: goesOn)
  }

  private static func publishAll(
    of tree: Tree, patience: Int, while goesOn: @Sendable () -> Bool
  ) throws(Failure) {
    var left = tree.pending.count
    var deadline = Instant.now + patience
    while true {
      do throws(TreeError) {
        return try tree.sync(for: Caller(), milliseconds: stepMilliseconds)
      } catch .noTracker, .notNow {
        guard goesOn() else { throw .calledOff }
        // Strangers are not waited for.
        if let change = tree.volume.line.authorityChange { throw Failure(change) }
        let now = tree.pending.count
        if now < left { (left, deadline) = (now, .now + patience) }
        guard Instant.now < deadline else { throw notPublished(tree) }
      } catch {
        throw Failure(error)
      }
    }
  }

  private static func notPublished(_ tree: Tree) -> Failure {
    let pending = tree.pending
    let first = pending.first.map { "\($0.group)/\(Printable.escaped($0.path.bytes))" } ?? "a file"
    let others = pending.count > 1 ? " and \(pending.count - 1) more" : ""
    let what = "\(first)\(others) cannot be published now"
    let kept = "it is kept here, and published as soon as it can be"
    if tree.volume.line.loginHasEnded {
      return .notPublished("\(what), this login has ended: log in again with 'p2pfs login USER', \(kept)")
    }
    let why = tree.volume.book.isCurrent ? "the tracker does not take it" : "no tracker answers"
    return .notPublished("\(what), \(why): \(kept)")
  }
}

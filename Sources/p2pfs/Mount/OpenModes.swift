// Which files the kernel reads by itself, past us. A file that lies whole and verified in our own cache is handed to it
// when it is opened ("passthrough"): then it is read as fast as any file of the disk, and cached once and not twice.
//
// The kernel's rule: while an inode is open in one way it is opened in no other, nor through another file; the program
// would get EIO. So the way belongs to the node, from its first opening to its last close.

import CFuse
import Glibc
import Synchronization
import Volume

/// ## Concurrency model
/// For every thread.
final class OpenModes<Handle: Sendable>: Sendable {
  enum Way: Hashable, Sendable {
    /// By asking us, with the kernel's page cache.
    case cached
    case through(backing: UInt32)
  }

  private struct Mode {
    var way: Way
    var count = 0
    /// Closed already, but what they promised of the content has to hold for those who still read it.
    var closed: [Handle] = []
  }

  private struct State {
    var modes: [NodeNumber: Mode] = [:]
    var isPossible = false
  }

  /// How the kernel takes a file, and gives it back: neither waits.
  struct Backings: Sendable {
    let open: @Sendable (Int32) -> UInt32?
    let close: @Sendable (UInt32) -> Void
  }

  private let state = Mutex(State())
  private let backings: Backings

  init(_ backings: Backings) { self.backings = backings }

  var count: Int { state.withLock { $0.modes.count } }

  /// Once the kernel has agreed.
  func enable() { state.withLock { $0.isPossible = true } }

  /// To write it, or without knowing more. False: the kernel reads it by itself, and who wants to write has to look up
  /// its name again.
  func enterCached(_ node: NodeNumber) -> Bool {
    state.withLock { state in
      var mode = state.modes[node] ?? Mode(way: .cached)
      guard mode.way == .cached else { return false }
      mode.count += 1
      state.modes[node] = mode
      return true
    }
  }

  /// To read it; `descriptor` is of the whole content, where there is one.
  func enter(_ node: NodeNumber, reading descriptor: Int32?) -> Way {
    state.withLock { state in
      var mode = state.modes[node] ?? Mode(way: way(of: descriptor, state.isPossible))
      mode.count += 1
      state.modes[node] = mode
      return mode.way
    }
  }

  private func way(of descriptor: Int32?, _ isPossible: Bool) -> Way {
    guard isPossible, let descriptor, let backing = backings.open(descriptor) else { return .cached }
    return .through(backing: backing)
  }

  /// Those that may be released now.
  func leave(_ node: NodeNumber, _ handle: Handle) -> [Handle] {
    let (released, backing) = state.withLock { state in
      guard var mode = state.modes.removeValue(forKey: node) else { return ([handle], UInt32?.none) }
      mode.count -= 1
      guard case .through(let backing) = mode.way else {
        if mode.count > 0 { state.modes[node] = mode }
        return ([handle], nil)
      }
      mode.closed.append(handle)
      guard mode.count == 0 else {
        state.modes[node] = mode
        return ([], nil)
      }
      return (mode.closed, backing)
    }
    if let backing { backings.close(backing) }
    return released
  }

  /// Of a file that could not be opened after all.
  func leaveCached(_ node: NodeNumber) {
    state.withLock { state in
      guard var mode = state.modes.removeValue(forKey: node) else { return }
      mode.count -= 1
      if mode.count > 0 { state.modes[node] = mode }
    }
  }
}

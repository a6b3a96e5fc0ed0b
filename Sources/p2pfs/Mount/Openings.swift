// Who has opened what for writing, and not closed it yet. A program may have one opening under several numbers (a shell
// opens the file of `>`, makes it its output and closes the first), and several openings of one file: closing the last
// number of an opening is a close, whatever else the program has open.

import Glibc
import Synchronization
import Volume

/// ## Concurrency model
/// For every thread. Processes are looked at without the lock.
final class Openings: Sendable {
  private struct Opening {
    let handle: UInt64
    let process: pid_t
    let mode: Int32
    /// How many of the same mode the process had at that time that others had opened, and left to it.
    let inherited: Int
  }

  /// How many openings of that file and that mode a process has.
  typealias Count = @Sendable (_ inode: UInt64, _ mode: Int32, _ process: pid_t) -> Int

  private let open = Mutex<[NodeNumber: [Opening]]>([:])
  private let count: Count

  init(counting count: @escaping Count = CallingProcess.openings) { self.count = count }

  /// Before its process has a number for it.
  func add(_ handle: UInt64, of node: NodeNumber, _ inode: UInt64, mode: Int32, by process: pid_t) {
    let before = open.withLock { $0[node] ?? [] }
    // Nobody looks at a process for the sake of files that nobody else has open.
    let isShared = before.contains { $0.process != process }
    let own = before.count { $0.process == process && $0.mode == mode }
    let inherited = isShared ? max(0, count(inode, mode, process) - own) : 0
    open.withLock {
      $0[node, default: []].append(
        Opening(handle: handle, process: process, mode: mode, inherited: inherited))
    }
  }

  /// The process that opened it has closed one of its numbers: whether that was the last.
  func close(_ handle: UInt64, of node: NodeNumber, _ inode: UInt64) -> Bool {
    let all = open.withLock { $0[node] ?? [] }
    guard let this = all.first(where: { $0.handle == handle }) else { return true }
    let others = all.count {
      $0.process == this.process && $0.mode == this.mode && $0.handle != handle
    }
    if count(inode, this.mode, this.process) > others + this.inherited { return false }
    remove(handle, of: node)
    return true
  }

  /// It is open nowhere any more.
  func remove(_ handle: UInt64, of node: NodeNumber) {
    open.withLock { open in
      open[node]?.removeAll { $0.handle == handle }
      if open[node]?.isEmpty == true { open[node] = nil }
    }
  }
}

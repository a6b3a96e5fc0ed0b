// What the kernel remembers of names and nodes, and how it is made to forget.
//
// The kernel takes the lock of a directory to forget a name in it, and so waits for whoever is looking something up or
// changing something there; and that may be waiting for us, or for the tracker. So this is told on threads of its own,
// and one directory that is held up does not hold up the others. For attributes it takes no lock that others hold while
// they wait, and of a file that is open it waits for nothing at all.

import CFuse
import Link
import Synchronization
import Volume

/// What one node has lost. Told together, however often it was said meanwhile.
struct Forgotten: Hashable, Sendable {
  var names: Set<[UInt8]> = []
  var hasAttributes = false
  var hasBytes = false
}

/// ## Concurrency model
/// `forgetName` and `forgetNode` for every thread: they only note it. Each node is told by one thread at a time, but for
/// what `forgetAttributesNow` tells on its caller's.
final class KernelMemory: KernelCache, Sendable {
  private static let threadsMax = 8
  /// Longer than an answer to a lookup is on its way to the kernel.
  private static let againMilliseconds = 150

  private struct State {
    var forgotten: [NodeNumber: Forgotten] = [:]
    /// Those that a thread is on its way for, or at.
    var isBeingTold: Set<NodeNumber> = []
    /// Who waits until those have been told.
    var waiting: [Waiting] = []
    var kernel: Kernel?
  }

  private struct Waiting: Sendable {
    var nodes: Set<NodeNumber>
    let then: @Sendable () -> Void
  }

  /// How the kernel is told; tests have another.
  typealias Kernel = @Sendable (NodeNumber, Forgotten) -> Void

  private let state = Mutex(State())
  private let threads = Errands("kernel-memory", threadsMax: threadsMax)
  private let later = EventLoop(name: "kernel-later")

  func forgetName(_ name: [UInt8], in directory: NodeNumber) {
    note(directory) { $0.names.insert(name) }
  }

  func forgetNode(_ node: NodeNumber, bytes: Bool) {
    note(node) { forgotten in
      forgotten.hasAttributes = true
      if bytes { forgotten.hasBytes = true }
    }
  }

  func forgetAttributesNow(_ node: NodeNumber) {
    guard let kernel = state.withLock({ $0.kernel }) else { return }
    kernel(node, Forgotten(hasAttributes: true))
  }

  func whenTold(_ then: @escaping @Sendable () -> Void) {
    let isNow = state.withLock { state in
      guard !state.isBeingTold.isEmpty else { return true }
      state.waiting.append(Waiting(nodes: state.isBeingTold, then: then))
      return false
    }
    if isNow { then() }
  }

  /// What was said before there was a mount nobody has to forget.
  func attach(_ kernel: @escaping Kernel) {
    later.start()
    state.withLock { $0.kernel = kernel }
  }

  /// Waits for those who are telling, which needs a mount that still answers.
  func detach() {
    state.withLock { state in
      state.kernel = nil
      state.forgotten = [:]
    }
    later.stop()
    threads.finish()
  }

  private func note(_ node: NodeNumber, _ change: (inout Forgotten) -> Void) {
    let isNew = state.withLock { state in
      guard state.kernel != nil else { return false }
      change(&state.forgotten[node, default: Forgotten()])
      return state.isBeingTold.insert(node).inserted
    }
    if isNew { threads.add { self.tell(node) } }
  }

  private func tell(_ node: NodeNumber) {
    defer { noteTold(node) }
    while let (kernel, forgotten) = state.withLock({ next(of: node, &$0) }) {
      kernel(node, forgotten)
      if !forgotten.names.isEmpty { tellAgain(node, forgotten.names) }
    }
  }

  private func noteTold(_ node: NodeNumber) {
    let done = state.withLock { state -> [Waiting] in
      for index in state.waiting.indices { state.waiting[index].nodes.remove(node) }
      defer { state.waiting.removeAll { $0.nodes.isEmpty } }
      return state.waiting.filter(\.nodes.isEmpty)
    }
    for waiting in done { waiting.then() }
  }

  /// An answer to a lookup that was given before may have come to the kernel after this: what it says is forgotten too.
  private func tellAgain(_ node: NodeNumber, _ names: Set<[UInt8]>) {
    later.post { [self] in
      later.after(milliseconds: Self.againMilliseconds) { [self] in
        guard let kernel = state.withLock({ $0.kernel }) else { return }
        threads.add { kernel(node, Forgotten(names: names)) }
      }
    }
  }

  private func next(of node: NodeNumber, _ state: inout State) -> (Kernel, Forgotten)? {
    guard let kernel = state.kernel, let forgotten = state.forgotten.removeValue(forKey: node) else {
      state.isBeingTold.remove(node)
      return nil
    }
    return (kernel, forgotten)
  }
}

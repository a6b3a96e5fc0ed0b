// What the kernel asks, answered from a tree. Each function here is one of its operations; which of libfuse's calls it
// belongs to is in FuseCallbacks.
//
// No thread of FUSE waits for the network here: what may wait is an errand, on a thread of its own, and reads and
// writes that lack bytes are parked.

import CFuse
import Glibc
import Volume

/// ## Concurrency model
/// Called on the threads of FUSE, several at once, except for `end`.
final class FuseOperations: Sendable {
  let tree: Tree
  let owner: MountOwner
  let counts: MountCounts
  let errands = Errands("errand", threadsMax: 128)
  /// Answers what was parked or interrupted, and never waits for anybody.
  let crew = Errands("answering", threadsMax: 2)
  let waiting = Waiting()
  let handles = Handles()
  let openings = Openings()
  let modes: OpenModes<Handle>

  init(
    _ tree: Tree, of owner: MountOwner, _ backings: OpenModes<Handle>.Backings, counting counts: MountCounts
  ) {
    self.tree = tree
    self.owner = owner
    self.counts = counts
    modes = OpenModes(backings)
  }

  /// While requests are still taken: all who wait are told to stop.
  func interruptAll() { waiting.interruptAll() }

  /// When no request comes any more. What was open is closed, and published where it has to be.
  func end() {
    for handle in handles.removeAll() { release(handle) }
    errands.finish()
    crew.finish()
    waiting.end()
  }
}

extension FuseOperations {
  /// For what can be answered here and now.
  func atOnce(_ reply: Reply, _ body: () throws(TreeError) -> Void) {
    do throws(TreeError) { try body() } catch { reply.fail(error) }
  }

  /// For what may wait.
  func later(
    _ kind: Errands.Kind, _ reply: Reply,
    _ body: @escaping @Sendable (Caller) throws(TreeError) -> Void
  ) {
    Errand(reply, crew: crew, waiting: waiting, body).begin(on: errands, kind)
  }

  /// A name that the kernel could not be told of it does not know.
  func answer(_ reply: Reply, _ found: Found) {
    if !reply.entry(found.entry(of: owner)) { tree.forget(found.node, lookups: 1) }
  }
}

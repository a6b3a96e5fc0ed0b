// What the kernel remembers of names and nodes, and how it is made to forget.

import Volume

/// ## Concurrency model
/// `forgetName` and `forgetNode` for every thread: they queue, and a thread of its own tells the kernel.
final class KernelMemory: KernelCache, Sendable {
  func forgetName(_ name: [UInt8], in directory: NodeNumber) {}

  func forgetNode(_ node: NodeNumber, bytes: Bool) {}
}

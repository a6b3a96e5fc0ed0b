// What a program has opened, as the kernel names it: by a number, which is where it lies in our memory.

import CFuse
import Synchronization
import Volume

final class Handle: Sendable {
  enum Opened: Sendable {
    case file(OpenFile)
    case control(OpenControl)
    case directory(OpenDirectory)
  }

  let node: NodeNumber
  let opened: Opened
  let writes: Bool

  init(_ node: NodeNumber, _ opened: Opened, writes: Bool = false) {
    self.node = node
    self.opened = opened
    self.writes = writes
  }

  var file: OpenFile? {
    if case .file(let file) = opened { file } else { nil }
  }

  var number: UInt64 { UInt64(UInt(bitPattern: Unmanaged.passUnretained(self).toOpaque())) }

  /// The kernel names none after it has released it.
  static func numbered(_ number: UInt64) -> Handle? {
    guard let pointer = UnsafeRawPointer(bitPattern: UInt(number)) else { return nil }
    return Unmanaged<Handle>.fromOpaque(pointer).takeUnretainedValue()
  }
}

/// Keeps them alive while the kernel may name them.
///
/// ## Concurrency model
/// For every thread.
final class Handles: Sendable {
  private let open = Mutex<[UInt64: Handle]>([:])

  func add(_ handle: Handle) { open.withLock { $0[handle.number] = handle } }

  func remove(_ handle: Handle) { _ = open.withLock { $0.removeValue(forKey: handle.number) } }

  /// Those that the kernel will not release any more.
  func removeAll() -> [Handle] {
    open.withLock { open in
      defer { open = [:] }
      return Array(open.values)
    }
  }
}

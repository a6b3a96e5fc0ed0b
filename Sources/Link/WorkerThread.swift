// Threads of our own: event loops, the ledger, password hashing. No executor and no pool stands between.

internal import CLinux
internal import Glibc

package struct WorkerThread: Sendable {
  private let thread: pthread_t

  /// `niceness` above 0 lets all others run first.
  package init(_ name: String, niceness: Int32 = 0, _ body: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(name: name, niceness: niceness, body: body))
    let result = pthread_create(&thread, nil, { Start.run($0) }, start.toOpaque())
    precondition(result == 0, "the system gives no thread: \(String(cString: strerror(result)))")
    self.thread = thread
  }

  /// Nobody waits for its end: what the system keeps of it goes then.
  package func detach() { pthread_detach(thread) }

  /// Waits until it has ended. A thread cannot wait for itself, and is let go instead: it may be the last to
  /// hold whoever wants it to end.
  package func join() {
    let isMe = pthread_equal(thread, pthread_self()) != 0
    if isMe { pthread_detach(thread) } else { pthread_join(thread, nil) }
  }
}

private final class Start {
  let name: String
  let niceness: Int32
  let body: @Sendable () -> Void

  init(name: String, niceness: Int32, body: @escaping @Sendable () -> Void) {
    self.name = name
    self.niceness = niceness
    self.body = body
  }

  static func run(_ pointer: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    let start = Unmanaged<Start>.fromOpaque(pointer!).takeRetainedValue()
    p2pfs_name_this_thread(String(start.name.prefix(15)))
    if start.niceness != 0 { p2pfs_be_nice(start.niceness) }
    start.body()
    return nil
  }
}

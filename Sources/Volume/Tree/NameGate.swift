// Who renames a directory is alone meanwhile: whatever is told to the tracker of something by its path would else be told
// of another thing, or of nothing.

internal import Link
internal import Synchronization

/// ## Concurrency model
/// For any thread that may wait. Many pass at a time; who closes the gate waits until they are through. Nobody passes
/// twice at once: between the two somebody may be closing it.
final class NameGate: Sendable {
  private struct State {
    var passing = 0
    var isClosed = false
    /// They come before those who only pass.
    var closing = 0
    var waiting: [Semaphore] = []
  }

  private let state = Mutex(State())

  var isClosed: Bool { state.withLock { $0.isClosed } }

  func pass<Result>(for caller: Caller, _ body: () throws(TreeError) -> Result) throws(TreeError) -> Result {
    try wait(for: caller) { state in
      guard !state.isClosed, state.closing == 0 else { return false }
      state.passing += 1
      return true
    } orLeave: {
      $0.passing -= 1
    }
    defer { leave { $0.passing -= 1 } }
    return try body()
  }

  func close<Result>(for caller: Caller, _ body: () throws(TreeError) -> Result) throws(TreeError) -> Result {
    state.withLock { $0.closing += 1 }
    defer { leave { $0.closing -= 1 } }
    try wait(for: caller) { state in
      guard !state.isClosed, state.passing == 0 else { return false }
      state.isClosed = true
      return true
    } orLeave: {
      $0.isClosed = false
    }
    defer { leave { $0.isClosed = false } }
    return try body()
  }

  private func wait(
    for caller: Caller, until enters: (inout State) -> Bool, orLeave leaves: (inout State) -> Void
  ) throws(TreeError) {
    var isIn = false
    while !isIn {
      do throws(TreeError) {
        _ = try caller.wait(until: .now + 3_600_000) { bell in
          isIn = state.withLock { state in
            if enters(&state) { return true }
            state.waiting.append(bell)
            return false
          }
          if isIn { bell.signal() }
        }
      } catch {
        if isIn { leave(leaves) }
        throw error
      }
    }
  }

  private func leave(_ leaves: (inout State) -> Void) {
    let waiting = state.withLock { state in
      leaves(&state)
      defer { state.waiting = [] }
      return state.waiting
    }
    for bell in waiting { bell.signal() }
  }
}

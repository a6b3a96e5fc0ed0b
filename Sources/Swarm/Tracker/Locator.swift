// Asks the tracker who holds what is wanted here, and passes on who comes and goes.

package import GroupModel
internal import Synchronization

/// ## Concurrency model
/// For any thread; what is wanted is under the mutex. Answers come on the tracker line's thread and are passed on
/// from there.
package final class Locator: HolderFinder {
  package typealias Found = @Sendable (ContentKey, [ContentHolder]) -> Void
  package typealias Gone = @Sendable (ContentKey, PeerAddress) -> Void

  private struct Receivers {
    var found: Found = { _, _ in }
    var gone: Gone = { _, _ in }
  }

  private let line: TrackerLine
  private let wanted = Mutex<[ContentKey: [PeerAddress: ContentHolder]]>([:])
  private let receivers = Mutex(Receivers())

  package init(over line: TrackerLine) { self.line = line }

  /// Before anything is looked for.
  package func tell(found: @escaping Found, gone: @escaping Gone) {
    receivers.withLock { $0 = Receivers(found: found, gone: gone) }
  }

  package func find(_ key: ContentKey) {
    wanted.withLock { $0[key] = $0[key] ?? [:] }
    ask(key)
  }

  package func forget(_ key: ContentKey) {
    guard wanted.withLock({ $0.removeValue(forKey: key) }) != nil else { return }
    line.ask(.stopWatching(key)) { _ in }
  }

  /// A tracker was reached that knows nothing of what was asked of the last one.
  package func askAgain() {
    for key in wanted.withLock({ Array($0.keys) }) { ask(key) }
  }

  /// After so long no other tracker is about to take over.
  private static let lostMilliseconds = 2_000

  private func ask(_ key: ContentKey) {
    // Who reads need not wait for an answer that hardly comes; if it does, it is taken nevertheless.
    if line.isLost(for: Self.lostMilliseconds) { keep(key) }
    line.ask(.locate(key)) { [weak self] result in
      guard case .success(.holders(let holders)) = result else { self?.keep(key); return }
      self?.take(holders, of: key)
    }
  }

  /// Nobody could be asked: whoever waits for an answer goes on with those who were known.
  private func keep(_ key: ContentKey) {
    guard let known = wanted.withLock({ $0[key].map { Array($0.values) } }) else { return }
    receivers.withLock { $0 }.found(key, known)
  }

  private func take(_ holders: [ContentHolder], of key: ContentKey) {
    let isWanted = wanted.withLock { wanted in
      guard wanted[key] != nil else { return false }
      wanted[key] = Dictionary(holders.map { ($0.address, $0) }) { $1 }
      return true
    }
    if isWanted { receivers.withLock { $0 }.found(key, holders) }
  }

  /// What the tracker pushes of a content that was located.
  package func hear(_ holder: ContentHolder, of key: ContentKey) {
    let all = wanted.withLock { wanted -> [ContentHolder]? in
      guard wanted[key] != nil else { return nil }
      wanted[key]?[holder.address] = holder.pieces == .none ? nil : holder
      return wanted[key].map { Array($0.values) }
    }
    guard let all else { return }
    let receivers = receivers.withLock { $0 }
    holder.pieces == .none ? receivers.gone(key, holder.address) : receivers.found(key, all)
  }
}

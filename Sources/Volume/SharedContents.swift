// Which contents this member has, and in which groups he shares them: what peers may ask for.

internal import GroupModel
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread; the table is under its mutex.
final class SharedContents: ContentShelf {
  private struct Shared {
    let content: StoredContent
    /// The files under whose names it is shared; it is, as long as there is one.
    var keys: Set<LedgerKey>
  }

  private let table = Mutex<[ContentKey: Shared]>([:])

  func content(_ key: ContentKey) -> (any ContentStoring)? { stored(key) }

  func stored(_ key: ContentKey) -> StoredContent? { table.withLock { $0[key]?.content } }

  func put(_ content: StoredContent, as file: LedgerKey) {
    let key = ContentKey(group: file.group, root: content.name.root)
    table.withLock { table in
      _ = table[key, default: Shared(content: content, keys: [])].keys.insert(file)
    }
  }

  /// The key under which nothing is shared any longer, if that is so now.
  func remove(_ file: LedgerKey, of root: ContentRoot) -> ContentKey? {
    let key = ContentKey(group: file.group, root: root)
    return table.withLock { table in
      table[key]?.keys.remove(file)
      guard let left = table[key], left.keys.isEmpty else { return nil }
      table[key] = nil
      return key
    }
  }

  /// All that were shared in a group that this member is no longer in.
  func removeAll(of group: GroupID) -> [ContentKey] {
    table.withLock { table in
      let keys = table.keys.filter { $0.group == group }
      for key in keys { table[key] = nil }
      return keys
    }
  }

  func keys(of root: ContentRoot) -> [ContentKey] {
    table.withLock { $0.keys.filter { $0.root == root } }
  }

  func files(of root: ContentRoot) -> [LedgerKey] {
    table.withLock { table in table.filter { $0.key.root == root }.flatMap { $0.value.keys } }
  }

  func lookAtShares() {
    for content in table.withLock({ $0.values.map(\.content) }) { content.lookAtShares() }
  }

  var keys: [ContentKey] { table.withLock { Array($0.keys) } }

  /// As the tracker is told.
  func pieces(_ key: ContentKey) -> Holding.Pieces {
    guard let content = stored(key) else { return .none }
    if content.isWhole { return .all }
    let pieces = content.pieces
    guard !pieces.isEmpty else { return .none }
    return .some(pieces.longest(rangesMax: Holding.Pieces.rangesMax).ranges)
  }
}

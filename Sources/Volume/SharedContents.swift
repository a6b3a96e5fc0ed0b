// Which contents this member has, and in which groups he shares them: what peers may ask for.

internal import GroupModel
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread; the tables are under one mutex. A content of the cache is not kept open for being shared: it is
/// opened when somebody asks for it, and closed by the store when nobody does any more.
final class SharedContents: ContentShelf, @unchecked Sendable {
  private struct Shared {
    let name: ContentName
    weak var content: StoredContent?
    /// Of a file that is shared from its own place: its watch over that file begins when it is opened.
    var kept: StoredContent?
    /// The files under whose names it is shared; it is, as long as there is one.
    var files: Set<LedgerKey>
  }

  private struct Tables {
    var contents: [ContentKey: Shared] = [:]
    var keys: [ContentRoot: Set<ContentKey>] = [:]
    var roots: [LedgerKey: Set<ContentRoot>] = [:]
    /// Of these, what the file is no more: served for a while, and not said to be shared.
    var retired: [LedgerKey: Set<ContentRoot>] = [:]

    mutating func drop(_ key: ContentKey) {
      guard let shared = contents.removeValue(forKey: key) else { return }
      for file in shared.files { forget(key.root, of: file) }
      keys[key.root]?.remove(key)
      if keys[key.root]?.isEmpty == true { keys[key.root] = nil }
    }

    mutating func forget(_ root: ContentRoot, of file: LedgerKey) {
      roots[file]?.remove(root)
      if roots[file]?.isEmpty == true { roots[file] = nil }
      retired[file]?.remove(root)
      if retired[file]?.isEmpty == true { retired[file] = nil }
    }
  }

  private let tables = Mutex(Tables())
  /// Set once, before anything is shared.
  weak var store: PieceStore?

  func content(_ key: ContentKey) -> (any ContentStoring)? { stored(key) }

  func stored(_ key: ContentKey) -> StoredContent? {
    let (name, content) = tables.withLock { ($0.contents[key]?.name, $0.contents[key]?.content) }
    if let content { return content }
    guard let name, let content = try? store?.content(name) else { return nil }
    tables.withLock { $0.contents[key]?.content = content }
    return content
  }

  func isShared(_ key: ContentKey) -> Bool { tables.withLock { $0.contents[key] != nil } }

  func put(_ content: StoredContent, as file: LedgerKey) {
    put(content.name, content, isKept: true, as: file)
  }

  /// From the cache, where it can be opened again at any time.
  func putCached(_ content: StoredContent, as file: LedgerKey) {
    put(content.name, content, isKept: false, as: file)
  }

  func putCached(_ name: ContentName, as file: LedgerKey) { put(name, nil, isKept: false, as: file) }

  private func put(_ name: ContentName, _ content: StoredContent?, isKept: Bool, as file: LedgerKey) {
    let key = ContentKey(group: file.group, root: name.root)
    tables.withLock { tables in
      var shared = tables.contents[key] ?? Shared(name: name, content: content, kept: nil, files: [])
      if let content { shared.content = content }
      if isKept { shared.kept = content }
      shared.files.insert(file)
      tables.contents[key] = shared
      tables.keys[key.root, default: []].insert(key)
      tables.roots[file, default: []].insert(key.root)
      tables.retired[file]?.remove(key.root)
    }
  }

  /// The file is another content now, or gone. What it was.
  func retire(_ file: LedgerKey, for now: ContentRoot?) -> Set<ContentRoot> {
    tables.withLock { tables in
      var retired = tables.roots[file] ?? []
      if let now { retired.remove(now) }
      tables.retired[file] = retired.isEmpty ? nil : retired
      return retired
    }
  }

  var retired: [LedgerKey: Set<ContentRoot>] { tables.withLock { $0.retired } }

  /// Of what it was, one; the rest stays as it is.
  func retire(_ root: ContentRoot, of file: LedgerKey) -> Bool {
    tables.withLock { tables in
      guard tables.roots[file]?.contains(root) == true else { return false }
      return tables.retired[file, default: []].insert(root).inserted
    }
  }

  func isRetired(_ root: ContentRoot, of file: LedgerKey) -> Bool {
    tables.withLock { $0.retired[file]?.contains(root) == true }
  }

  /// The key under which nothing is shared any longer, if that is so now.
  func remove(_ file: LedgerKey, of root: ContentRoot) -> ContentKey? {
    let key = ContentKey(group: file.group, root: root)
    return tables.withLock { tables in
      guard tables.contents[key]?.files.remove(file) != nil else { return nil }
      tables.forget(root, of: file)
      guard tables.contents[key]?.files.isEmpty == true else { return nil }
      tables.drop(key)
      return key
    }
  }

  /// All that were shared in a group that this member is no longer in.
  func removeAll(of group: GroupID) -> [ContentKey] {
    tables.withLock { tables in
      let keys = tables.contents.keys.filter { $0.group == group }
      for key in keys { tables.drop(key) }
      return keys
    }
  }

  /// A file has another name now, or lies in a directory that has.
  func move(from: FilePath, to: FilePath, in group: GroupID) {
    tables.withLock { tables in
      let files = tables.roots.filter { file, _ in
        file.group == group && (file.path == from || file.path.isInside(from))
      }
      for (file, roots) in files {
        guard let path = file.path.moved(from: from, to: to) else { continue }
        let moved = LedgerKey(group, path)
        tables.roots[file] = nil
        tables.roots[moved] = roots
        tables.retired[moved] = tables.retired.removeValue(forKey: file)
        for root in roots {
          let key = ContentKey(group: group, root: root)
          tables.contents[key]?.files.remove(file)
          tables.contents[key]?.files.insert(moved)
        }
      }
    }
  }

  func keys(of root: ContentRoot) -> [ContentKey] { tables.withLock { Array($0.keys[root] ?? []) } }

  func files(of root: ContentRoot) -> [LedgerKey] {
    tables.withLock { tables in (tables.keys[root] ?? []).flatMap { tables.contents[$0]?.files ?? [] } }
  }

  /// Those that are still what is shared under their names.
  func files(in group: GroupID) -> [LedgerKey] {
    tables.withLock { tables in
      tables.roots.filter { $0.key.group == group && $0.value != tables.retired[$0.key] }.map(\.key)
    }
  }

  func roots(of file: LedgerKey) -> Set<ContentRoot> { tables.withLock { $0.roots[file] ?? [] } }

  func lookAtShares() {
    for content in tables.withLock({ $0.contents.values.compactMap(\.kept) }) { content.lookAtShares() }
  }

  var keys: [ContentKey] { tables.withLock { Array($0.contents.keys) } }

  /// As the tracker is told. A content that is not open need not be opened to be told as whole.
  func pieces(_ key: ContentKey) -> Holding.Pieces {
    guard let name = tables.withLock({ $0.contents[key]?.name }) else { return .none }
    if tables.withLock({ $0.contents[key]?.content == nil }), store?.heldBytes(of: name) == name.fileBytes {
      return .all
    }
    guard let content = stored(key) else { return .none }
    if content.isWhole { return .all }
    let pieces = content.pieces
    guard !pieces.isEmpty else { return .none }
    return .some(pieces.longest(rangesMax: Holding.Pieces.rangesMax).ranges)
  }
}

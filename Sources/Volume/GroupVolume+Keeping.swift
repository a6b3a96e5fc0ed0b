// Whole files into the cache, because somebody wants them here before he reads them. What has come stays there as
// long as anything in a cache does; which files were asked for is known until the program ends.

package import GroupModel
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread; the table is under its mutex.
final class KeptFiles: Sendable {
  struct Kept: Sendable {
    let content: FileContent
    /// nil for what needs no fetching.
    let handle: FetchHandle?
    var isComplete: Bool
  }

  private let table = Mutex<[LedgerKey: Kept]>([:])

  subscript(file: LedgerKey) -> Kept? {
    get { table.withLock { $0[file] } }
    set { table.withLock { $0[file] = newValue } }
  }

  var all: [LedgerKey: Kept] { table.withLock { $0 } }

  /// false where another one has taken its place meanwhile.
  func complete(_ file: LedgerKey, of content: FileContent) {
    table.withLock { table in
      if table[file]?.content == content { table[file]?.isComplete = true }
    }
  }

  func removeAll(where isMeant: (LedgerKey, Kept) -> Bool) -> [Kept] {
    table.withLock { table in
      let meant = table.filter { isMeant($0.key, $0.value) }
      for file in meant.keys { table[file] = nil }
      return Array(meant.values)
    }
  }
}

extension GroupVolume {
  /// A file, or all that lie below a directory. Returns at once: `downloads` says how far it has come.
  package func keep(_ path: FilePath, of name: GroupName) throws(VolumeError) {
    let group = try group(name)
    guard let below = try files(at: path, in: name) else {
      return try keep(try entry(path, in: group), group)
    }
    for entry in below where !entry.kind.isDirectory { try keep(entry, group) }
  }

  private func keep(_ entry: Entry, _ group: GroupID) throws(VolumeError) {
    guard case .file(let content) = entry.kind else { return }
    let file = LedgerKey(group, entry.path)
    if let kept = kept[file], kept.content == content { return }
    guard let contentName = ContentName(content) else {
      return kept[file] = KeptFiles.Kept(content: content, handle: nil, isComplete: true)
    }
    let stored = try onDisk(nil) { () throws(DiskTrouble) in try store.content(contentName) }
    shareCached(stored, as: file)
    let key = ContentKey(group: group, root: contentName.root)
    let handle = swarm.fetchAll(key, into: stored) { [weak self] result in
      switch result {
      case .success: self?.kept.complete(file, of: content)
      case .failure: _ = self?.kept.removeAll { $0 == file && $1.content == content && !$1.isComplete }
      }
    }
    kept[file] = KeptFiles.Kept(content: content, handle: handle, isComplete: stored.isWhole)
  }

  /// false where nothing of the kind was going on.
  func stopKeeping(_ path: FilePath, in group: GroupID) -> Bool {
    let stopped = kept.removeAll { file, kept in
      file.group == group && (file.path == path || file.path.isInside(path)) && !kept.isComplete
    }
    for kept in stopped { kept.handle?.cancel() }
    return !stopped.isEmpty
  }

  /// Those that are still what was asked for.
  var keptNow: [(file: LedgerKey, isComplete: Bool)] {
    kept.all.compactMap { file, kept in
      guard let entry = try? found(file.path, in: file.group), entry.kind == .file(kept.content) else {
        for gone in self.kept.removeAll(where: { $0 == file && $1.content == kept.content }) {
          gone.handle?.cancel()
        }
        return nil
      }
      return (file, kept.isComplete)
    }
  }

  /// What this member serves of a group to whoever asks, in the order of the names.
  package func sharedFiles(in name: GroupName) throws(VolumeError) -> [FilePath] {
    let group = try group(name)
    let whole = ledger.shares.filter { $0.key.group == group && !$0.isStopped }.map(\.key.path)
    return Set(whole + shared.files(in: group).map(\.path)).sorted()
  }
}

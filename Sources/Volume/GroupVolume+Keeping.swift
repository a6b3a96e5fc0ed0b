// Whole files into the cache, because somebody wants them here before he reads them. What has come stays there as
// long as anything in a cache does. What is still to come outlives the program; what is complete is listed until it ends.

package import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread; the table is under its mutex.
final class KeptFiles: Sendable {
  struct Kept: Sendable {
    let content: FileContent
    /// nil for what needs no fetching.
    var handle: FetchHandle?
    var isComplete: Bool
  }

  private let table = Mutex<[LedgerKey: Kept]>([:])

  subscript(file: LedgerKey) -> Kept? {
    get { table.withLock { $0[file] } }
    set { table.withLock { $0[file] = newValue } }
  }

  var all: [LedgerKey: Kept] { table.withLock { $0 } }

  /// false where it was removed meanwhile.
  func note(_ handle: FetchHandle, for file: LedgerKey, of content: FileContent) -> Bool {
    table.withLock { table in
      guard table[file]?.content == content else { return false }
      table[file]?.handle = handle
      return true
    }
  }

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
    let stored = try onDisk(nil) { () throws(DiskTrouble) in
      let stored = try store.content(contentName)
      if !stored.isWhole { try ledger.put(LedgeredWish(file, content: content)) }
      return stored
    }
    fetchWhole(stored, as: file, content)
  }

  private func fetchWhole(_ stored: StoredContent, as file: LedgerKey, _ content: FileContent) {
    shareCached(stored, as: file)
    kept[file] = KeptFiles.Kept(content: content, handle: nil, isComplete: stored.isWhole)
    let key = ContentKey(group: file.group, root: stored.name.root)
    let handle = swarm.fetchAll(key, into: stored) { [weak self] result in
      guard let self else { return }
      // The swarm's thread must not wait for the disk.
      finishing.post { [self] in noteEnd(of: file, content, result) }
    }
    if !kept.note(handle, for: file, of: content) { handle.cancel() }
  }

  private func noteEnd(of file: LedgerKey, _ content: FileContent, _ result: Result<Void, FetchTrouble>) {
    switch result {
    case .success: kept.complete(file, of: content)
    // What was stopped is forgotten there; what the end of the program has stopped goes on when it is back.
    case .failure(.cancelled): return
    case .failure: _ = kept.removeAll { $0 == file && $1.content == content && !$1.isComplete }
    }
    forgetWish(file, of: content)
  }

  private func forgetWish(_ file: LedgerKey, of content: FileContent) {
    guard ledger.wish(file)?.content == content else { return }
    try? ledger.removeWish(file)
  }

  /// What the last end of the program has interrupted, as far as it is still what was asked for.
  func resumeKeeping() {
    for wish in ledger.wishes where kept[wish.key] == nil {
      guard isStill(wish.content, at: wish.key), let name = ContentName(wish.content),
        let stored = try? store.content(name), !stored.isWhole
      else {
        forgetWish(wish.key, of: wish.content)
        continue
      }
      fetchWhole(stored, as: wish.key, wish.content)
    }
  }

  private func isStill(_ content: FileContent, at file: LedgerKey) -> Bool {
    book.groups[file.group] != nil && (try? found(file.path, in: file.group))?.kind == .file(content)
  }

  /// false where nothing of the kind was going on.
  func stopKeeping(_ path: FilePath, in group: GroupID) -> Bool {
    func isMeant(_ file: LedgerKey) -> Bool {
      file.group == group && (file.path == path || file.path.isInside(path))
    }
    let wishes = ledger.wishes.filter { isMeant($0.key) }
    for wish in wishes { try? ledger.removeWish(wish.key) }
    let stopped = kept.removeAll { isMeant($0) && !$1.isComplete }
    for kept in stopped { kept.handle?.cancel() }
    return !stopped.isEmpty || !wishes.isEmpty
  }

  /// Those that are still what was asked for; also those that wait for a tracker to go on.
  var keptNow: [(file: LedgerKey, isComplete: Bool)] {
    let waiting = ledger.wishes.filter { kept[$0.key] == nil && isStill($0.content, at: $0.key) }
    return waiting.map { ($0.key, false) }
      + kept.all.compactMap { file, kept in
        if isStill(kept.content, at: file) { return (file, kept.isComplete) }
        for gone in self.kept.removeAll(where: { $0 == file && $1.content == kept.content }) {
          gone.handle?.cancel()
        }
        forgetWish(file, of: kept.content)
        return nil
      }
  }
}

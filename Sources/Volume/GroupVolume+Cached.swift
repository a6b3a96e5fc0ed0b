// Contents that are shared from the cache: what was read here, and what was published through the mount. What a file
// has been replaced by is kept for a while for those who still read the old version.

internal import GroupModel
internal import Link
internal import Swarm

extension GroupVolume {
  private static let retirementMilliseconds = 600_000

  /// Whoever has read a piece serves it.
  func shareCached(_ content: StoredContent, as file: LedgerKey) {
    guard ledger.share(file)?.isStopped != true, book.groups[file.group] != nil else { return }
    let key = ContentKey(group: file.group, root: content.name.root)
    let isNew = shared.stored(key) == nil
    offer(content, as: file)
    if isNew, content.heldBlockCount > 0 { announcer.changed([key]) }
  }

  /// The file is no longer this content: `now` says what it is. Those who read it still are served for a while.
  func retire(_ content: FileContent, of file: LedgerKey, for now: Entry.Kind?) {
    guard let name = ContentName(content) else { return }
    if case .file(let new)? = now, new.isSame(as: content) { return }
    finishing.after(milliseconds: Self.retirementMilliseconds) { [weak self] in self?.end(name, of: file) }
  }

  private func end(_ name: ContentName, of file: LedgerKey) {
    if let entry = try? found(file.path, in: file.group), case .file(let content) = entry.kind,
      ContentName(content) == name
    {
      return
    }
    withdraw(file, of: name.root)
    if let content = try? store.content(name) { dropUnshared(content) }
  }

  /// What is shared under no name any more may be evicted.
  func dropUnshared(_ content: StoredContent) {
    guard content.isKept, shared.files(of: content.name.root).isEmpty else { return }
    try? content.setKept(false)
  }

  /// After a start: what lies in the cache and is a file of one of my groups.
  func shareAllCached() {
    let names = Dictionary(store.names.map { ($0.root, $0) }) { one, _ in one }
    guard !names.isEmpty else { return }
    for group in book.groups.keys {
      var last: FilePath?
      while let page = try? book.entries(in: group, after: last, limit: 1000), !page.isEmpty {
        for entry in page { shareIfCached(entry, in: group, names) }
        last = page.last?.path
      }
    }
  }

  private func shareIfCached(_ entry: Entry, in group: GroupID, _ names: [ContentRoot: ContentName]) {
    guard case .file(let content) = entry.kind, let root = content.root, names[root] != nil,
      let name = ContentName(content), let stored = try? store.content(name), stored.heldBlockCount > 0
    else { return }
    shareCached(stored, as: LedgerKey(group, entry.path))
  }
}

// Contents that are shared from the cache: what was read here, and what was published through the mount. What a file
// has been replaced by is kept for a while for those who still read the old version.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension GroupVolume {
  private static let retirementMilliseconds = 600_000

  /// Whoever has read a piece serves it.
  func shareCached(_ content: StoredContent, as file: LedgerKey) {
    guard ledger.share(file)?.isStopped != true, book.groups[file.group] != nil else { return }
    let key = ContentKey(group: file.group, root: content.name.root)
    let isNew = !shared.isShared(key)
    shared.putCached(content, as: file)
    guard isNew, content.heldBlockCount > 0 else { return }
    announcer.changed([key])
    swarm.heldChanged(of: key, gained: content.heldRuns(), lost: BlockRuns())
  }

  /// The file is another content now, or gone: those who still read what it was are served for a while.
  func retireAll(_ file: LedgerKey, for now: Entry.Kind?) {
    var current: ContentRoot?
    if case .file(let content)? = now { current = content.root }
    for root in shared.retire(file, for: current) { endLater(root, of: file) }
  }

  /// What was to be published under that name is not wanted any more. It may be what the group has there nevertheless.
  func retire(_ root: ContentRoot, of file: LedgerKey) {
    guard !isContent(root, of: file), shared.retire(root, of: file) else { return }
    endLater(root, of: file)
  }

  private func endLater(_ root: ContentRoot, of file: LedgerKey) {
    finishing.post { [weak self] in
      self?.finishing.after(milliseconds: Self.retirementMilliseconds) { _ = self?.end(root, of: file) }
    }
  }

  private func isContent(_ root: ContentRoot, of file: LedgerKey) -> Bool {
    guard case .file(let content)? = (try? found(file.path, in: file.group))?.kind else { return false }
    return content.root == root
  }

  /// The disk is full: those who write here go before those who still read what a file was.
  func giveUpRetired() -> Bool {
    guard !isGivingUp.exchange(true, ordering: .acquiring) else { return false }
    defer { isGivingUp.store(false, ordering: .releasing) }
    let ended = shared.retired.flatMap { file, roots in roots.filter { end($0, of: file) } }
    return letGoUnnamed() || !ended.isEmpty
  }

  /// False where it was written anew since, also while no tracker has heard of that.
  private func end(_ root: ContentRoot, of file: LedgerKey) -> Bool {
    guard shared.isRetired(root, of: file), !isContent(root, of: file) else { return false }
    let content = shared.stored(ContentKey(group: file.group, root: root))
    withdraw(file, of: root)
    if let content { dropUnshared(content) }
    return true
  }

  /// What is shared under no name any more may be evicted.
  func dropUnshared(_ content: StoredContent) {
    guard content.isKept, shared.files(of: content.name.root).isEmpty else { return }
    try? content.setKept(false)
  }

  /// After a start: what lies in the cache and is a file of one of my groups. Looked for once, in the background.
  func shareAllCached() {
    guard !cachedIsShared.exchange(true, ordering: .relaxed) else { return }
    WorkerThread("share-cached", niceness: 5) { [weak self] in
      guard let self, store.waitUntilCounted() else { return }
      let names = Dictionary(store.names.map { ($0.root, $0) }) { one, _ in one }
      if !names.isEmpty { for group in book.groups.keys { shareCached(names, in: group) } }
      allCachedIsShared.store(true, ordering: .releasing)
      cachedIsAnnounced.signal()
      noteUnnamed()
    }.detach()
  }

  /// Until this member has caught up, and whoever looks for what was here at the start finds it here. What the time does
  /// not suffice for happens later.
  package func waitUntilAnnounced(milliseconds: Int) {
    let deadline = Instant.now + milliseconds
    guard book.waitUntilCurrent(milliseconds: milliseconds), cachedIsAnnounced.wait(until: deadline) else {
      return
    }
    cachedIsAnnounced.signal()
    announcer.tellAll(until: deadline)
  }

  /// What a mount is about to publish is known from now on.
  func treeIsOpen() {
    WorkerThread("let-go", niceness: 5) { [weak self] in self?.noteUnnamed() }.detach()
  }

  private static let unnamedMilliseconds = 10_000

  /// What was kept for a file that is something else now, or gone, and outlived its time with the program's end. Looked at
  /// once more later: what is being closed just now is not in a journal yet.
  private func noteUnnamed() {
    guard allCachedIsShared.load(ordering: .acquiring) else { return }
    let names = unnamed
    guard !names.isEmpty else { return }
    unnamedAtStart.withLock { $0 = (names, .now) }
    finishing.post { [weak self] in
      self?.finishing.after(milliseconds: Self.unnamedMilliseconds + 1) {
        WorkerThread("let-go", niceness: 5) { [weak self] in _ = self?.letGoUnnamed() }.detach()
      }
    }
  }

  private func letGoUnnamed() -> Bool {
    let names = unnamedAtStart.withLock { unnamed -> Set<ContentName> in
      guard !unnamed.names.isEmpty, unnamed.since + Self.unnamedMilliseconds < .now else { return [] }
      defer { unnamed.names = [] }
      return unnamed.names
    }
    let gone = names.intersection(unnamed)
    for name in gone { try? store.content(name).setKept(false) }
    return !gone.isEmpty
  }

  /// Kept, and no file of a group, nor about to be one. Only a mount knows what is about to be.
  private var unnamed: Set<ContentName> {
    guard let publisher = follower.tree?.publisher, book.isCurrent else { return [] }
    let pending = [publisher.journal, publisher.locals, publisher.withdrawn].flatMap(\.pending)
    let wanted = Set(pending.compactMap(\.root) + ledger.shares.compactMap(\.content.root))
    return Set(store.keptNames.filter { !wanted.contains($0.root) && shared.files(of: $0.root).isEmpty })
  }

  private func shareCached(_ names: [ContentRoot: ContentName], in group: GroupID) {
    var last: FilePath?
    while let page = try? book.entries(in: group, after: last, limit: 1000), !page.isEmpty {
      let keys = page.compactMap { entry -> ContentKey? in
        guard case .file(let content) = entry.kind, let root = content.root, let name = names[root],
          name == ContentName(content), ledger.share(LedgerKey(group, entry.path))?.isStopped != true,
          store.heldBytes(of: name) > 0
        else { return nil }
        shared.putCached(name, as: LedgerKey(group, entry.path))
        return ContentKey(group: group, root: root)
      }
      announcer.changed(keys)
      last = page.last?.path
    }
  }
}

extension PendingPublish {
  fileprivate var root: ContentRoot? {
    guard case .publish(_, .file(let content), _, _) = proposal.wish else { return nil }
    return content.root
  }
}

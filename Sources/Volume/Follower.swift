// What follows from others' decisions and from changes on the disk: who may be served, what is still shared.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

/// ## Concurrency model
/// Told by the book's thread and by whatever thread changed a content. It only passes on; nothing here waits for the
/// tracker.
final class Follower: BookReader, @unchecked Sendable {
  /// Set once, before anything is told.
  weak var volume: GroupVolume?
  /// Where one is mounted.
  private let mounted = Mutex<Tree?>(nil)

  var tree: Tree? {
    get { mounted.withLock { $0 } }
    set { mounted.withLock { $0 = newValue } }
  }

  func bookIsRefused(_ change: AuthorityChange) { volume?.log(change.sentence) }

  /// All that is here is told anew: the tracker may be another one.
  func bookIsCurrent() {
    guard let volume else { return }
    volume.locator.askAgain()
    volume.announcer.changed(volume.shared.keys)
    volume.tellStopped(volume.untold.withLock { $0 })
    volume.resumeDownloads()
    volume.resumeKeeping()
    volume.shareAllCached()
    tree?.publisher.tryAgain()
  }

  func bookChanged(_ group: GroupID, _ changes: [Change], by number: UInt64?) {
    tree?.changed(group, changes, by: number)
    for change in changes { follow(change, in: group) }
  }

  func book(_ group: GroupID, lost user: UserName) {
    guard let volume else { return }
    volume.swarm.cutOff(user, from: group)
    if !volume.book.sharesGroup(with: user) { volume.swarm.endLines(of: user) }
  }

  func bookStartedAnew(_ group: GroupID) {
    tree?.startedAnew(group)
    volume?.lookAfterWishes { $0 == group }
  }

  func whenShown(_ then: @escaping @Sendable () -> Void) {
    if let tree { tree.kernel.whenTold(then) } else { then() }
  }

  func bookGroupsChanged() { tree?.groupsChanged() }

  func bookForgot(_ group: GroupID, named name: GroupName) { volume?.forget(group, named: name) }

  func heard(_ holder: ContentHolder, of key: ContentKey) { volume?.locator.hear(holder, of: key) }

  /// A file that was taken out of the group, or that somebody else has published anew, is no longer shared by us; what
  /// we have of the old version in the cache serves those who still read it, for a while.
  private func follow(_ change: Change, in group: GroupID) {
    guard let volume else { return }
    switch change {
    case .unpublished(let path):
      volume.fileLeft(LedgerKey(group, path))
      volume.keptFileChanged(LedgerKey(group, path), to: nil)
      volume.retireAll(LedgerKey(group, path), for: nil)
    case .published(let entry):
      let key = LedgerKey(group, entry.path)
      volume.keptFileChanged(key, to: entry.kind)
      volume.retireAll(key, for: entry.kind)
      if let wanted = volume.ledger.download(key), entry.kind != .file(wanted.content) {
        volume.downloadOutdated(key, isGone: false)
      }
      guard let mine = volume.ledger.share(key), entry.kind != .file(mine.content)
      else { return }
      volume.dropShare(mine.key)
    case .moved(let from, let to):
      volume.lookAfterKept(LedgerKey(group, to))
      volume.retireAll(LedgerKey(group, to), for: nil)
      volume.moveShares(from: from, to: to, in: group)
      volume.moveKept(from: from, to: to, in: group)
    case .stands, .ended: break
    }
  }

  func contentChanged(_ content: StoredContent, _ change: ContentChange) {
    guard let volume else { return }
    switch change {
    case .gained(let blocks):
      volume.tellPeers(content, gained: BlockRuns(blocks), lost: BlockRuns())
    case .lost(let blocks, _):
      volume.tellPeers(content, gained: BlockRuns(), lost: BlockRuns(blocks))
    case .shareEnded(let path, let end): volume.shareEnded(content, path, end)
    case .settled: break
    }
    volume.announcer.changed(volume.shared.keys(of: content.name.root))
  }
}

extension GroupVolume {
  func tellPeers(_ content: StoredContent, gained: BlockRuns, lost: BlockRuns) {
    for key in shared.keys(of: content.name.root) { swarm.heldChanged(of: key, gained: gained, lost: lost) }
  }

  /// A local file changed behind our back: its share has ended, and says so.
  func shareEnded(_ content: StoredContent, _ path: LocalPath, _ end: ContentChange.ShareEnd) {
    guard end != .stopped else { return }
    // While shares are loaded the table does not know them yet.
    let files = shared.files(of: content.name.root) + (loading.withLock { $0 }.map { [$0] } ?? [])
    for file in Set(files) {
      // What is being uploaded anew is another content under the same name: its share must not go with the old one, and
      // nobody begins to upload it until the tracker was told of this.
      publishing.withLock { publishing in
        guard let share = ledger.share(file), share.place == path, share.content.root == content.name.root,
          !publishing.contains(file)
        else { return }
        log(
          "\(words(for: file)) is no longer shared from \(path): \(end.sentence); upload it anew to share it")
        dropShare(file)
        switch end {
        case .modified, .replaced: tellStopped([file: content.name.root])
        case .removed: tellIfGone(file, of: content.name.root, from: path)
        case .unreadable, .stopped: break
        }
      }
    }
  }

  private static let absenceMilliseconds = 2_000

  /// Programs that put a file in another's place may take it away for a moment.
  private func tellIfGone(_ file: LedgerKey, of root: ContentRoot, from path: LocalPath) {
    finishing.post { [weak self] in
      self?.finishing.after(milliseconds: Self.absenceMilliseconds) {
        self?.tellOnceGone(file, of: root, from: path)
      }
    }
  }

  private func tellOnceGone(_ file: LedgerKey, of root: ContentRoot, from path: LocalPath) {
    guard path.modified == nil, path.folder.modified != nil else { return }
    publishing.withLock { publishing in
      guard ledger.share(file) == nil, !publishing.contains(file) else { return }
      tellStopped([file: root])
    }
  }

  /// Told again when a tracker is reached, until one has heard it. What was published under that name meanwhile, perhaps at
  /// another machine of this user, must not go with it: so not before it is known here what that is.
  func tellStopped(_ files: [LedgerKey: ContentRoot]) {
    untold.withLock { $0.merge(files) { $1 } }
    guard book.isCurrent else { return }
    for (file, root) in files {
      guard let group = book.groups[file.group] else { continue }
      guard !isOther(than: root, at: file) else {
        untold.withLock { $0[file] = nil }
        continue
      }
      line.ask(.setSharing(.next(), group, file.path, isOn: false)) { [weak self] result in
        if case .success = result { self?.untold.withLock { $0[file] = nil } }
      }
    }
  }

  private func isOther(than root: ContentRoot, at file: LedgerKey) -> Bool {
    guard case .file(let content)? = (try? found(file.path, in: file.group))?.kind else { return false }
    return content.root != root
  }

  /// A share that its user has stopped is kept in mind: he may start it again, and so bring the file back.
  func fileLeft(_ file: LedgerKey) {
    downloadOutdated(file, isGone: true)
    guard ledger.share(file)?.isStopped != true else { return }
    dropShare(file)
  }

  func dropShare(_ file: LedgerKey) {
    guard let share = ledger.share(file) else { return }
    try? ledger.removeShare(file)
    if let root = share.content.root { withdraw(file, of: root) }
  }

  /// From now on peers may ask for it under this name. Those who have asked before, and heard that it had gone, hear
  /// that it is back.
  func offer(_ content: StoredContent, as file: LedgerKey) {
    shared.put(content, as: file)
    let key = ContentKey(group: file.group, root: content.name.root)
    swarm.heldChanged(of: key, gained: content.heldRuns(), lost: BlockRuns())
  }

  func withdraw(_ file: LedgerKey, of root: ContentRoot) {
    let content = shared.stored(ContentKey(group: file.group, root: root))
    guard let key = shared.remove(file, of: root) else { return }
    announcer.withdrawn([key])
    if let content { swarm.sharingEnded(of: key, BlockRuns(allOf: content.name.layout)) }
  }

  func moveShares(from: FilePath, to: FilePath, in group: GroupID) {
    for share in ledger.shares where share.key.group == group {
      let path = share.key.path
      guard path == from || path.isInside(from), let moved = path.moved(from: from, to: to) else { continue }
      let next = LedgeredShare(
        LedgerKey(group, moved), content: share.content, place: share.place, isStopped: share.isStopped)
      try? ledger.put(next)
      try? ledger.removeShare(share.key)
    }
    shared.move(from: from, to: to, in: group)
    moveDownloads(from: from, to: to, in: group)
  }

  func forget(_ group: GroupID, named name: GroupName) {
    for share in ledger.shares where share.key.group == group { try? ledger.removeShare(share.key) }
    for transfer in running.withLock({ $0.filter { $0.key.group == group }.map(\.value) }) {
      transfer.fail(.refused(.notMember))
    }
    for record in ledger.downloads where record.key.group == group && record.state != .complete {
      downloadOutdated(record.key, isGone: true)
    }
    forgetKept(of: group, named: name)
    _ = shared.removeAll(of: group)
  }

  /// As they were at the last stop. A file that was changed meanwhile is noticed by the store.
  func loadShares() {
    for share in ledger.shares where !share.isStopped { load(share.content, as: share.key) }
    for record in ledger.downloads where record.state == .stopped && ledger.share(record.key) == nil {
      load(record.content, as: record.key)
    }
  }

  private func load(_ fileContent: FileContent, as key: LedgerKey) {
    guard let name = ContentName(fileContent) else { return }
    do throws(DiskTrouble) {
      loading.withLock { $0 = key }
      defer { loading.withLock { $0 = nil } }
      let content = try store.content(name)
      if content.heldBlockCount > 0 || content.hasDoubts { shared.put(content, as: key) }
    } catch {
      log("\(Printable.escaped(key.path.bytes)) cannot be shared: \(error.sentence)")
    }
  }
}

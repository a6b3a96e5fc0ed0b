// Local files into a group: hashed, shared from where they lie, then published. Bytes before names: no name points
// at bytes that nobody has.

package import GroupModel
package import Swarm
internal import Synchronization

extension GroupVolume {
  package typealias HashProgress = (_ doneBytes: Int, _ fileBytes: Int) -> Bool

  /// Shares one file in place under `path`. Waits for hashing and for the tracker; `goOn` is asked meanwhile.
  package func upload(
    _ file: LocalPath, as path: FilePath, to name: GroupName, goOn: HashProgress
  ) throws(VolumeError) {
    let group = try group(name)
    try mayPublish(path, in: group)
    let key = LedgerKey(group, path)
    publishing.withLock { _ = $0.insert(key) }
    defer { publishing.withLock { _ = $0.remove(key) } }
    try share(file, as: key, in: name, goOn: goOn)
  }

  private func share(
    _ file: LocalPath, as key: LedgerKey, in name: GroupName, goOn: HashProgress
  ) throws(VolumeError) {
    let hashed = try onDisk(file) { () throws(DiskTrouble) in try HashedFile.hash(file, goOn: goOn) }
    let content = try onDisk(file) { () throws(DiskTrouble) in try store.share(hashed) }
    let entry = FileContent(
      size: UInt64(hashed.stamp.fileBytes), root: hashed.content?.root, isExecutable: hashed.isExecutable)
    guard let entry else { throw .disk(.tooLarge, file) }
    let old = ledger.share(key)
    if let content { offer(content, as: key) }
    do throws(VolumeError) {
      try propose(.publish(key.path, .file(entry), modified: hashed.stamp.modified, over: nil), in: name)
    } catch {
      if let root = entry.root { withdraw(key, of: root) }
      throw error
    }
    try onDisk(file) { () throws(DiskTrouble) in
      try ledger.put(LedgeredShare(key, content: entry, place: file))
    }
    if let before = old?.content.root, before != entry.root { withdraw(key, of: before) }
    if let root = entry.root { try announce(ContentKey(group: key.group, root: root)) }
  }

  /// Whoever hears of the file can find its bytes.
  private func announce(_ key: ContentKey) throws(VolumeError) {
    _ = try ask(.announce([Holding(key: key, pieces: shared.pieces(key))]))
  }

  /// A directory of the group; one that is there already will do.
  package func makeDirectory(_ path: FilePath, in name: GroupName) throws(VolumeError) {
    let group = try group(name)
    if try isDirectory(path, in: group) { return }
    do throws(VolumeError) {
      try propose(.publish(path, .directory, modified: 0, over: nil), in: name)
    } catch .refused(.fileExists) {
      // Somebody was faster.
      _ = book.wait(milliseconds: Self.newsMilliseconds) { (try? found(path, in: group)) != nil }
      _ = try isDirectory(path, in: group)
    }
  }

  /// false where nothing is; what is a file has no room for others below it.
  private func isDirectory(_ path: FilePath, in group: GroupID) throws(VolumeError) -> Bool {
    guard let entry = try found(path, in: group) else { return false }
    guard entry.kind.isDirectory else { throw .refused(.notDirectory) }
    return true
  }

  package func publish(_ target: LinkTarget, as path: FilePath, in name: GroupName) throws(VolumeError) {
    try propose(.publish(path, .symlink(target), modified: 0, over: nil), in: name)
  }

  /// Before a large file is hashed for nothing.
  private func mayPublish(_ path: FilePath, in group: GroupID) throws(VolumeError) {
    guard let entry = try found(path, in: group) else { return }
    guard !entry.kind.isDirectory else { throw .refused(.isDirectory) }
    guard entry.owner == user || book.isOwner(user, of: group) else { throw .refused(.notYours) }
  }

  func onDisk<Result>(
    _ path: LocalPath?, _ body: () throws(DiskTrouble) -> Result
  ) throws(VolumeError) -> Result {
    do throws(DiskTrouble) { return try body() } catch {
      throw error == .cancelled ? .cancelled : .disk(error, path)
    }
  }
}

// One's own end of sharing.
extension GroupVolume {
  package func stopSharing(_ path: FilePath, in name: GroupName) throws(VolumeError) {
    let group = try group(name)
    let entry = try entry(path, in: group)
    let key = LedgerKey(group, path)
    guard let share = ledger.share(key) else { return try stopSharing(entry, at: key, in: name) }
    try stop(share.stopped(true), insteadOf: share, in: name)
  }

  /// First the note, so that the file's leaving the group, if it does, finds that this is meant; then what was announced,
  /// so that the tracker does not find here somebody who still has the file. Who is refused shares as before.
  private func stop(
    _ stopped: LedgeredShare, insteadOf share: LedgeredShare?, in name: GroupName
  ) throws(VolumeError) {
    let key = stopped.key
    try onDisk(nil) { () throws(DiskTrouble) in try ledger.put(stopped) }
    let root = stopped.content.root.flatMap { shared.roots(of: key).contains($0) ? $0 : nil }
    let contentKey = root.map { ContentKey(group: key.group, root: $0) }
    let content = contentKey.flatMap { shared.stored($0) }
    if let root { withdraw(key, of: root) }
    do throws(VolumeError) {
      try setSharing(key.path, in: name, isOn: false)
    } catch {
      try onDisk(nil) { () throws(DiskTrouble) in
        if let share { try ledger.put(share) } else { try ledger.removeShare(key) }
      }
      if let content { share == nil ? shareCached(content, as: key) : offer(content, as: key) }
      if let contentKey { announcer.changed([contentKey]) }
      throw error
    }
  }

  /// What is not shared from here as a whole: a part of it that a download has left, or, by its owner, what has no bytes
  /// to share. What another machine of his shares is that one's to stop.
  private func stopSharing(_ entry: Entry, at key: LedgerKey, in name: GroupName) throws(VolumeError) {
    if let record = ledger.download(key), let root = record.content.root, record.state != .complete {
      let stopped = LedgeredShare(key, content: record.content, place: nil, isStopped: true)
      try onDisk(nil) { () throws(DiskTrouble) in try ledger.put(stopped) }
      return withdraw(key, of: root)
    }
    if case .file(let content) = entry.kind, isServed(content, as: key, entry) {
      // What was read here, or published through a mount.
      let stopped = LedgeredShare(key, content: content, place: nil, isStopped: true)
      return try stop(stopped, insteadOf: nil, in: name)
    }
    if case .file = entry.kind { throw .notShared }
    guard entry.owner == user else { throw .notShared }
    try setSharing(key.path, in: name, isOn: false)
  }

  /// Where the file has left the group with its last sharer, it is published again from where it lies.
  package func startSharing(_ path: FilePath, in name: GroupName) throws(VolumeError) {
    let group = try group(name)
    let key = LedgerKey(group, path)
    let entry = try found(path, in: group)
    guard let share = ledger.share(key) else {
      guard let entry else { throw .refused(.noSuchFile) }
      if case .file(let content) = entry.kind, isServed(content, as: key, entry) { return }
      throw .notShared
    }
    if share.place == nil, let record = ledger.download(key), record.state != .complete {
      return try startSharingPart(of: record)
    }
    if share.place == nil, let entry, entry.owner != user, entry.kind == .file(share.content) {
      return try startSharingCached(share, in: name)
    }
    try mustBeHere(share)
    if entry == nil {
      let modified = share.place?.modified ?? 0
      try propose(.publish(path, .file(share.content), modified: modified, over: 0), in: name)
    } else {
      try setSharing(path, in: name, isOn: true)
    }
    try onDisk(nil) { () throws(DiskTrouble) in try ledger.put(share.stopped(false)) }
    guard let contentName = ContentName(share.content) else { return }
    let content = try onDisk(nil) { () throws(DiskTrouble) in try store.content(contentName) }
    offer(content, as: share.key)
    try announce(ContentKey(group: group, root: contentName.root))
  }

  /// As much of it as is here.
  private func startSharingCached(_ share: LedgeredShare, in name: GroupName) throws(VolumeError) {
    guard let contentName = ContentName(share.content) else {
      return try onDisk(nil) { () throws(DiskTrouble) in try ledger.removeShare(share.key) }
    }
    let content = try onDisk(nil) { () throws(DiskTrouble) in try store.content(contentName) }
    if content.isWhole { try setSharing(share.key.path, in: name, isOn: true) }
    try onDisk(nil) { () throws(DiskTrouble) in try ledger.removeShare(share.key) }
    shareCached(content, as: share.key)
  }

  private func startSharingPart(of record: LedgeredDownload) throws(VolumeError) {
    guard let contentName = ContentName(record.content) else { return }
    let content = try onDisk(nil) { () throws(DiskTrouble) in try store.content(contentName) }
    try onDisk(nil) { () throws(DiskTrouble) in try ledger.removeShare(record.key) }
    guard content.heldBlockCount > 0 else { return }
    offer(content, as: record.key)
    try announce(ContentKey(group: record.key.group, root: contentName.root))
  }

  /// What this member serves of a group to whoever asks, in the order of the names.
  package func sharedFiles(in name: GroupName) throws(VolumeError) -> [FilePath] {
    let group = try group(name)
    let whole = ledger.shares.filter { $0.key.group == group && !$0.isStopped }.map(\.key.path)
    return Set(whole + shared.files(in: group).map(\.path)).sorted()
  }

  /// The files below a directory that this member shares, however they came here.
  package func shares(below path: FilePath, in name: GroupName) throws(VolumeError) -> [FilePath] {
    let group = try group(name)
    let parts = ledger.downloads.filter { record in
      record.key.group == group && record.state != .complete && ledger.share(record.key) == nil
    }.map(\.key.path)
    let mine = Set(try sharedFiles(in: name) + parts).filter { $0.isInside(path) }
    return mine.union(try emptyFiles(below: path, in: name)).sorted()
  }

  /// What has no bytes is with who published it, and in no list of what is here.
  private func emptyFiles(below path: FilePath, in name: GroupName) throws(VolumeError) -> Set<FilePath> {
    let group = try group(name)
    guard try found(path, in: group)?.kind.isDirectory == true else { return [] }
    let empty = try files(at: path, in: name)?.filter { entry in
      guard case .file(let content) = entry.kind, content.root == nil else { return false }
      let key = LedgerKey(group, entry.path)
      return ledger.share(key) == nil && isServed(content, as: key, entry)
    }
    return Set((empty ?? []).map(\.path))
  }

  /// From here, without a note in the ledger.
  private func isServed(_ content: FileContent, as key: LedgerKey, _ entry: Entry) -> Bool {
    content.root.map { shared.roots(of: key).contains($0) } ?? (entry.owner == user)
  }

  /// Those that he has stopped sharing.
  package func stoppedShares(below path: FilePath, in name: GroupName) throws(VolumeError) -> [FilePath] {
    let group = try group(name)
    return ledger.shares.filter { $0.key.group == group && $0.isStopped }.map(\.key.path)
      .filter { $0.isInside(path) }.sorted()
  }

  /// The file may have been removed or changed since.
  private func mustBeHere(_ share: LedgeredShare) throws(VolumeError) {
    guard let contentName = ContentName(share.content) else { return }
    let content = try onDisk(share.place) { () throws(DiskTrouble) in try store.content(contentName) }
    content.lookAtShares()
    guard content.isWhole else {
      throw .disk(share.place?.modified == nil ? .missing : .changed, share.place)
    }
  }

  func setSharing(_ path: FilePath, in name: GroupName, isOn: Bool) throws(VolumeError) {
    if case .refused(let refusal) = try ask(.setSharing(.next(), name, path, isOn: isOn)) {
      throw .refused(refusal)
    }
  }
}

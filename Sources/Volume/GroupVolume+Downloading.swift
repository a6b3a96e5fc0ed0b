// Whole files out of a group: gathered beside their destination, renamed into place when they are whole, and shared
// from there from then on. A download goes on after a restart with what it has, and what it has is shared meanwhile,
// also while nobody goes on with it.

package import GroupModel
internal import Link
package import Swarm
internal import Synchronization

extension GroupVolume {
  /// Begins, or goes on with, one file's download. What could be refused at once is. Who asked for it either sees it
  /// to its end, or leaves it. As `part` of a directory it may be there already.
  package func download(
    _ path: FilePath, of name: GroupName, to destination: LocalPath, asPart part: Bool
  ) throws(VolumeError) -> Transfer {
    let group = try group(name)
    let entry = try entry(path, in: group)
    guard case .file(let content) = entry.kind else { throw .refused(.isDirectory) }
    let record = LedgeredDownload(LedgerKey(group, path), content: content, destination: destination)
    return try beginning.take(record.key) { () throws(VolumeError) in
      if let running = try running(record.key, to: destination) { return running }
      if part, isThere(record) { return Self.ended(record, name) }
      return try begin(record, of: name, modified: entry.modified)
    }
  }

  /// What belongs to a directory that was asked for came there before, and nobody has changed it since.
  package func hasCome(_ path: FilePath, in group: GroupName, to destination: LocalPath) -> Bool {
    guard let id = book.group(named: group), let entry = try? entry(path, in: id),
      case .file(let content) = entry.kind
    else { return false }
    return isThere(LedgeredDownload(LedgerKey(id, path), content: content, destination: destination))
  }

  private func isThere(_ record: LedgeredDownload) -> Bool {
    guard ledger.download(record.key) == record.with(.complete) else { return false }
    let hasItsSize = record.destination.fileBytes == Int(clamping: record.content.size)
    // Nobody looks after what lies in a mount.
    if liesInMount(record.destination) { return hasItsSize }
    // The watch over shares is as much as some seconds behind.
    if let name = ContentName(record.content) { try? store.content(name).lookAtShares() }
    return ledger.share(record.key)?.place == record.destination
      && hasItsSize
  }

  private static func ended(_ record: LedgeredDownload, _ name: GroupName) -> Transfer {
    let transfer = Transfer(name, record.key.path, nil, totalBytes: 0, to: record.destination) { 0 }
    transfer.finish(.success(()))
    transfer.end()
    return transfer
  }

  private func begin(
    _ record: LedgeredDownload, of name: GroupName, modified: Int64?
  ) throws(VolumeError) -> Transfer {
    let (key, destination) = (record.key, record.destination)
    guard let contentName = ContentName(record.content) else { return try makeEmpty(record, name) }
    let download = try onDisk(destination) { () throws(DiskTrouble) in
      try store.download(contentName, to: destination)
    }
    // Who stopped sharing it, and now fetches it again, shares it again.
    try onDisk(destination) { () throws(DiskTrouble) in
      if ledger.share(key)?.isStopped == true { try ledger.removeShare(key) }
      forgetOtherDestination(than: record)
      try ledger.put(record)
    }
    let transfer = fetch(record, of: name, modified: modified, into: download)
    _ = transfer.join()
    return transfer
  }

  /// One that is going on there already. A file has one download: what is on its way elsewhere stays so.
  private func running(_ key: LedgerKey, to destination: LocalPath) throws(VolumeError) -> Transfer? {
    guard let running = running.withLock({ $0[key] }) else { return nil }
    if running.result == nil, running.destination != destination {
      throw .downloadsElsewhere(running.destination)
    }
    if running.join() { return running }
    running.waitUntilOver(milliseconds: Self.endMilliseconds)
    return nil
  }

  /// To move what a stopped download has to the cache takes as long as its disks do.
  private static let endMilliseconds = 60_000

  /// What lay beside the place where it was to go before has been copied to where it goes now.
  private func forgetOtherDestination(than record: LedgeredDownload) {
    guard let old = ledger.download(record.key), old.state != .complete, let name = ContentName(old.content),
      old.destination != record.destination || old.content != record.content
    else { return }
    try? store.begunDownload(name, to: old.destination)?.discard()
  }

  private func makeEmpty(_ record: LedgeredDownload, _ name: GroupName) throws(VolumeError) -> Transfer {
    let destination = record.destination
    try onDisk(destination) { () throws(DiskTrouble) in
      try PieceStore.makeEmptyFile(at: destination)
      try ledger.put(record.with(.complete))
      try ledger.put(LedgeredShare(record.key, content: record.content, place: destination))
    }
    tellTracker(record, name)
    return Self.ended(record, name)
  }

  private func fetch(
    _ record: LedgeredDownload, of name: GroupName, modified: Int64?, into download: Download
  ) -> Transfer {
    let content = download.content
    let blockBytes = UInt64(ContentLayout.blockBytes)
    let key = ContentKey(group: record.key.group, root: content.name.root)
    let transfer = Transfer(
      name, record.key.path, key, totalBytes: record.content.size, to: record.destination
    ) {
      min(UInt64(content.heldBlockCount) * blockBytes, record.content.size)
    }
    running.withLock { $0[record.key] = transfer }
    offer(content, as: record.key)
    // What an earlier run has left of it is not gained any more, and others wait for it.
    announcer.changed([key])
    let begin: @Sendable () -> Void = { [self] in
      let handle = swarm.fetchAll(key, into: content) { [self] result in
        // Renaming and syncing wait for the disk; the swarm's thread must not.
        finishing.post { [self] in finish(record, modified, download, transfer, result) }
      }
      transfer.onCancel { handle.cancel() }
    }
    guard content.hasDoubts else {
      begin()
      return transfer
    }
    // What a crash has left unrecorded is looked at first, or it would be fetched again meanwhile.
    WorkerThread("doubts", niceness: 5) {
      content.settle(content.layout.allBlocks)
      begin()
    }.detach()
    return transfer
  }

  private func finish(
    _ record: LedgeredDownload, _ modified: Int64?, _ download: Download, _ transfer: Transfer,
    _ result: Result<Void, FetchTrouble>
  ) {
    if transfer.isAbandoned { return transfer.end() }
    let record = record.at(transfer.path)
    do throws(VolumeError) {
      do throws(FetchTrouble) { try result.get() } catch { throw VolumeError(error) }
      let isStopped = ledger.share(record.key)?.isStopped ?? false
      let isInMount = liesInMount(record.destination)
      try onDisk(record.destination) { () throws(DiskTrouble) in
        try download.finish(
          isExecutable: record.content.isExecutable, modified: modified, sharesInPlace: !isInMount)
        try ledger.put(record.with(.complete))
        guard !isInMount else { return }
        try ledger.put(
          LedgeredShare(
            record.key, content: record.content, place: record.destination, isStopped: isStopped))
      }
      if isInMount {
        shareWhatIsCached(of: download, as: record.key)
      } else if !isStopped {
        tellTracker(record, transfer.group)
      }
      transfer.finish(.success(()))
      forget(transfer, record.key)
    } catch {
      end(record, download, transfer, because: error)
    }
  }

  /// Of what lies in a mount: to share it from there too would keep the mount busy.
  private func shareWhatIsCached(of download: Download, as file: LedgerKey) {
    withdraw(file, of: download.content.name.root)
    if download.content.heldBlockCount > 0 { shareCached(download.content, as: file) }
  }

  private func forget(_ transfer: Transfer, _ key: LedgerKey) {
    running.withLock { running in
      if running[key] === transfer { running[key] = nil }
    }
    transfer.end()
  }

  /// Whoever hears that it is complete can count on it being known. A tracker that is away hears it later.
  private func tellTracker(_ record: LedgeredDownload, _ group: GroupName) {
    line.ask(.setSharing(.next(), group, record.key.path, isOn: true)) { _ in }
    guard let root = record.content.root else { return }
    let key = ContentKey(group: record.key.group, root: root)
    _ = try? line.ask(.announce([Holding(key: key, pieces: shared.pieces(key))]), within: 2_000)
  }

  /// What was verified stays and is shared, and a repetition goes on from there: beside the destination, or in the
  /// cache where it was stopped for good.
  private func end(
    _ record: LedgeredDownload, _ download: Download, _ transfer: Transfer, because error: VolumeError
  ) {
    transfer.finish(.failure(error))
    if case .failure(.refused) = transfer.result {
      discard(record)
      return forget(transfer, record.key)
    }
    try? ledger.put(record.with(.stopped))
    guard transfer.leavesDestination || liesInMount(record.destination) else {
      return settle(record, download, transfer)
    }
    // Longer than others can wait for their files to be renamed.
    WorkerThread("set-aside", niceness: 5) { [self] in
      download.setAside()
      settle(record, download, transfer)
    }.detach()
  }

  private func settle(_ record: LedgeredDownload, _ download: Download, _ transfer: Transfer) {
    if let root = record.content.root, download.content.heldBlockCount == 0 { withdraw(record.key, of: root) }
    forget(transfer, record.key)
  }

  /// Those that the last stop interrupted.
  func resumeDownloads() {
    for record in ledger.downloads where record.state == .downloading {
      guard running.withLock({ $0[record.key] }) == nil, let name = book.groups[record.key.group],
        let contentName = ContentName(record.content)
      else { continue }
      do throws(DiskTrouble) {
        let download = try store.download(contentName, to: record.destination, replacing: record.replaces)
        let modified = try? entry(record.key.path, in: record.key.group).modified
        _ = fetch(record, of: name, modified: modified, into: download)
      } catch {
        log("the download of \(Printable.escaped(record.key.path.bytes)) cannot go on: \(error.sentence)")
        try? ledger.put(record.with(.stopped))
      }
    }
  }

  /// A file has another name now, or lies in a directory that has.
  func moveDownloads(from: FilePath, to: FilePath, in group: GroupID) {
    let isMeant = { (file: LedgerKey) in
      file.group == group && (file.path == from || file.path.isInside(from))
    }
    for record in ledger.downloads where isMeant(record.key) {
      guard let path = record.key.path.moved(from: from, to: to) else { continue }
      try? ledger.put(record.at(path))
      try? ledger.removeDownload(record.key)
    }
    running.withLock { running in
      for (key, transfer) in running where isMeant(key) {
        guard let path = key.path.moved(from: from, to: to) else { continue }
        transfer.move(to: path)
        running[LedgerKey(group, path)] = running.removeValue(forKey: key)
      }
    }
  }

  /// Of one file, or of all below a directory. Returns when nothing lies beside the destination any more.
  package func stopDownload(_ path: FilePath, of name: GroupName) throws(VolumeError) {
    let group = try group(name)
    let stopped = running.withLock { running in
      running.filter { key, transfer in
        key.group == group && (key.path == path || key.path.isInside(path)) && transfer.result == nil
      }.map(\.value)
    }
    guard stopKeeping(path, in: group) || !stopped.isEmpty else { throw .noDownload }
    for transfer in stopped { transfer.leaveDestination() }
    for transfer in stopped { transfer.waitUntilOver(milliseconds: Self.endMilliseconds) }
  }

  /// The file has left the group, or is another one by now: nobody can serve what was being fetched.
  func downloadOutdated(_ key: LedgerKey, isGone: Bool) {
    if let transfer = running.withLock({ $0[key] }), transfer.result == nil {
      return transfer.fail(.refused(isGone ? .noSuchFile : .conflict))
    }
    guard let record = ledger.download(key), record.state != .complete else { return }
    finishing.post { [self] in discard(record) }
  }

  private func discard(_ record: LedgeredDownload) {
    if let root = record.content.root { withdraw(record.key, of: root) }
    if let name = ContentName(record.content) {
      try? store.begunDownload(name, to: record.destination)?.discard()
    }
    if ledger.download(record.key)?.content == record.content { try? ledger.removeDownload(record.key) }
  }

  /// Whether a download to just there has been begun, and whether it is complete. nil for neither.
  package func isComplete(_ path: FilePath, in group: GroupName, at destination: LocalPath) -> Bool? {
    guard let id = book.group(named: group), let record = ledger.download(LedgerKey(id, path)),
      record.destination == destination
    else { return nil }
    guard record.state == .complete else { return false }
    let entry = try? entry(path, in: id)
    return entry?.kind == .file(record.content) && destination.modified != nil
  }

  /// How many of those who are connected have some of it.
  package func sources(of transfer: Transfer) -> (count: Int, sentBytes: Int) {
    let content = swarm.statistics()?.contents.first { $0.key == transfer.key }
    return (content?.sources ?? 0, content?.sourcesSentBytes ?? 0)
  }
}

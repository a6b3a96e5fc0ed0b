// Whole files out of a group: gathered beside their destination, renamed into place when they are whole, and shared
// from there from then on. A download goes on after a restart with what it has.

package import GroupModel
internal import Link
package import Swarm
internal import Synchronization

extension GroupVolume {
  /// Begins, or goes on with, one file's download. What could be refused at once is.
  package func download(
    _ path: FilePath, of name: GroupName, to destination: LocalPath
  ) throws(VolumeError) -> Transfer {
    let group = try group(name)
    let entry = try entry(path, in: group)
    guard case .file(let content) = entry.kind else { throw .refused(.isDirectory) }
    let key = LedgerKey(group, path)
    if let running = running.withLock({ $0[key] }), running.result == nil { return running }
    guard let contentName = ContentName(content) else {
      return try makeEmpty(key, name, content, destination)
    }
    let download = try onDisk(destination) { () throws(DiskTrouble) in
      try store.download(contentName, to: destination)
    }
    let record = LedgeredDownload(key, content: content, destination: destination)
    try onDisk(destination) { () throws(DiskTrouble) in try ledger.put(record) }
    return fetch(record, of: name, modified: entry.modified, into: download)
  }

  /// By identity, whatever lies under the name now.
  package func fetch(
    _ content: FileContent, known path: FilePath, in name: GroupName, to destination: LocalPath
  ) throws(VolumeError) -> Transfer {
    let group = try group(name)
    let key = LedgerKey(group, path)
    guard let contentName = ContentName(content) else {
      return try makeEmpty(key, name, content, destination)
    }
    let download = try onDisk(destination) { () throws(DiskTrouble) in
      try store.download(contentName, to: destination)
    }
    let record = LedgeredDownload(key, content: content, destination: destination)
    try onDisk(destination) { () throws(DiskTrouble) in try ledger.put(record) }
    return fetch(record, of: name, modified: nil, into: download)
  }

  private func makeEmpty(
    _ key: LedgerKey, _ name: GroupName, _ content: FileContent, _ destination: LocalPath
  ) throws(VolumeError) -> Transfer {
    try onDisk(destination) { () throws(DiskTrouble) in
      try PieceStore.makeEmptyFile(at: destination)
      try ledger.put(LedgeredDownload(key, content: content, destination: destination, state: .complete))
    }
    let transfer = Transfer(name, key.path, nil, totalBytes: 0) { 0 }
    transfer.finish(.success(()))
    return transfer
  }

  private func fetch(
    _ record: LedgeredDownload, of name: GroupName, modified: Int64?, into download: Download
  ) -> Transfer {
    let content = download.content
    let blockBytes = UInt64(ContentLayout.blockBytes)
    let key = ContentKey(group: record.key.group, root: content.name.root)
    let transfer = Transfer(name, record.key.path, key, totalBytes: record.content.size) {
      min(UInt64(content.heldBlockCount) * blockBytes, record.content.size)
    }
    running.withLock { $0[record.key] = transfer }
    shared.put(content, as: record.key)
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
    _ = WorkerThread("doubts", niceness: 5) {
      content.settle(content.layout.allBlocks)
      begin()
    }
    return transfer
  }

  private func finish(
    _ record: LedgeredDownload, _ modified: Int64?, _ download: Download, _ transfer: Transfer,
    _ result: Result<Void, FetchTrouble>
  ) {
    if transfer.isAbandoned { return }
    do throws(VolumeError) {
      do throws(FetchTrouble) { try result.get() } catch { throw VolumeError(error) }
      try onDisk(record.destination) { () throws(DiskTrouble) in
        try download.finish(isExecutable: record.content.isExecutable, modified: modified)
        try ledger.put(record.with(.complete))
        try ledger.put(LedgeredShare(record.key, content: record.content, place: record.destination))
      }
      tellTracker(record, transfer.group)
      transfer.finish(.success(()))
    } catch {
      end(record, transfer, because: error)
    }
    running.withLock { running in
      if running[record.key] === transfer { running[record.key] = nil }
    }
  }

  /// Whoever hears that it is complete can count on it being known. A tracker that is away hears it later.
  private func tellTracker(_ record: LedgeredDownload, _ group: GroupName) {
    guard let root = record.content.root else { return }
    let key = ContentKey(group: record.key.group, root: root)
    line.ask(.setSharing(.next(), group, record.key.path, isOn: true)) { _ in }
    _ = try? line.ask(.announce([Holding(key: key, pieces: shared.pieces(key))]), within: 2_000)
  }

  /// What was verified stays, beside the destination, and a repetition goes on from there.
  private func end(_ record: LedgeredDownload, _ transfer: Transfer, because error: VolumeError) {
    transfer.finish(.failure(error))
    try? ledger.put(record.with(.stopped))
    if let root = record.content.root, ledger.share(record.key) == nil { withdraw(record.key, of: root) }
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
        log("the download of \(record.key.path) cannot go on: \(error.sentence)")
        try? ledger.put(record.with(.stopped))
      }
    }
  }

  package func stopDownload(_ path: FilePath, of name: GroupName) throws(VolumeError) {
    let group = try group(name)
    guard let transfer = running.withLock({ $0[LedgerKey(group, path)] }), transfer.result == nil else {
      throw .noDownload
    }
    transfer.cancel()
  }

  /// What `show_downloads` lists, in the order of their names.
  package var downloads: [(group: GroupName, path: FilePath, isComplete: Bool)] {
    ledger.downloads.compactMap { record in
      guard record.state != .stopped, let name = book.groups[record.key.group] else { return nil }
      return (name, record.key.path, record.state == .complete)
    }.sorted { ($0.group, $0.path) < ($1.group, $1.path) }
  }

  /// How many of those who are connected have some of it.
  package func sources(of transfer: Transfer) -> Int {
    swarm.statistics()?.contents.first { $0.key == transfer.key }?.sources ?? 0
  }

  package var transfers: [Transfer] { running.withLock { Array($0.values) } }
}

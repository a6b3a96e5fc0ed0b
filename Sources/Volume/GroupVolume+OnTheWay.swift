// Whole files on their way here, and those that are complete: what `show_downloads`, `status` and the metrics say of
// them, whoever asked for them.

package import GroupModel
internal import Swarm
internal import Synchronization

/// To a place of the user's, or into the cache.
package struct FileOnItsWay: Sendable {
  package let group: GroupName
  package let path: FilePath
  /// nil for an empty file.
  package let key: ContentKey?
  package let doneBytes: UInt64
  package let totalBytes: UInt64
}

extension GroupVolume {
  /// A line of `show_downloads` each, in the order of their names.
  package var downloads: [(group: GroupName, path: FilePath, isComplete: Bool)] {
    let groups = book.groups
    // What is on its way counts, where it is complete as well: what was brought once may have had to go.
    var files = Dictionary(keptNow.map { ($0.wish.key, $0.isComplete) }) { $0 && $1 }
    for record in ledger.downloads where record.state == .downloading || isThere(record) {
      files[record.key] = record.state == .complete && files[record.key] != false
    }
    return files.compactMap { file, isComplete in
      groups[file.group].map { ($0, file.path, isComplete) }
    }.sorted { ($0.group, $0.path) < ($1.group, $1.path) }
  }

  /// Whole, still the group's, and still where it was fetched to, as far as anybody looks after it there.
  private func isThere(_ record: LedgeredDownload) -> Bool {
    guard record.state == .complete,
      ledger.share(record.key)?.content.isSameBytes(as: record.content) ?? liesInMount(record.destination)
    else { return false }
    let entry = try? found(record.key.path, in: record.key.group)
    guard case .file(let now)? = entry?.kind else { return false }
    return now.isSameBytes(as: record.content)
  }

  /// Each once, also where it goes to two places.
  package var filesOnTheirWay: [FileOnItsWay] {
    let groups = book.groups
    let kept = ledger.wishes.map { wish in (wish.key, fileOnItsWay(wish, in: groups[wish.key.group])) }
    var files = Dictionary(kept) { one, _ in one }
    for (file, transfer) in running.withLock({ $0 }) {
      files[file] = FileOnItsWay(
        group: transfer.group, path: transfer.path, key: transfer.key, doneBytes: transfer.doneBytes,
        totalBytes: transfer.totalBytes)
    }
    return files.values.compactMap { $0 }
  }

  private func fileOnItsWay(_ wish: LedgeredWish, in group: GroupName?) -> FileOnItsWay? {
    guard let group, let name = ContentName(wish.content) else { return nil }
    return FileOnItsWay(
      group: group, path: wish.key.path, key: ContentKey(group: wish.key.group, root: name.root),
      doneBytes: UInt64(store.heldBytes(of: name)), totalBytes: wish.content.size)
  }

  /// As people know a file: `team/report.pdf`.
  func words(for file: LedgerKey) -> String {
    "\(book.groups[file.group].map { "\($0)/" } ?? "")\(Printable.escaped(file.path.bytes))"
  }
}

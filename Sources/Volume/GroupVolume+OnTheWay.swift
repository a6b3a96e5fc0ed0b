// Whole files on their way here, and those that are complete: what `show_downloads` says of them, whoever
// asked for them.

package import GroupModel
internal import Swarm
internal import Synchronization

extension GroupVolume {
  /// A line of `show_downloads` each, in the order of their names.
  package var downloads: [(group: GroupName, path: FilePath, isComplete: Bool)] {
    let groups = book.groups
    // What is on its way counts, where it is complete as well: what was brought once may have had to go.
    var files = Dictionary(keptNow.map { ($0.wish.key, $0.isComplete) }) { $0 && $1 }
    for record in ledger.downloads where record.state != .stopped {
      files[record.key] = record.state == .complete && files[record.key] != false
    }
    return files.compactMap { file, isComplete in
      groups[file.group].map { ($0, file.path, isComplete) }
    }.sorted { ($0.group, $0.path) < ($1.group, $1.path) }
  }

  /// As people know a file: `team/report.pdf`.
  func words(for file: LedgerKey) -> String {
    "\(book.groups[file.group].map { "\($0)/" } ?? "")\(Printable.escaped(file.path.bytes))"
  }
}

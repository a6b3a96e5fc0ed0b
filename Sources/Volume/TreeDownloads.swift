// What several may ask for at the same time, and is to be done once: where a directory goes, and how a download begins.

package import GroupModel
package import Swarm
internal import Synchronization

/// ## Concurrency model
/// For any thread. A key's turn is waited for by those who want the same key only.
final class Turns<Key: Hashable & Sendable>: Sendable {
  private struct Entry {
    let turn: Turn
    var count: Int
  }

  private let entries = Mutex<[Key: Entry]>([:])

  func take<Result, Failure: Error>(
    _ key: Key, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let turn = entries.withLock { entries in
      entries[key, default: Entry(turn: Turn(), count: 0)].count += 1
      return entries[key]!.turn
    }
    defer {
      entries.withLock { entries in
        entries[key]?.count -= 1
        if entries[key]?.count == 0 { entries[key] = nil }
      }
    }
    return try turn.take(body)
  }
}

/// A directory of a group, and where a person wants it.
package struct TreeDownload: Hashable, Sendable {
  let path: FilePath
  let group: GroupName
  let destination: LocalPath

  package init(_ path: FilePath, of group: GroupName, to destination: LocalPath) {
    self.path = path
    self.group = group
    self.destination = destination
  }
}

/// Those that are going on now.
///
/// ## Concurrency model
/// For any thread.
final class TreeDownloads: Sendable {
  private struct Entry {
    let place: LocalPath
    var count: Int
  }

  private let entries = Mutex<[TreeDownload: Entry]>([:])
  private let settling = Turns<TreeDownload>()

  func join<Failure: Error>(
    _ tree: TreeDownload, _ settle: () throws(Failure) -> LocalPath
  ) throws(Failure) -> LocalPath {
    try settling.take(tree) { () throws(Failure) in
      let known = entries.withLock { entries in
        entries[tree]?.count += 1
        return entries[tree]?.place
      }
      if let known { return known }
      let place = try settle()
      entries.withLock { $0[tree] = Entry(place: place, count: 1) }
      return place
    }
  }

  func leave(_ tree: TreeDownload) {
    entries.withLock { entries in
      entries[tree]?.count -= 1
      if entries[tree]?.count == 0 { entries[tree] = nil }
    }
  }
}

extension GroupVolume {
  /// Who asks for a directory while somebody else does, for the same place, gets it where that one does: `settle` finds
  /// where that is, and makes it.
  package func downloading<Failure: Error>(
    _ tree: TreeDownload, settle: () throws(Failure) -> LocalPath, _ body: (LocalPath) throws(Failure) -> Void
  ) throws(Failure) {
    let place = try trees.join(tree, settle)
    defer { trees.leave(tree) }
    try body(place)
  }
}

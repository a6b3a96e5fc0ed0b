// Lists a group's files from the local catalog: asks the tracker only for what was decided since the last time.

import Catalog
import Glibc
import GroupModel
import Volume

struct CatalogListing: FileListing {
  private static let fileName = "catalog.sqlite"
  private static let pageLimit = 512

  let options: Options
  /// The daemon's, which is up to date already, or will be in a moment.
  var volume: GroupVolume?

  func forEachFile(
    of group: GroupName, over line: any TrackerAsking, _ body: (ListedFile) throws(Failure) -> Void
  ) throws(Failure) {
    let summary = try mine(group, line)
    if let volume {
      // What others have published a moment before is listed too.
      volume.book.waitFor(summary.number, of: summary.id)
      return try list(group, in: volume, line, body)
    }
    let directory = try StateDirectory(making: options.stateDirectory())
    let path = directory.name(Self.fileName)
    do {
      let lock = try StateLock(on: directory)
      try bringUpToDate(path, summary, line)
      _ = consume lock
    }
    try list(path, summary.id, line, body)
  }

  /// A group that this user is in. The tracker says why he is not.
  private func mine(_ group: GroupName, _ line: any TrackerAsking) throws(Failure) -> GroupSummary {
    var after: GroupName?
    while true {
      guard case .groups(let page, let more) = try line.answer(to: .listMyGroups(after: after)) else {
        throw .strangeAnswer
      }
      if let found = page.first(where: { $0.name == group && $0.mine.isInside }) { return found }
      guard more, let last = page.last?.name, last != after else { break }
      after = last
    }
    _ = try line.answer(to: .listMembers(group, after: nil))
    throw .refused(.notMember)
  }
}

// Catching up.
extension CatalogListing {
  /// It is only a copy: one that is damaged is made anew.
  private func bringUpToDate(
    _ path: String, _ group: GroupSummary, _ line: any TrackerAsking
  ) throws(Failure) {
    do throws(Failure) {
      try catchUp(path, group, line)
    } catch .damaged {
      for suffix in ["", "-wal", "-shm"] { unlink(path + suffix) }
      try catchUp(path, group, line)
    }
  }

  private func catchUp(_ path: String, _ group: GroupSummary, _ line: any TrackerAsking) throws(Failure) {
    let catalog = try stored(path) { () throws(DatabaseError) in
      let database = try Database(path: path, role: .writer(durability: .processCrash))
      try database.migrate(to: CatalogSchema.copy)
      return GroupCatalog(over: database, as: .copy)
    }
    var more = true
    while more {
      let mark = try stored(path) { () throws(DatabaseError) in try catalog.mark(of: group.id) }
      guard case .caughtUp(let page) = try line.answer(to: .catchUp(group.id, after: mark)) else {
        throw .strangeAnswer
      }
      guard !page.more || page.mark != mark else { throw .strangeAnswer }
      try stored(path) { () throws(DatabaseError) in try catalog.adopt(page, of: group) }
      more = page.more
    }
  }

  private func stored<Result>(
    _ path: String, _ body: () throws(DatabaseError) -> Result
  ) throws(Failure) -> Result {
    do throws(DatabaseError) {
      return try body()
    } catch {
      switch error {
      case .full: throw .disk(ENOSPC, "writing \(Quoted.text(path))")
      case .busy: throw .disk(EBUSY, "opening \(Quoted.text(path))")
      case .io: throw .disk(EIO, "writing \(Quoted.text(path))")
      case .damaged, .tooOld:
        throw .damaged(path: path, remedy: "remove it; it is fetched again")
      case .tooNew:
        throw .damaged(path: path, remedy: "it is a newer version's: use that one, or remove the file")
      }
    }
  }
}

// Listing.
extension CatalogListing {
  private func list(
    _ group: GroupName, in volume: GroupVolume, _ line: any TrackerAsking,
    _ body: (ListedFile) throws(Failure) -> Void
  ) throws(Failure) {
    var after: FilePath?
    while true {
      let page: (id: GroupID, entries: [Entry])
      do throws(VolumeError) {
        page = try volume.page(of: group, after: after, limit: Self.pageLimit)
      } catch {
        throw Failure(error)
      }
      guard let last = page.entries.last else { return }
      try show(page.entries, of: page.id, line, body)
      after = last.path
    }
  }

  private func list(
    _ path: String, _ group: GroupID, _ line: any TrackerAsking, _ body: (ListedFile) throws(Failure) -> Void
  ) throws(Failure) {
    let catalog = try stored(path) { () throws(DatabaseError) in
      GroupCatalog(over: try Database(path: path, role: .reader), as: .copy)
    }
    var after: FilePath?
    while true {
      let page = try stored(path) { () throws(DatabaseError) in
        try catalog.entries(in: group, after: after, limit: Self.pageLimit)
      }
      guard let last = page.last else { return }
      try show(page, of: group, line, body)
      after = last.path
    }
  }

  private func show(
    _ page: [Entry], of group: GroupID, _ line: any TrackerAsking,
    _ body: (ListedFile) throws(Failure) -> Void
  ) throws(Failure) {
    let files = page.filter { !$0.kind.isDirectory }
    let roots = files.compactMap(\.root)
    var counts: [ContentRoot: UInt32] = [:]
    if !roots.isEmpty {
      guard case .sharers(let found) = try line.answer(to: .countSharers(group, roots)),
        found.count == roots.count
      else { throw .strangeAnswer }
      for (root, count) in zip(roots, found) { counts[root] = count }
    }
    for file in files {
      // Whoever has the list has all of an empty file and of a link: there is always one who can give it.
      let sharers = file.root.map { counts[$0] ?? 0 } ?? 1
      try body(
        ListedFile(
          path: file.path, byteCount: file.byteCount, owner: file.owner, sharersOnline: sharers,
          root: file.root,
          isFile: file.kind.isFile))
    }
  }
}

extension Entry {
  fileprivate var root: ContentRoot? {
    if case .file(let content) = kind { content.root } else { nil }
  }

  fileprivate var byteCount: UInt64 {
    switch kind {
    case .file(let content): content.size
    case .symlink(let target): UInt64(target.bytes.count)
    case .directory: 0
    }
  }
}

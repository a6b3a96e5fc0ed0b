// What this member shares, downloads and wants in his cache, under which names, kept over restarts. The bytes are
// elsewhere: in the cache, in place, or at a destination; this says what is to be done with them.

package import GroupModel

/// A file of a group, as this member deals with it.
package struct LedgerKey: Hashable, Sendable {
  package let group: GroupID
  package let path: FilePath

  package init(_ group: GroupID, _ path: FilePath) {
    self.group = group
    self.path = path
  }
}

package struct LedgeredShare: Hashable, Sendable {
  package let key: LedgerKey
  package let content: FileContent
  /// nil when it is shared from the cache.
  package let place: LocalPath?
  /// Stopped by the user, until he starts it again.
  package let isStopped: Bool

  package init(_ key: LedgerKey, content: FileContent, place: LocalPath?, isStopped: Bool = false) {
    self.key = key
    self.content = content
    self.place = place
    self.isStopped = isStopped
  }

  package func stopped(_ isStopped: Bool) -> LedgeredShare {
    LedgeredShare(key, content: content, place: place, isStopped: isStopped)
  }
}

package struct LedgeredDownload: Hashable, Sendable {
  /// The raw values are on disk.
  package enum State: UInt8, Sendable, CaseIterable {
    case downloading = 0
    case stopped = 1
    case complete = 2
  }

  package let key: LedgerKey
  package let content: FileContent
  package let destination: LocalPath
  package let replaces: Bool
  package let state: State

  package init(
    _ key: LedgerKey, content: FileContent, destination: LocalPath, replaces: Bool = false,
    state: State = .downloading
  ) {
    self.key = key
    self.content = content
    self.destination = destination
    self.replaces = replaces
    self.state = state
  }

  package func at(_ path: FilePath) -> LedgeredDownload {
    LedgeredDownload(
      LedgerKey(key.group, path), content: content, destination: destination, replaces: replaces,
      state: state)
  }

  package func with(_ state: State) -> LedgeredDownload {
    LedgeredDownload(key, content: content, destination: destination, replaces: replaces, state: state)
  }
}

/// A file that is to be whole in the cache: it is not yet, or has been brought there.
package struct LedgeredWish: Hashable, Sendable {
  package let key: LedgerKey
  package let content: FileContent

  package init(_ key: LedgerKey, content: FileContent) {
    self.key = key
    self.content = content
  }
}

/// ## Concurrency model
/// For any thread; each change is on the disk when it returns. One of a wish, and of what became of it, need only
/// outlive the program: many are made at once.
package final class ShareLedger: Sendable {
  private static let rowsMax = 1 << 22
  private let shareTable: DurableTable<LedgeredShare>
  private let downloadTable: DurableTable<LedgeredDownload>
  private let wishTable: DurableTable<LedgeredWish>
  private let broughtTable: DurableTable<LedgeredWish>

  /// Nothing takes what was brought off the list but the file's end, so of too many the oldest go.
  package init(in directory: LocalPath, broughtMax: Int = 1 << 16) throws(DiskTrouble) {
    let folder = try Folder(making: directory)
    shareTable = try DurableTable(in: folder, name: "shares", rowsMax: Self.rowsMax)
    downloadTable = try DurableTable(in: folder, name: "downloads", rowsMax: Self.rowsMax)
    wishTable = try DurableTable(in: folder, name: "wishes", rowsMax: Self.rowsMax)
    broughtTable = try DurableTable(in: folder, name: "brought", rowsMax: broughtMax)
  }

  package var shares: [LedgeredShare] { shareTable.rows }

  package var downloads: [LedgeredDownload] { downloadTable.rows }

  package var wishes: [LedgeredWish] { wishTable.rows }

  package func wishes(where isMeant: (LedgerKey) -> Bool) -> [LedgeredWish] {
    wishTable.rows { isMeant($0.key) }
  }

  /// Wishes that came true.
  package var brought: [LedgeredWish] { broughtTable.rows }

  package func brought(where isMeant: (LedgerKey) -> Bool) -> [LedgeredWish] {
    broughtTable.rows { isMeant($0.key) }
  }

  /// Some rows may have been lost: a file had been changed. What is left of it is kept beside.
  package var wasDamaged: Bool {
    shareTable.wasDamaged || downloadTable.wasDamaged || wishTable.wasDamaged || broughtTable.wasDamaged
  }

  package func share(_ key: LedgerKey) -> LedgeredShare? { shareTable[key] }

  package func download(_ key: LedgerKey) -> LedgeredDownload? { downloadTable[key] }

  package func wish(_ key: LedgerKey) -> LedgeredWish? { wishTable[key] }

  package func brought(_ key: LedgerKey) -> LedgeredWish? { broughtTable[key] }

  package func put(_ share: LedgeredShare) throws(DiskTrouble) { try shareTable.put(share) }

  package func put(_ download: LedgeredDownload) throws(DiskTrouble) { try downloadTable.put(download) }

  package func put(_ wish: LedgeredWish) throws(DiskTrouble) { try wishTable.put(wish, .processCrash) }

  package func removeShare(_ key: LedgerKey) throws(DiskTrouble) { _ = try shareTable.remove(key) }

  package func removeDownload(_ key: LedgerKey) throws(DiskTrouble) { _ = try downloadTable.remove(key) }

  package func removeWish(_ key: LedgerKey) throws(DiskTrouble) {
    _ = try wishTable.remove(key, .processCrash)
  }

  package func putBrought(_ wish: LedgeredWish) throws(DiskTrouble) {
    try broughtTable.putMakingRoom(wish, .processCrash)
  }

  package func removeBrought(_ key: LedgerKey) throws(DiskTrouble) {
    _ = try broughtTable.remove(key, .processCrash)
  }
}

extension LedgeredShare: DurableRow {
  func write(to writer: inout WireWriter) {
    writer.ledgerKey(key)
    writer.kind(.file(content))
    writer.optional(place) { $0.localPath($1) }
    writer.flag(isStopped)
  }

  init(reading reader: inout WireReader) throws(Malformed) {
    key = try reader.ledgerKey()
    content = try reader.fileContent(at: key.path)
    place = try reader.optional { reader throws(Malformed) in try reader.localPath() }
    isStopped = try reader.flag()
  }
}

extension LedgeredWish: DurableRow {
  func write(to writer: inout WireWriter) {
    writer.ledgerKey(key)
    writer.kind(.file(content))
  }

  init(reading reader: inout WireReader) throws(Malformed) {
    key = try reader.ledgerKey()
    content = try reader.fileContent(at: key.path)
  }
}

extension LedgeredDownload: DurableRow {
  func write(to writer: inout WireWriter) {
    writer.ledgerKey(key)
    writer.kind(.file(content))
    writer.localPath(destination)
    writer.flag(replaces)
    writer.u8(state.rawValue)
  }

  init(reading reader: inout WireReader) throws(Malformed) {
    key = try reader.ledgerKey()
    content = try reader.fileContent(at: key.path)
    destination = try reader.localPath()
    replaces = try reader.flag()
    guard let state = State(rawValue: try reader.u8()) else { throw Malformed("a state that is none") }
    self.state = state
  }
}

extension WireWriter {
  fileprivate mutating func ledgerKey(_ key: LedgerKey) {
    u64(key.group.number)
    path(key.path)
  }
}

extension WireReader {
  fileprivate mutating func ledgerKey() throws(Malformed) -> LedgerKey {
    LedgerKey(GroupID(try u64()), try path())
  }

  fileprivate mutating func fileContent(at path: FilePath) throws(Malformed) -> FileContent {
    guard case .file(let content) = try kind(at: path) else { throw Malformed("a share that is no file") }
    return content
  }
}

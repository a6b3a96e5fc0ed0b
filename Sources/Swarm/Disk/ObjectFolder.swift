// A content's directory in the cache, opened when it is first needed: a file that was only looked at leaves
// nothing on the disk.

internal import Synchronization

/// ## Concurrency model
/// For any thread. Two may open it at once; one of the two descriptors is kept.
final class ObjectFolder: Sendable {
  static let keptName = "kept"

  private let objects: Folder
  private let name: ContentName
  private let opened = Mutex<Folder?>(nil)

  init(of name: ContentName, in objects: Folder) {
    self.name = name
    self.objects = objects
  }

  func made() throws(DiskTrouble) -> Folder {
    if let folder = opened.withLock({ $0 }) { return folder }
    return keep(try objects.madeFolder(name.shelfName).madeFolder(name.folderName))
  }

  /// nil when there is none.
  func existing() throws(DiskTrouble) -> Folder? {
    if let folder = opened.withLock({ $0 }) { return folder }
    do throws(DiskTrouble) {
      return keep(try objects.folder(name.shelfName).folder(name.folderName))
    } catch .missing, .notDirectory {
      return nil
    }
  }

  private func keep(_ folder: Folder) -> Folder {
    opened.withLock { opened in
      if opened == nil { opened = folder }
      return opened ?? folder
    }
  }

  /// That the directory is there, and what is in it, outlives a power cut.
  func sync() throws(DiskTrouble) {
    try made().sync()
    try objects.folder(name.shelfName).sync()
    try objects.sync()
  }

  func removeFile(_ name: String) { try? existing()?.remove(name) }

  /// With everything that is ours in it. What is not makes the directory stay.
  func removeAll() throws(DiskTrouble) {
    guard let folder = try existing() else { return }
    // The record goes first: without its bytes it would be a lie.
    try folder.remove(PieceFile.cacheRecordName)
    for name in try folder.names() { try folder.remove(name) }
    let shelf = try objects.folder(name.shelfName)
    opened.withLock { $0 = nil }
    try shelf.removeFolder(name.folderName)
  }
}

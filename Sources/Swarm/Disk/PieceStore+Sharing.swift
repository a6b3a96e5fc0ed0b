// Sharing the user's own files from where they lie, without a second copy.

internal import Glibc
internal import GroupModel
internal import Synchronization

extension PieceStore {
  /// From now on the file's bytes are the content's, until it is seen to have changed. Its hashes are kept, so
  /// that a restart does not read it again. `changed` if it is no longer what was hashed.
  package func share(_ hashed: HashedFile) throws(DiskTrouble) -> StoredContent? {
    guard let tree = hashed.tree, let name = hashed.content else { return nil }
    let content = try shelf.content(name)
    let descriptor = try Descriptor(readingFileAt: hashed.path)
    guard try descriptor.stamp() == hashed.stamp else { throw .changed }
    try content.learnAll(of: tree)
    try content.addShared(hashed.path, descriptor, hashed.stamp)
    return content
  }

  /// True when a restart found the file as it was shared, so that it need not be hashed again.
  package func isShared(_ path: LocalPath, as name: ContentName) throws(DiskTrouble) -> Bool {
    try shelf.content(name).sharedPaths.contains(path)
  }
}

extension StoredContent {
  func learnAll(of tree: MerkleTree) throws(DiskTrouble) {
    try hashes.open(in: folder.made())
    try hashes.learnAll(of: tree)
  }

  func addShared(_ path: LocalPath, _ descriptor: Descriptor, _ stamp: FileStamp) throws(DiskTrouble) {
    let file = PieceFile(.inPlace(path), descriptor, recordName: PieceFile.inPlacePrefix + randomName())
    var body = Body(file: file)
    body.held = BlockSet(allOf: layout)
    body.checked = body.held
    body.stamp = stamp
    body.isRecordStale = true
    let (gained, replaced) = state.withLock { $0.add(body, layout: layout) }
    for old in replaced { folder.removeFile(old.recordName) }
    shelf.tell(self, gained.map { .gained($0) })
    try save()
  }

  package func stopSharing(_ path: LocalPath) {
    let files = state.withLock { state in
      state.bodies.map(\.file).filter { $0.place == .inPlace(path) }
    }
    for file in files { endShare(file, .stopped) }
  }

  /// Looks whether the files that are shared from their places are still what they were, as each reading does too.
  package func lookAtShares() {
    let shared = state.withLock { state in
      state.bodies.filter { !$0.file.isOwn }.map { state.source(layout.allBlocks, in: $0) }
    }
    for source in shared {
      do throws(DiskTrouble) {
        _ = try isUnchanged(source)
      } catch {
        _ = dropIfInPlace(source.file, after: error)
      }
    }
  }
}

extension StoredContent.State {
  /// A body that holds everything, in place of those that had the same place.
  fileprivate mutating func add(
    _ body: StoredContent.Body, layout: ContentLayout
  ) -> (gained: [BlockRange], replaced: [PieceFile]) {
    let replaced = bodies.map(\.file).filter { $0.place == body.file.place }
    if !replaced.isEmpty { losses += 1 }
    bodies.removeAll { $0.file.place == body.file.place }
    bodies.append(body)
    let gained = held.gaps(in: layout.allBlocks)
    held = body.held
    pieces = PieceSet(allOf: layout)
    return (gained, replaced)
  }
}

// A content on its way to where the user wants it: gathered in a file beside the destination, renamed into its
// place when it is whole, and shared from there from then on.

internal import Glibc
internal import GroupModel
internal import Synchronization

/// ## Concurrency model
/// For any thread; `finish` and `discard` by one at a time. Blocks are put to `content`, which writes them here.
package final class Download: Sendable {
  package let content: StoredContent
  package let path: LocalPath
  private let destination: Destination
  /// nil once it has ended.
  private let file: Mutex<PieceFile?>

  init(of content: StoredContent, to destination: Destination, _ file: PieceFile) {
    self.content = content
    self.destination = destination
    self.file = Mutex(file)
    path = destination.path
  }

  /// Takes what is here elsewhere, makes the file durable and puts it in its place. `missing` while it is not whole.
  /// What is not to be shared from there is closed when this returns.
  package func finish(
    isExecutable: Bool = false, modified: Int64? = nil, sharesInPlace: Bool = true
  ) throws(DiskTrouble) {
    guard let file = file.withLock({ $0 }) else { throw .missing }
    try content.absorb(into: file)
    guard content.isWhole(file) else { throw .missing }
    try content.noticeForeignWrites(to: file)
    try file.descriptor.setAttributes(isExecutable: isExecutable, modified: modified)
    try file.descriptor.sync()
    let stamp = try file.descriptor.stamp()
    if let trouble = content.checkAll(of: file) { throw trouble }
    guard content.isWhole(file) else { throw .damaged }
    let folder = try Folder(at: path.folder)
    try putInPlace(folder)
    try folder.sync()
    if sharesInPlace { try content.becomeShared(file, at: path, since: stamp) } else { content.forget(file) }
    self.file.withLock { $0 = nil }
  }

  private func putInPlace(_ folder: Folder) throws(DiskTrouble) {
    if destination.replaces {
      try folder.rename(destination.temporaryName, to: path.name)
    } else {
      try folder.renameToNew(destination.temporaryName, to: path.name)
    }
  }

  /// Ends it, and leaves nothing beside the destination: what was verified goes to the cache, as far as it has room.
  package func setAside() {
    if let file = file.withLock({ $0 }) { try? content.keepInCache(whatIsIn: file) }
    discard()
  }

  /// Ends it for good: what was gathered goes. Who only stops lets it lie, and finds it again.
  package func discard() {
    let file = file.withLock { file in
      defer { file = nil }
      return file
    }
    if let file { content.forget(file) }
    try? Folder(at: path.folder).remove(destination.temporaryName)
  }
}

extension PieceStore {
  /// Begins a download, or goes on with one to the same place. What is here already is not fetched again.
  package func download(
    _ name: ContentName, to path: LocalPath, replacing: Bool = false
  ) throws(DiskTrouble) -> Download {
    let folder = try Folder(at: path.folder)
    try folder.checkFree(path.name, replacing: replacing)
    let content = try shelf.content(name)
    if let (file, destination) = content.destination(at: path) {
      if folder.has(destination.temporaryName) { return Download(of: content, to: destination, file) }
      // It was removed, with the directory that it lay in.
      content.forget(file)
    }
    let destination = Destination(path, replaces: replacing)
    let file = try content.addDestination(destination, in: folder)
    let download = Download(of: content, to: destination, file)
    do throws(DiskTrouble) {
      guard try folder.freeBytes() >= name.fileBytes else { throw .full }
      try content.absorb(into: file)
      return download
    } catch {
      download.discard()
      throw error
    }
  }

  /// One that was begun to this place and not finished.
  package func begunDownload(_ name: ContentName, to path: LocalPath) throws(DiskTrouble) -> Download? {
    let content = try shelf.content(name)
    return content.destination(at: path).map { Download(of: content, to: $1, $0) }
  }

  /// A file without content needs nobody else.
  package static func makeEmptyFile(at path: LocalPath, replacing: Bool = false) throws(DiskTrouble) {
    let folder = try Folder(at: path.folder)
    try folder.checkFree(path.name, replacing: replacing)
    let destination = Destination(path, replaces: replacing)
    _ = try folder.file(destination.temporaryName, O_WRONLY | O_CREAT | O_EXCL, mode: 0o666)
    do throws(DiskTrouble) {
      if replacing {
        try folder.rename(destination.temporaryName, to: path.name)
      } else {
        try folder.renameToNew(destination.temporaryName, to: path.name)
      }
    } catch {
      try? folder.remove(destination.temporaryName)
      throw error
    }
  }
}

extension Folder {
  /// For others to read, as far as the user lets them.
  fileprivate func newFile(_ name: [UInt8], fileBytes: Int) throws(DiskTrouble) -> Descriptor {
    let file = try file(name, O_RDWR | O_CREAT | O_EXCL, mode: 0o666)
    do throws(DiskTrouble) {
      try file.resize(to: fileBytes)
      return file
    } catch {
      try? remove(name)
      throw error
    }
  }

  /// Told before anything is fetched; the renaming in the end asks once more.
  fileprivate func checkFree(_ name: [UInt8], replacing: Bool) throws(DiskTrouble) {
    guard !name.isEmpty, name != Array(".".utf8), name != Array("..".utf8) else { throw .isDirectory }
    do throws(DiskTrouble) {
      let status = try status(of: name)
      guard status.st_mode & S_IFMT != S_IFDIR else { throw DiskTrouble.isDirectory }
      guard replacing else { throw DiskTrouble.exists }
    } catch .missing {
      return
    }
  }
}

extension StoredContent {
  fileprivate func destination(at path: LocalPath) -> (PieceFile, Destination)? {
    state.withLock { state in
      for body in state.bodies {
        if case .destination(let destination) = body.file.place, destination.path == path {
          return (body.file, destination)
        }
      }
      return nil
    }
  }

  /// The record comes first, so that after a crash no file is left beside the destination that nobody knows.
  fileprivate func addDestination(_ destination: Destination, in target: Folder) throws(DiskTrouble)
    -> PieceFile
  {
    let recordName = PieceFile.destinationPrefix + randomName()
    let record = PieceFileRecord(name: name, place: .destination(destination), stamp: nil, held: BlockSet())
    let own = try folder.made()
    try hashes.open(in: own)
    try own.replace(recordName, with: record.bytes, .powerCut)
    do throws(DiskTrouble) {
      let descriptor = try target.newFile(destination.temporaryName, fileBytes: layout.fileBytes)
      let file = PieceFile(record.place, descriptor, recordName: recordName)
      state.withLock { $0.bodies.append(Body(file: file)) }
      return file
    } catch {
      try? own.remove(recordName)
      throw error
    }
  }

  /// Copies what other files here have and this one has not.
  fileprivate func absorb(into file: PieceFile) throws(DiskTrouble) {
    for run in absorbable(by: file) {
      for part in run.parts(of: 64 * ContentLayout.blocksPerPiece) {
        guard beginCopying(part, to: file) else { return }
        let result = copy(layout.bytes(of: part), to: file.descriptor)
        endCopying(part, to: file, isCopied: result == .read(layout.bytes(of: part).count))
        if case .trouble(let trouble) = result { throw trouble }
      }
    }
    shelf.mindUnsaved(self)
  }

  private func absorbable(by file: PieceFile) -> [BlockRange] {
    state.withLock { state in
      guard let index = state.index(of: file) else { return [] }
      return state.bodies[index].held.gaps(in: layout.allBlocks).flatMap { state.held.runs(in: $0) }
    }
  }

  private func beginCopying(_ blocks: BlockRange, to file: PieceFile) -> Bool {
    state.withLock { state in
      guard let index = state.index(of: file) else { return false }
      state.bodies[index].writesBegun += 1
      return true
    }
  }

  private func endCopying(_ blocks: BlockRange, to file: PieceFile, isCopied: Bool) {
    state.withLock { state in
      guard let index = state.index(of: file) else { return }
      state.bodies[index].writesEnded += 1
      guard isCopied else { return }
      state.bodies[index].unsavedBytes += layout.bytes(of: blocks).count
      _ = state.gain(blocks, in: index, layout: layout)
    }
  }

  fileprivate func isWhole(_ file: PieceFile) -> Bool {
    state.withLock { state in
      state.index(of: file).map { state.bodies[$0].held.count == layout.blockCount } ?? false
    }
  }

  /// What was gathered in an earlier run is looked at before it is called whole.
  fileprivate func checkAll(of file: PieceFile) -> DiskTrouble? {
    let unchecked = state.withLock { state -> [Source] in
      guard let index = state.index(of: file) else { return [] }
      let body = state.bodies[index]
      return body.checked.gaps(in: layout.allBlocks).map { state.source($0, in: body) }
    }
    for source in unchecked {
      if let trouble = check(source) { return trouble }
    }
    return nil
  }

  /// It lies in its place; who reads it goes on reading, by a descriptor that cannot write.
  fileprivate func becomeShared(
    _ file: PieceFile, at path: LocalPath, since checked: FileStamp
  ) throws(DiskTrouble) {
    let descriptor = try Descriptor(readingFileAt: path)
    let stamp = try descriptor.stamp()
    // The renaming has changed its inode, and nothing else should have.
    guard stamp.hasBytes(of: checked) else { throw .changed }
    try addShared(path, descriptor, stamp)
    forget(file)
  }

  /// What was written by somebody else is hashed again.
  fileprivate func noticeForeignWrites(to file: PieceFile) throws(DiskTrouble) {
    let source = state.withLock { state in
      state.index(of: file).map { state.source(layout.allBlocks, in: state.bodies[$0]) }
    }
    if let source { _ = try isUnchanged(source) }
  }

  fileprivate func forget(_ file: PieceFile) {
    guard let lost = remove(file) else { return }
    folder.removeFile(file.recordName)
    shelf.tell(self, lost.map { .lost($0, .unshared) })
  }
}

extension Descriptor {
  fileprivate func setAttributes(isExecutable: Bool, modified: Int64?) throws(DiskTrouble) {
    let mode = try status().st_mode & 0o777
    // Executable for those who may read it.
    if isExecutable { try orTrouble(fchmod(number, mode | (mode & 0o444) >> 2)) }
    guard let modified else { return }
    let (seconds, nanoseconds) = modified.quotientAndRemainder(dividingBy: 1_000_000_000)
    let isBefore1970 = nanoseconds < 0
    let time = timespec(
      tv_sec: Int(seconds) - (isBefore1970 ? 1 : 0),
      tv_nsec: Int(nanoseconds) + (isBefore1970 ? 1_000_000_000 : 0))
    try orTrouble(futimens(number, [time, time]))
  }
}

// Finding a content again after a restart: which files hold it, what their records claim, what lies in them
// beyond that. Nothing that is found is believed before it was hashed, or was seen to be as we left it.

internal import Glibc
internal import GroupModel
internal import Synchronization

extension StoredContent {
  /// What is on the disk of it; for a content of which nothing is, an empty one, and nothing is made.
  static func load(
    _ name: ContentName, on shelf: Shelf
  ) throws(DiskTrouble) -> (content: StoredContent, changes: [ContentChange]) {
    let objectFolder = ObjectFolder(of: name, in: shelf.objects)
    let hashes = KnownHashes(of: name)
    var loading = Loading(of: name)
    if let folder = try objectFolder.existing() { try loading.run(in: folder, hashes) }
    let content = StoredContent(
      name, on: shelf, state: loading.state, folder: objectFolder, hashes: hashes)
    return (content, loading.changes)
  }
}

private struct Loading {
  private let name: ContentName
  var state = StoredContent.State()
  var changes: [ContentChange] = []

  init(of name: ContentName) { self.name = name }

  /// Each is an open file.
  private static let placesMax = 64

  private var layout: ContentLayout { name.layout }

  mutating func run(in folder: Folder, _ hashes: KnownHashes) throws(DiskTrouble) {
    try hashes.open(in: folder)
    let names = try folder.names()
    state.isKept = names.contains(ObjectFolder.keptName)
    if names.contains(PieceFile.cacheName) { try loadCache(in: folder) }
    for recordName in names.filter({ $0.hasPrefix(PieceFile.inPlacePrefix) }).prefix(Self.placesMax) {
      try loadShared(recordName, in: folder)
    }
    for recordName in names.filter({ $0.hasPrefix(PieceFile.destinationPrefix) }).prefix(Self.placesMax) {
      try loadDestination(recordName, in: folder)
    }
    for body in state.bodies { state.held.formUnion(body.held) }
    setPieces()
  }

  private func record(_ recordName: String, in folder: Folder) throws(DiskTrouble) -> PieceFileRecord? {
    let bytes = try folder.contents(of: recordName, bytesMax: PieceFileRecord.bytesMax(for: layout))
    return bytes.flatMap { PieceFileRecord($0, of: name) }
  }

  private mutating func loadCache(in folder: Folder) throws(DiskTrouble) {
    try folder.removeIfNoFile(PieceFile.cacheName)
    guard folder.has(PieceFile.cacheName) else { return }
    let data = try folder.file(PieceFile.cacheName, O_RDWR)
    let record = try record(PieceFile.cacheRecordName, in: folder)
    let file = PieceFile(.cache, data, recordName: PieceFile.cacheRecordName)
    try loadOwn(file, claims: record?.held ?? BlockSet())
    state.allocatedBytes = try data.allocatedBytes()
    let written = try data.status()
    let used = (try? folder.status(of: PieceFile.cacheRecordName)) ?? written
    state.uses = PieceUses(openedAfter: PieceUses.time(used.st_mtim))
  }

  private mutating func loadOwn(_ file: PieceFile, claims: BlockSet) throws(DiskTrouble) {
    if try file.descriptor.stamp().fileBytes != layout.fileBytes {
      try file.descriptor.resize(to: layout.fileBytes)
    }
    var body = StoredContent.Body(file: file)
    body.held = claims
    body.saved = claims
    body.doubtful = state.isKept ? allBeyond(claims) : bytesBeyond(claims, in: file.descriptor)
    body.stamp = try file.descriptor.stamp()
    state.bodies.append(body)
  }

  /// What was published from here has all its bytes here, and some of them may be zeros that were never written.
  private func allBeyond(_ claims: BlockSet) -> BlockSet {
    var beyond = BlockSet(allOf: layout)
    beyond.subtract(claims)
    return beyond
  }

  /// What lies in the file and is not claimed: written in the last moments before a crash, perhaps.
  private func bytesBeyond(_ claims: BlockSet, in descriptor: Descriptor) -> BlockSet {
    var beyond = BlockSet()
    guard claims.count < layout.blockCount else { return beyond }
    var offset = 0
    while offset < layout.fileBytes, let data = descriptor.nextData(from: offset) {
      if let blocks = layout.blocks(touching: data) { beyond.insert(blocks) }
      offset = data.upperBound
    }
    beyond.subtract(claims)
    return beyond
  }

  private mutating func loadShared(_ recordName: String, in folder: Folder) throws(DiskTrouble) {
    guard let record = try record(recordName, in: folder), case .inPlace(let path) = record.place,
      let stamp = record.stamp
    else { return try folder.remove(recordName) }
    switch openShared(path, as: stamp) {
    case .success(let descriptor):
      var body = StoredContent.Body(file: PieceFile(record.place, descriptor, recordName: recordName))
      body.held = BlockSet(allOf: layout)
      body.stamp = try descriptor.stamp()
      state.bodies.append(body)
    case .failure(let end):
      try folder.remove(recordName)
      changes.append(.shareEnded(path, end.why))
    }
  }

  private struct Ended: Error { let why: ContentChange.ShareEnd }

  private func openShared(_ path: LocalPath, as stamp: FileStamp) -> Result<Descriptor, Ended> {
    if let end = StoredContent.whatBecame(of: path, once: stamp) { return .failure(Ended(why: end)) }
    return Result { () throws(Ended) in
      do throws(DiskTrouble) {
        let descriptor = try Descriptor(readingFileAt: path)
        guard try descriptor.stamp().hasBytes(of: stamp) else { throw DiskTrouble.changed }
        return descriptor
      } catch {
        throw Ended(why: error == .changed ? .modified : .unreadable(error))
      }
    }
  }

  private mutating func loadDestination(_ recordName: String, in folder: Folder) throws(DiskTrouble) {
    guard let record = try record(recordName, in: folder), case .destination(let destination) = record.place
    else { return try folder.remove(recordName) }
    do throws(DiskTrouble) {
      let descriptor = try Folder(at: destination.path.folder).file(destination.temporaryName, O_RDWR)
      try loadOwn(PieceFile(record.place, descriptor, recordName: recordName), claims: record.held)
    } catch .missing, .notDirectory, .notAFile {
      try folder.remove(recordName)
    } catch {
      // A disk that is away may come back; the rest of the content does not wait for it.
      return
    }
  }

  private mutating func setPieces() {
    if state.held.count == layout.blockCount { return state.pieces = PieceSet(allOf: layout) }
    var next = 0
    while let run = state.held.firstRun(from: next, before: layout.blockCount) {
      for piece in run.pieces where state.held.contains(layout.blocks(ofPiece: Int(piece))) {
        state.pieces.insert(piece)
      }
      next = run.end
    }
  }
}

extension Descriptor {
  /// A file of the user's: a regular one, or trouble.
  convenience init(readingFileAt path: LocalPath) throws(DiskTrouble) {
    let number = path.withCString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    try orTrouble(number)
    self.init(takingOwnership: number)
    switch try status().st_mode & S_IFMT {
    case S_IFREG: return
    case S_IFDIR: throw .isDirectory
    default: throw .notAFile
    }
  }
}

// One content as it lies here: which of its blocks, in which files, and what is known of its hashes. Reading,
// putting, checking, saving and evicting are in the files beside this one.

internal import Link
package import GroupModel
internal import Synchronization

/// What has become of a content, told after the fact: two tellings from two threads may arrive in either order,
/// so what holds is always asked of the content itself.
package enum ContentChange: Hashable, Sendable {
  /// Verified and readable from now on.
  case gained(BlockRange)
  case lost(BlockRange, Loss)
  /// A local file is no longer shared; its blocks were told as lost, unless they are here elsewhere too.
  case shareEnded(LocalPath, ShareEnd)
  /// The blocks that were doubtful after a crash have all been looked at.
  case settled

  package enum Loss: Hashable, Sendable {
    case evicted
    /// The file was found not to hold what it should.
    case damaged
    /// The local file that held them is no longer shared.
    case unshared
  }

  package enum ShareEnd: Hashable, Sendable {
    /// Its bytes or its size are no longer those that were shared.
    case modified
    /// Another file lies under its name.
    case replaced
    case removed
    case unreadable(DiskTrouble)
    /// Somebody asked for it.
    case stopped

    package var sentence: String {
      switch self {
      case .modified: "it was modified after it was shared"
      case .replaced: "another file has taken its place"
      case .removed: "it was removed or renamed"
      case .unreadable(let trouble): "it cannot be read: \(trouble.sentence)"
      case .stopped: "sharing was stopped"
      }
    }
  }
}

/// What lies here of one content. There is one object for a content while anybody has it: hold it to keep it open,
/// let it go to close it.
///
/// ## Concurrency model
/// For any thread. Hashing, reading and writing are done outside the lock; `state` only says what holds. A reader
/// asks the state, reads, and asks again whether what it was told still held: `losses` counts what was taken back.
/// Records are written, and holes punched, by one thread at a time, in `recordTurn`; who saves all takes `saveTurn`
/// first.
package final class StoredContent: Sendable {
  package let name: ContentName
  let shelf: Shelf
  let hashes: KnownHashes
  let folder: ObjectFolder
  let saveTurn = Turn()
  let recordTurn = Turn()
  let state: Mutex<State>

  init(
    _ name: ContentName, on shelf: Shelf, state: consuming State, folder: ObjectFolder, hashes: KnownHashes
  ) {
    self.name = name
    self.shelf = shelf
    self.folder = folder
    self.hashes = hashes
    self.state = Mutex(state)
  }

  package var layout: ContentLayout { name.layout }

  struct State: Sendable {
    var bodies: [Body] = []
    /// All that can be read, from whichever body.
    var held = BlockSet()
    /// The pieces that are held whole.
    var pieces = PieceSet()
    /// How often something was taken out of `held`, or out of what was checked.
    var losses: UInt64 = 0
    /// Runs that are being written now, and pieces that are being punched out: the two must not meet.
    var writing: [BlockRange] = []
    var punching: [BlockRange] = []
    var awaitingPunch: [Semaphore] = []
    /// When a piece in the cache was last used.
    var uses = PieceUses()
    /// What the cache's file takes on the disk.
    var allocatedBytes = 0
    /// Published from the cache by this member: never evicted.
    var isKept = false
    /// Handed out to those who read without asking: never evicted while they do.
    var pins = 0
  }

  /// One file that holds some of the content.
  struct Body: Sendable {
    let file: PieceFile
    /// On the disk, as far as is known.
    var held = BlockSet()
    /// Those of `held` whose bytes were seen to be right since the file was opened.
    var checked = BlockSet()
    /// Bytes are there, but nobody has said that they are right.
    var doubtful = BlockSet()
    /// The file as it was when nobody was writing to it.
    var stamp: FileStamp?
    /// Our own writes: as many as these when `stamp` was taken.
    var writesAtStamp = 0
    var writesBegun = 0
    var writesEnded = 0
    /// What the record on the disk claims.
    var saved = BlockSet()
    /// Written since the record was last saved.
    var unsavedBytes = 0
    /// Written since the kernel was last asked to bring what it has to the disk.
    var unbegunBytes = 0
    var isRecordStale = false
    /// The device has lost writes that it had taken: what it now says of this file is worth nothing.
    var isSyncBroken = false
  }
}

// What is here.
extension StoredContent {
  /// The blocks that can be read now: verified, or of a file whose record says so and which is verified when read.
  package var held: BlockSet { state.withLock { $0.held } }

  package var heldBlockCount: Int { state.withLock { $0.held.count } }

  package var isWhole: Bool { heldBlockCount == layout.blockCount }

  /// The pieces that are here whole, for announcements.
  package var pieces: PieceSet { state.withLock { $0.pieces } }

  package func holds(_ blocks: BlockRange) -> Bool { state.withLock { $0.held.contains(blocks) } }

  /// What must be fetched: all that is not here, without what may turn out to be here as soon as it was looked at.
  package func missing(in blocks: BlockRange) -> [BlockRange] {
    let (gaps, doubtful) = state.withLock { ($0.held.gaps(in: blocks), $0.doubtful(in: blocks)) }
    guard !doubtful.isEmpty else { return gaps }
    var decidable = BlockSet()
    for run in doubtful {
      for block in run.indices where hashes.knows(block) {
        if let block = BlockRange(block..<block + 1) { decidable.insert(block) }
      }
    }
    return gaps.flatMap { decidable.gaps(in: $0) }
  }

  /// Whether there are bytes here of which nobody knows yet if they are right, as after a crash. They are looked at
  /// in the background, and at once when they are read.
  package var hasDoubts: Bool { state.withLock { $0.bodies.contains { !$0.doubtful.isEmpty } } }

  /// What the cache's file takes on the disk.
  package var cachedBytes: Int { state.withLock { $0.allocatedBytes } }

  /// The local files that this content is shared from.
  package var sharedPaths: [LocalPath] {
    state.withLock { state in
      state.bodies.compactMap { if case .inPlace(let path) = $0.file.place { path } else { nil } }
    }
  }
}

extension StoredContent.State {
  /// Nothing of it lies anywhere, nor might.
  var isEmpty: Bool {
    bodies.allSatisfy { $0.file.isCache && $0.held.isEmpty && $0.doubtful.isEmpty }
  }

  func doubtful(in blocks: BlockRange) -> [BlockRange] {
    bodies.flatMap { $0.doubtful.runs(in: blocks) }
  }

  func index(of file: PieceFile) -> Int? { bodies.firstIndex { $0.file === file } }

  /// Adds to what a body holds, and says what is new to the content.
  mutating func gain(_ blocks: BlockRange, in index: Int, layout: ContentLayout) -> [BlockRange] {
    bodies[index].held.insert(blocks)
    bodies[index].checked.insert(blocks)
    bodies[index].doubtful.remove(blocks)
    let gained = held.gaps(in: blocks)
    held.insert(blocks)
    if !gained.isEmpty { updatePieces(touching: blocks, layout: layout) }
    return gained
  }

  /// Takes back what a body was said to hold, and says what the content no longer has.
  mutating func lose(_ blocks: BlockRange, in index: Int, layout: ContentLayout) -> [BlockRange] {
    losses += 1
    bodies[index].held.remove(blocks)
    bodies[index].checked.remove(blocks)
    return withdraw(blocks, layout: layout)
  }

  /// After a body has changed or gone.
  mutating func withdraw(_ blocks: BlockRange, layout: ContentLayout) -> [BlockRange] {
    let before = held.runs(in: blocks)
    held.remove(blocks)
    for body in bodies { for run in body.held.runs(in: blocks) { held.insert(run) } }
    updatePieces(touching: blocks, layout: layout)
    return before.flatMap { held.gaps(in: $0) }
  }

  private mutating func updatePieces(touching blocks: BlockRange, layout: ContentLayout) {
    if held.count == layout.blockCount { return pieces = PieceSet(allOf: layout) }
    for piece in blocks.pieces {
      if held.contains(layout.blocks(ofPiece: Int(piece))) {
        pieces.insert(piece)
      } else {
        pieces.remove(piece..<piece + 1)
      }
    }
  }
}

/// Lets one thread at a time do something slow, and the others wait for it.
package final class Turn: Sendable {
  private let semaphore = Semaphore()

  package init() { semaphore.signal() }

  package func take<Result: ~Copyable, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    semaphore.wait()
    defer { semaphore.signal() }
    return try body()
  }
}

// A file that is being written: sparse, hashed as it is written, over the content that it began as, and moved
// into the cache without a copy when it is done. How it is read and changed; what it ends as is in `Draft+Ending`.

internal import Glibc
package import GroupModel
internal import Synchronization

package enum DraftResult: Hashable, Sendable {
  case done
  /// These blocks of the base must be here first: fetch them and ask again. Nothing has changed.
  case needsBase(BlockRange)
  case trouble(DiskTrouble)
}

/// Blocks that were not written are the base's, as far as it reaches; beyond it they are zeros.
///
/// ## Concurrency model
/// For any thread. Changes are made one at a time, the hashing and the writing under the lock, because the order
/// of the two must be the same for all: what waits is only who changes the same file. Reading takes the lock only
/// to see where the bytes are.
package final class Draft: Sendable {
  struct State: Sendable {
    var leaves = DraftLeaves()
    var fileBytes = 0
    /// Blocks whose bytes are in the draft's own file.
    var own = BlockSet()
    /// How far the base shows through; it never grows.
    var baseBytes = 0
    /// All of it is waited for, to end over it.
    var awaited: AwaitedPieces?
    var isEnded = false
    var isChanged = false
    /// Of which the kernel was not yet asked to begin writing.
    var unbegunBytes = 0
  }

  package let base: StoredContent?
  /// What it is for, in the user's words; told if it is found after a crash.
  package let label: [UInt8]
  let shelf: Shelf
  let folder: Folder
  let name: DraftName
  let file: Descriptor
  let state: Mutex<State>

  init(
    _ name: DraftName, in folder: Folder, on shelf: Shelf, over base: StoredContent?, label: [UInt8]
  ) throws(DiskTrouble) {
    self.name = name
    self.folder = folder
    self.shelf = shelf
    self.base = base
    self.label = label
    var state = State()
    state.baseBytes = base?.layout.fileBytes ?? 0
    state.fileBytes = state.baseBytes
    try DraftRecord(label: label, base: base?.name, baseBytes: state.baseBytes).write(as: name, in: folder)
    file = try folder.file(name.data, O_RDWR | O_CREAT | O_EXCL)
    try file.resize(to: state.fileBytes)
    self.state = Mutex(state)
  }

  package var fileBytes: Int { state.withLock { $0.fileBytes } }

  /// Whether something that was to be done with it has been done.
  package var isChanged: Bool { state.withLock { $0.isChanged } }

  package var allocatedBytes: Int { (try? file.allocatedBytes()) ?? 0 }
}

// Changing.
extension Draft {
  package func write(_ bytes: RawSpan, at offset: Int) -> DraftResult {
    guard bytes.byteCount > 0 else { return .done }
    guard offset >= 0, offset <= ContentLayout.fileBytesMax - bytes.byteCount else {
      return .trouble(.tooLarge)
    }
    // The lock's closure cannot take a span along.
    return bytes.withUnsafeBytes { buffer in
      nonisolated(unsafe) let buffer = buffer
      return change { (state) throws(DraftStop) in try write(buffer, at: offset, &state) }
    }
  }

  /// Cuts, or adds zeros.
  package func truncate(to fileBytes: Int) -> DraftResult {
    guard (0...ContentLayout.fileBytesMax).contains(fileBytes) else { return .trouble(.tooLarge) }
    return change { (state) throws(DraftStop) in try resize(to: fileBytes, &state) }
  }

  /// Makes zeros of bytes within the file.
  package func punch(_ bytes: Range<Int>) -> DraftResult {
    change { (state) throws(DraftStop) in
      let inside = bytes.clamped(to: 0..<state.fileBytes)
      let overBase = inside.clamped(to: 0..<state.baseBytes)
      // A hole over the base would let it show through, after a crash at least.
      if !overBase.isEmpty { try zero(overBase, &state) }
      let beyond = inside.clamped(to: state.baseBytes..<max(state.baseBytes, state.fileBytes))
      if !beyond.isEmpty { try punchBeyondBase(beyond, &state) }
    }
  }

  /// Takes the room on the disk now, so that later writes there do not fail for want of it.
  package func allocate(_ bytes: Range<Int>, keepingSize: Bool) -> DraftResult {
    guard !bytes.isEmpty, bytes.upperBound <= ContentLayout.fileBytesMax else { return .trouble(.tooLarge) }
    return change { (state) throws(DraftStop) in
      try troubled { () throws(DiskTrouble) in
        try shelf.makingRoom(forDraftOf: bytes.count) { () throws(DiskTrouble) in
          try file.allocate(bytes, keepingSize: true)
        }
      }
      state.isChanged = true
      if !keepingSize, bytes.upperBound > state.fileBytes { try resize(to: bytes.upperBound, &state) }
    }
  }

  /// What was written is on the disk when this returns, and is found after a power cut.
  package func sync() throws(DiskTrouble) {
    try file.sync()
    try folder.sync()
  }

  /// Why a change was not made.
  enum DraftStop: Error {
    case needsBase(BlockRange)
    case trouble(DiskTrouble)

    init(_ result: ReadResult) {
      switch result {
      case .read: self = .trouble(.damaged)
      case .missing(let blocks): self = .needsBase(blocks)
      case .trouble(let trouble): self = .trouble(trouble)
      }
    }

    var result: DraftResult {
      switch self {
      case .needsBase(let blocks): .needsBase(blocks)
      case .trouble(let trouble): .trouble(trouble)
      }
    }
  }

  private func change(_ body: (inout sending State) throws(DraftStop) -> Void) -> DraftResult {
    state.withLock { state in
      guard !state.isEnded else { return .trouble(.cancelled) }
      do throws(DraftStop) {
        try body(&state)
        return .done
      } catch {
        return error.result
      }
    }
  }

  private func write(
    _ buffer: UnsafeRawBufferPointer, at offset: Int, _ state: inout State
  ) throws(DraftStop) {
    let range = offset..<offset + buffer.count
    try makeOwn(edgesOf: range, &state)
    do throws(DiskTrouble) {
      try shelf.makingRoom(forDraftOf: buffer.count) { () throws(DiskTrouble) in
        try file.write(buffer, at: offset)
      }
    } catch {
      undo(writing: range, &state)
      throw .trouble(error)
    }
    state.leaves.write(buffer.bytes, at: offset)
    state.own.insert(blocks(touching: range))
    state.fileBytes = max(state.fileBytes, range.upperBound)
    state.isChanged = true
    beginWriteback(upTo: range.upperBound, buffer.count, &state)
  }

  /// A part may have been written. Blocks that the draft had are read again when they are hashed; in those that
  /// it had not, the base shows as before, and beyond the base what was written is punched out.
  private func undo(writing range: Range<Int>, _ state: inout State) {
    try? file.resize(to: state.fileBytes)
    let inside = range.clamped(to: 0..<state.fileBytes)
    guard !inside.isEmpty else { return }
    for run in state.own.runs(in: blocks(touching: inside)) { state.leaves.forget(run) }
    for gap in state.own.gaps(in: blocks(touching: inside)) {
      let bytes = Self.bytes(of: gap).clamped(to: inside)
        .clamped(to: state.baseBytes..<max(state.baseBytes, inside.upperBound))
      if !bytes.isEmpty { try? file.punch(bytes) }
    }
  }

  private func beginWriteback(upTo end: Int, _ count: Int, _ state: inout State) {
    state.unbegunBytes += count
    guard state.unbegunBytes >= 16 << 20 else { return }
    file.beginWriteback(of: max(0, end - state.unbegunBytes)..<end)
    state.unbegunBytes = 0
  }

  private func resize(to fileBytes: Int, _ state: inout State) throws(DraftStop) {
    if fileBytes < state.baseBytes { try cutBase(to: fileBytes, &state) }
    try troubled { () throws(DiskTrouble) in try file.resize(to: fileBytes) }
    let first = (fileBytes + ContentLayout.blockBytes - 1) / ContentLayout.blockBytes
    if let beyond = BlockRange(first..<Self.blocksMax), fileBytes < state.fileBytes {
      state.own.remove(beyond)
    }
    state.leaves.truncate(toBytes: min(fileBytes, state.fileBytes))
    state.fileBytes = fileBytes
    state.isChanged = true
  }

  private static let blocksMax = ContentLayout.fileBytesMax / ContentLayout.blockBytes

  /// The block that is cut through becomes the draft's own; the record says how far the base still shows.
  private func cutBase(to fileBytes: Int, _ state: inout State) throws(DraftStop) {
    let start = fileBytes / ContentLayout.blockBytes * ContentLayout.blockBytes
    if start < fileBytes { try makeOwn(start / ContentLayout.blockBytes, &state) }
    let record = DraftRecord(label: label, base: base?.name, baseBytes: start)
    try troubled { () throws(DiskTrouble) in try record.write(as: name, in: folder) }
    state.baseBytes = start
    state.isChanged = true
  }

  private func zero(_ bytes: Range<Int>, _ state: inout State) throws(DraftStop) {
    let zeros = [UInt8](repeating: 0, count: ContentLayout.pieceBytes)
    var next = bytes.lowerBound
    while next < bytes.upperBound {
      let count = min(zeros.count, bytes.upperBound - next)
      let stop = zeros.withUnsafeBytes { buffer -> DraftStop? in
        do throws(DraftStop) {
          try write(UnsafeRawBufferPointer(rebasing: buffer[..<count]), at: next, &state)
          return nil
        } catch {
          return error
        }
      }
      if let stop { throw stop }
      next += count
    }
  }

  private func punchBeyondBase(_ bytes: Range<Int>, _ state: inout State) throws(DraftStop) {
    try makeOwn(edgesOf: bytes, &state)
    try troubled { () throws(DiskTrouble) in try file.punch(bytes) }
    state.isChanged = true
    state.leaves.forget(blocks(touching: bytes))
    state.own.insert(blocks(touching: bytes))
  }

  func troubled(_ body: () throws(DiskTrouble) -> Void) throws(DraftStop) {
    do throws(DiskTrouble) { try body() } catch { throw .trouble(error) }
  }

  func blocks(touching bytes: Range<Int>) -> BlockRange {
    let start = bytes.lowerBound / ContentLayout.blockBytes
    let end = (bytes.upperBound - 1) / ContentLayout.blockBytes + 1
    guard let blocks = BlockRange(start..<end) else { preconditionFailure("bytes beyond any file's end") }
    return blocks
  }
}

// The base.
extension Draft {
  /// Before a part of a block is written, the rest of it is brought in from the base.
  private func makeOwn(edgesOf bytes: Range<Int>, _ state: inout State) throws(DraftStop) {
    let blocks = blocks(touching: bytes)
    for block in Set([blocks.start, blocks.end - 1]) {
      let shown = Self.bytes(of: block).clamped(to: 0..<state.baseBytes)
      let isCovered = bytes.lowerBound <= shown.lowerBound && shown.upperBound <= bytes.upperBound
      if !isCovered { try makeOwn(block, &state) }
    }
  }

  private func makeOwn(_ block: Int, _ state: inout State) throws(DraftStop) {
    let shown = Self.bytes(of: block).clamped(to: 0..<state.baseBytes)
    guard let base, !shown.isEmpty, !state.own.contains(block) else { return }
    let result = base.copy(shown, to: file)
    guard result == .read(shown.count) else { throw DraftStop(result) }
    state.own.insert(blocks(touching: shown))
  }

  private static func bytes(of block: Int) -> Range<Int> {
    block * ContentLayout.blockBytes..<(block + 1) * ContentLayout.blockBytes
  }

  private static func bytes(of blocks: BlockRange) -> Range<Int> {
    bytes(of: blocks.start).lowerBound..<bytes(of: blocks.end - 1).upperBound
  }
}

// Reading.
extension Draft {
  /// `missing` names blocks of the base, which are to be fetched to `base`.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> ReadResult {
    precondition(offset >= 0, "a read before the draft's beginning")
    let end = min(fileBytes, offset + buffer.count)
    var next = offset
    while next < end {
      let run = run(from: next, to: end)
      let part = UnsafeMutableRawBufferPointer(
        rebasing: buffer[next - offset..<run.bytes.upperBound - offset])
      let result = read(part, run)
      guard result == .read(part.count) else { return result }
      next = run.bytes.upperBound
    }
    return .read(max(0, end - offset))
  }

  private enum Origin {
    case own, base, zeros
  }

  private func run(from start: Int, to end: Int) -> (origin: Origin, bytes: Range<Int>) {
    state.withLock { state in
      let block = start / ContentLayout.blockBytes
      let last = (end - 1) / ContentLayout.blockBytes + 1
      let runEnd = min(end, state.own.end(ofRunAt: block, before: last) * ContentLayout.blockBytes)
      if state.own.contains(block) { return (.own, start..<runEnd) }
      if start >= state.baseBytes { return (.zeros, start..<runEnd) }
      return (.base, start..<min(runEnd, state.baseBytes))
    }
  }

  private func read(
    _ buffer: UnsafeMutableRawBufferPointer, _ run: (origin: Origin, bytes: Range<Int>)
  ) -> ReadResult {
    switch run.origin {
    case .base:
      return base?.read(into: buffer, at: run.bytes.lowerBound) ?? .trouble(.damaged)
    case .zeros:
      buffer.initializeMemory(as: UInt8.self, repeating: 0)
      return .read(buffer.count)
    case .own:
      do throws(DiskTrouble) {
        let count = try file.read(into: buffer, at: run.bytes.lowerBound)
        // Somebody has cut it meanwhile: what is beyond its end is zeros.
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).initializeMemory(
          as: UInt8.self, repeating: 0)
        return .read(buffer.count)
      } catch {
        return .trouble(error)
      }
    }
  }
}

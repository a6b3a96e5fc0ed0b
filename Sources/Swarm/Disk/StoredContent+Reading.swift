// Reading what is here: into the caller's buffer, whole or not at all, and never a wrong byte that could be told.

internal import Glibc
package import GroupModel
internal import Synchronization

package enum ReadResult: Hashable, Sendable {
  /// So many bytes: all that were asked for, or as many as there are before the content's end.
  case read(Int)
  /// These blocks, the first of those asked for that are not here, must be fetched.
  case missing(BlockRange)
  case trouble(DiskTrouble)
}

extension StoredContent {
  /// What was not yet seen to be right since its file was opened is hashed first. What proves to be damaged is
  /// no longer held from then on, is told to the observer, and is `missing` here.
  package func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> ReadResult {
    precondition(offset >= 0, "a read before the content's beginning")
    return transfer(offset..<offset + buffer.count) { (file, bytes) throws(DiskTrouble) in
      let part = UnsafeMutableRawBufferPointer(
        rebasing: buffer[bytes.lowerBound - offset..<bytes.upperBound - offset])
      return try file.read(into: part, at: bytes.lowerBound)
    }
  }

  /// The same into another file at the same offsets, inside the kernel.
  func copy(_ bytes: Range<Int>, to other: Descriptor) -> ReadResult {
    transfer(bytes) { (file, bytes) throws(DiskTrouble) in
      try file.copy(bytes, to: other, at: bytes.lowerBound)
      return bytes.count
    }
  }

  private typealias Take = (Descriptor, Range<Int>) throws(DiskTrouble) -> Int

  private func transfer(_ bytes: Range<Int>, _ take: Take) -> ReadResult {
    let end = min(layout.fileBytes, bytes.upperBound)
    var next = bytes.lowerBound
    while next < end {
      switch transferRun(next..<end, take) {
      case .read(let count): next += count
      case let other: return other
      }
    }
    return .read(max(0, end - bytes.lowerBound))
  }

  /// From one body, as far as it goes.
  private func transferRun(_ bytes: Range<Int>, _ take: Take) -> ReadResult {
    while true {
      switch plan(for: bytes) {
      case .missing(let blocks):
        return .missing(blocks)
      case .check(let source):
        if let trouble = check(source) { return .trouble(trouble) }
        if isStillUnknown(source) { return .missing(source.blocks) }
      case .read(let source):
        let part = bytes.clamped(to: layout.bytes(of: source.blocks))
        if let result = transfer(part, from: source, take) { return result }
      }
    }
  }

  /// nil when the body has changed under our hands, and everything must be asked again.
  private func transfer(_ bytes: Range<Int>, from source: Source, _ take: Take) -> ReadResult? {
    do throws(DiskTrouble) {
      let count = try take(source.file.descriptor, bytes)
      let isGood = try isUnchanged(source)
      guard isGood else { return nil }
      // A file that was cut has another stamp, so this is what no stamp shows: a disk that reads short.
      guard count == bytes.count else { throw .damaged }
      return .read(count)
    } catch {
      return dropIfInPlace(source.file, after: error) ? nil : .trouble(error)
    }
  }

  /// Where a run of blocks may be read, and what held when that was said.
  struct Source {
    let file: PieceFile
    let blocks: BlockRange
    let losses: UInt64
    let writesBegun: Int
  }

  fileprivate enum Plan {
    case missing(BlockRange)
    case check(Source)
    case read(Source)
  }

  private func plan(for bytes: Range<Int>) -> Plan {
    let now = PieceUses.now
    guard let blocks = layout.blocks(touching: bytes) else { preconditionFailure("a read of nothing") }
    return state.withLock { state in
      if let plan = state.planToRead(blocks, now: now) { return plan }
      if let plan = state.planToSettle(blocks) { return plan }
      let end = state.held.end(ofRunAt: blocks.start, before: blocks.end)
      return .missing(BlockRange(blocks.start..<end) ?? blocks)
    }
  }

  /// Whether the check has left the first block as doubtful as it was, because its hash is not known here.
  private func isStillUnknown(_ source: Source) -> Bool {
    let isDoubtful = state.withLock { state in
      !state.held.contains(source.blocks.start)
        && state.bodies.contains { $0.doubtful.contains(source.blocks.start) }
    }
    return isDoubtful && !hashes.knows(source.blocks.start)
  }
}

extension StoredContent.State {
  fileprivate mutating func planToRead(_ blocks: BlockRange, now: UseTime) -> StoredContent.Plan? {
    guard let body = bodies.first(where: { $0.held.contains(blocks.start) }) else { return nil }
    let isChecked = body.checked.contains(blocks.start)
    var end = body.held.end(ofRunAt: blocks.start, before: blocks.end)
    end = body.checked.end(ofRunAt: blocks.start, before: end)
    guard let run = BlockRange(blocks.start..<end) else { return nil }
    if body.file.isCache { uses.touch(run.pieces, now) }
    let source = source(run, in: body)
    return isChecked ? .read(source) : .check(source)
  }

  fileprivate func planToSettle(_ blocks: BlockRange) -> StoredContent.Plan? {
    guard let body = bodies.first(where: { $0.doubtful.contains(blocks.start) }) else { return nil }
    let end = body.doubtful.end(ofRunAt: blocks.start, before: blocks.end)
    return BlockRange(blocks.start..<end).map { .check(source($0, in: body)) }
  }

  func source(_ blocks: BlockRange, in body: StoredContent.Body) -> StoredContent.Source {
    StoredContent.Source(
      file: body.file, blocks: blocks, losses: losses, writesBegun: body.writesBegun)
  }
}

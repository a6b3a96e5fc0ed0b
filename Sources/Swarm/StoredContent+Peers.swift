// What lies on this disk, as the peers' side of the room asks for it.

package import GroupModel
internal import Glibc

extension StoredContent: ContentStoring {
  package func heldRuns() -> BlockRuns {
    var runs = BlockRuns()
    for run in held.runs(in: layout.allBlocks) { runs.insert(run.indices) }
    return runs
  }

  package func read(_ blocks: BlockRange, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
    let bytes = layout.bytes(of: blocks)
    let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<bytes.count])
    return read(into: part, at: bytes.lowerBound) == .read(bytes.count)
  }

  package func put(_ blocks: BlockRange, _ bytes: UnsafeRawBufferPointer) -> PutOutcome {
    switch put(blocks, bytes.bytes, for: .demand) {
    case .kept: .kept
    case .forged: .forged
    case .unknownHash: .unknown
    case .trouble(let trouble): .failed(errno: trouble.errno)
    }
  }

  package func hashList(of node: Subtree, base: Int, uncleCount: Int) -> HashList? {
    hashList(of: node, base: base, uncleCount: Optional(uncleCount))
  }
}

extension DiskTrouble {
  /// As the system would have said it.
  package var errno: Int32 {
    switch self {
    case .full: ENOSPC
    case .notPermitted: EACCES
    case .missing: ENOENT
    case .exists: EEXIST
    case .isDirectory: EISDIR
    case .notAFile: EINVAL
    case .nameTooLong: ENAMETOOLONG
    case .tooLarge: EFBIG
    case .tooManyOpen: EMFILE
    case .changed: ESTALE
    case .cancelled: EINTR
    case .inUse: EBUSY
    case .damaged: EIO
    case .failed(let number): number
    }
  }
}

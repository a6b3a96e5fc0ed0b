// When the hashes were lost but the bytes were not: a file that may hold the whole content is read, and if its
// root is the content's, nothing was lost at all. For what only this member has, nobody else could tell the hashes.

internal import GroupModel
internal import Synchronization

extension StoredContent {
  /// Some file may hold everything, and not all hashes are known.
  var mayKnowMore: Bool { perhapsWhole() != nil && !hashes.knowsAllLeaves }

  func relearn() {
    guard mayKnowMore, let source = perhapsWhole(), let tree = try? tree(over: source.file),
      tree.root == name.root
    else { return }
    do throws(DiskTrouble) {
      // A file that changed meanwhile has lost its blocks by this, and they stay lost.
      guard try isUnchanged(source) else { return }
      try learnAll(of: tree)
    } catch {
      return
    }
    let gained = state.withLock { state -> [BlockRange] in
      guard state.losses == source.losses, let index = state.index(of: source.file) else { return [] }
      state.bodies[index].isRecordStale = true
      return state.gain(layout.allBlocks, in: index, layout: layout)
    }
    shelf.tell(self, gained.map { .gained($0) })
    shelf.mindUnsaved(self)
  }

  private func perhapsWhole() -> Source? {
    state.withLock { state in
      let whole = state.bodies.first { body in
        body.doubtful.count + body.held.count == layout.blockCount
      }
      return whole.map { state.source(layout.allBlocks, in: $0) }
    }
  }

  private func tree(over file: PieceFile) throws(DiskTrouble) -> MerkleTree? {
    let scratch = Scratch()
    var builder = MerkleBuilder()
    for piece in 0..<layout.pieceCount {
      let bytes = layout.bytes(ofPiece: piece)
      let part = UnsafeMutableRawBufferPointer(rebasing: scratch.bytes[..<bytes.count])
      guard try file.descriptor.read(into: part, at: bytes.lowerBound) == bytes.count, !shelf.isStopping
      else {
        return nil
      }
      builder.append(UnsafeRawBufferPointer(part).bytes)
    }
    return builder.finish()
  }
}

// What is here of contents that nobody has open, without opening them.

internal import GroupModel
internal import Link
internal import Synchronization

extension PieceStore {
  /// How many bytes of a content are on this disk; of one that is not open, as its file takes room.
  package func heldBytes(of name: ContentName) -> Int {
    let (open, closed) = shelf.state.withLock { ($0.open[name], $0.closed[name]?.bytes) }
    if let open { return min(open.heldBlockCount * ContentLayout.blockBytes, name.fileBytes) }
    return min(closed ?? 0, name.fileBytes)
  }

  /// Whether all of it can be read here. Of one that is not open its file's room tells, which may not be counted yet;
  /// where that is less than all, the content is opened to see.
  package func isWhole(_ name: ContentName) -> Bool {
    let (open, closed) = shelf.state.withLock { ($0.open[name], $0.closed[name]?.bytes) }
    if let open { return open.isWhole }
    let bytes = closed ?? shelf.bytesOnDisk(of: name)
    if bytes >= name.fileBytes { return true }
    return bytes > 0 && (try? content(name))?.isWhole ?? false
  }

  /// The contents of which something is in the cache; counted in the background at the start.
  package var names: [ContentName] {
    shelf.state.withLock { Array($0.open.keys) + Array($0.closed.keys) }
  }

  /// Those that are never evicted.
  package var keptNames: [ContentName] {
    shelf.state.withLock { state in
      state.open.filter(\.value.isKept).map(\.key) + state.closed.filter(\.value.isKept).map(\.key)
    }
  }

  /// Until it is known what there is; false when the store was closed before. Takes as long as a large cache is listed.
  package func waitUntilCounted() -> Bool {
    shelf.counted.wait()
    shelf.counted.signal()
    return !shelf.isStopping
  }
}

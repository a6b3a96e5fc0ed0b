// A whole content in the cache, for those who read it without asking us, as the kernel does with passthrough. It
// is neither evicted nor punched while this lives.

internal import GroupModel
internal import Synchronization

package final class WholeFile: Sendable {
  package let content: StoredContent
  private let file: PieceFile

  /// For reading only by whoever has it; closed by its owner.
  package var descriptor: Int32 { file.descriptor.number }

  fileprivate init(_ content: StoredContent, _ file: PieceFile) {
    self.content = content
    self.file = file
  }

  deinit { content.state.withLock { $0.pins -= 1 } }
}

extension StoredContent {
  /// nil unless all of it is in the cache, was seen to be right, and has not been touched since. Of a file shared
  /// in place it is nil always: its owner may write to it at any moment.
  package func wholeFile() -> WholeFile? {
    guard let source = pinWhole() else { return nil }
    let whole = WholeFile(self, source.file)
    return (try? isUnchanged(source)) == true ? whole : nil
  }

  private func pinWhole() -> Source? {
    state.withLock { state in
      guard let body = state.bodies.first(where: \.file.isCache), body.checked.count == layout.blockCount
      else {
        return nil
      }
      state.pins += 1
      return state.source(layout.allBlocks, in: body)
    }
  }

  /// Looks at all of it that was not yet seen to be right, for one who wants the whole file.
  package func checkWhole() -> DiskTrouble? {
    for source in uncheckedInCache() {
      if let trouble = check(source) { return trouble }
    }
    return nil
  }

  private func uncheckedInCache() -> [Source] {
    state.withLock { state in
      guard let body = state.bodies.first(where: \.file.isCache) else { return [] }
      return body.checked.gaps(in: layout.allBlocks).flatMap { body.held.runs(in: $0) }
        .map { state.source($0, in: body) }
    }
  }
}

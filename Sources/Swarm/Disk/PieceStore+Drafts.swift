// Beginning drafts, and finding those that a crash has left.

internal import Glibc
internal import GroupModel
internal import Synchronization

extension PieceStore {
  /// Over `base` if it is to begin as that content's bytes; `label` is told if it is found after a crash.
  package func draft(over base: StoredContent? = nil, label: [UInt8] = []) throws(DiskTrouble) -> Draft {
    try shelf.makingRoom(forDraftOf: 0) { () throws(DiskTrouble) in
      try Draft(.fresh, in: drafts, on: shelf, over: base, label: label)
    }
  }

  /// Drafts whose writer was gone before he had finished, found when the store was opened.
  package var abandonedDrafts: [AbandonedDraft] { abandoned.withLock { $0 } }

  /// Moves one to where its user finds it. What was never written to it is taken from the content that it was
  /// based on, as far as that is here.
  package func recover(_ draft: AbandonedDraft, to path: LocalPath) throws(DiskTrouble) {
    let target = try Folder(at: path.folder)
    let file = try drafts.file(draft.name.data, O_RDWR)
    if let base = draft.record?.base, let baseBytes = draft.record?.baseBytes {
      try fill(file, from: base, upTo: baseBytes)
    }
    try file.sync()
    try drafts.renameToNew(Array(draft.name.data.utf8), to: path.name, in: target)
    try drafts.remove(draft.name.record)
    try target.sync()
    abandoned.withLock { $0.removeAll { $0.name == draft.name } }
  }

  private func fill(_ file: Descriptor, from base: ContentName, upTo baseBytes: Int) throws(DiskTrouble) {
    let content = try shelf.content(base)
    guard let layout = ContentLayout(fileBytes: baseBytes) else { return }
    var written = BlockSet()
    var offset = 0
    while let data = file.nextData(from: offset) {
      if let blocks = layout.blocks(touching: data) { written.insert(blocks) }
      offset = data.upperBound
    }
    for run in written.gaps(in: layout.allBlocks) {
      // What is not here stays a hole.
      for block in run.indices { _ = content.copy(layout.bytes(ofBlock: block), to: file) }
    }
  }

  static func findAbandoned(in drafts: Folder) throws(DiskTrouble) -> [AbandonedDraft] {
    try removeUnwanted(in: drafts)
    var found: [AbandonedDraft] = []
    let names = try drafts.names()
    for name in names.compactMap({ DraftName(data: $0) }) {
      guard let status = try? drafts.status(of: name.data), status.st_mode & S_IFMT == S_IFREG else {
        continue
      }
      found.append(
        AbandonedDraft(name, try DraftRecord(of: name, in: drafts), fileBytes: Int(status.st_size)))
    }
    // A record without its file, as between the two at a draft's beginning or end.
    for name in names where name.hasSuffix(".draft") && !names.contains(name.dropLast(6) + ".data") {
      try drafts.remove(name)
    }
    return found.sorted { $0.name.stem < $1.name.stem }
  }

  /// The mark last, so that a crash in between leaves nothing that looks wanted.
  private static func removeUnwanted(in drafts: Folder) throws(DiskTrouble) {
    for name in try drafts.names().compactMap({ DraftName(mark: $0) }) {
      try drafts.remove(name.data)
      try drafts.remove(name.record)
      try drafts.remove(name.mark)
    }
  }
}

/// A draft that a crash has left.
package struct AbandonedDraft: Sendable {
  package let fileBytes: Int
  let name: DraftName
  let record: DraftRecord?

  init(_ name: DraftName, _ record: DraftRecord?, fileBytes: Int) {
    self.name = name
    self.record = record
    self.fileBytes = fileBytes
  }

  /// As it was given; empty when its record is lost.
  package var label: [UInt8] { record?.label ?? [] }
}

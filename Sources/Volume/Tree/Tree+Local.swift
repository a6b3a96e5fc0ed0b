// What stays on this machine, and what outlives the program: editors' debris, what is pending, drafts that a crash has
// left.

internal import Glibc
internal import GroupModel
internal import Swarm
internal import Synchronization

extension Tree {
  /// Closed under a name that is never published: in the cache, and in a journal that nobody is told of.
  func keepLocal(_ file: TreeFile, at node: Node, _ path: FilePath) throws(TreeError) {
    forgetLocal(node, file)
    let name = try groupName(file.group)
    let (content, modified, pending) = file.state.withLock { ($0.content, $0.modified, $0.pending) }
    if let pending { withdraw(pending) }
    let row = PendingPublish(
      Proposal(.publish(path, .file(content), modified: modified, over: nil), in: name), in: file.group,
      as: Self.localRequest(path, file.group))
    do throws(DiskTrouble) { try publisher.locals.append(row) } catch { throw TreeError(error) }
    file.state.withLock { state in
      state.isLocalOnly = true
      state.isDirty = false
      state.pending = nil
    }
    table.withLock { $0.setLocal(node, true) }
  }

  /// A row a path.
  private static func localRequest(_ path: FilePath, _ group: GroupID) -> RequestID {
    var writer = WireWriter()
    writer.u64(group.number)
    writer.raw(path.bytes)
    return Digest(hashing: writer.bytes.span.bytes).withBytes { bytes in
      RequestID(
        instance: bytes.loadUnaligned(as: UInt64.self),
        sequence: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
  }

  /// Of what it is called now.
  func forgetLocal(_ node: Node, _ file: TreeFile) {
    guard let path = try? path(of: node) else { return }
    try? publisher.locals.remove(Self.localRequest(path, file.group))
  }
}

// At the start.
extension Tree {
  func restorePending() {
    // A crash may have come between the two journals.
    for row in publisher.withdrawn.pending { try? publisher.journal.remove(row.request) }
    // A directory may have been journaled anew, under another name, after what is in it.
    let rows = publisher.journal.pending
    let directories = rows.filter(\.isOfDirectory).sorted {
      ($0.path?.bytes.count ?? 0) < ($1.path?.bytes.count ?? 0)
    }
    for row in directories + rows.filter({ !$0.isOfDirectory }) { restore(row, isLocalOnly: false) }
    for row in publisher.locals.pending { restore(row, isLocalOnly: true) }
    if publisher.journal.wasDamaged || publisher.withdrawn.wasDamaged {
      volume.log("the journal of what is to be published was damaged: look whether your last files are there")
    }
  }

  private func restore(_ row: PendingPublish, isLocalOnly: Bool) {
    guard case .publish(let path, let kind, let modified, let over) = row.proposal.wish,
      let directory = directory(of: path, in: row.group)
    else { return volume.log("\(row.proposal.group): something pending has no place any more") }
    guard case .file(let content) = kind else {
      _ = insertPending(kind, modified, row.request, Array(path.name), in: directory, row.group)
      return
    }
    let stored = ContentName(content).flatMap { try? volume.store.content($0) }
    let entry = ((try? volume.book.entry(at: path, in: row.group)) ?? nil).flatMap {
      $0.version == over ? $0 : nil
    }
    var state = TreeFile.State(
      published: isLocalOnly ? nil : entry, content: content, modified: modified, inode: inodes.fresh())
    state.stored = stored
    state.isLocalOnly = isLocalOnly
    state.pending = isLocalOnly ? nil : row
    let file = TreeFile(in: row.group, state)
    if let stored, !isLocalOnly { volume.shareCached(stored, as: LedgerKey(row.group, path)) }
    table.withLock { table in
      let node = Node(table.freshNumber(), .file(file), in: row.group, inode: state.inode, modified: modified)
      table.insert(node, as: Array(path.name), in: directory)
      table.setLocal(node, true)
    }
  }

  func directory(of path: FilePath, in group: GroupID) -> Node? {
    guard let name = volume.book.groups[group], let root = try? node(.root),
      var node = try? child(Array(name.description.utf8), of: root, counting: false)
    else { return nil }
    for part in path.parent?.bytes.split(separator: UInt8(ascii: "/")) ?? [] {
      guard let next = try? child(Array(part), of: node, counting: false), next.isDirectory else {
        return nil
      }
      node = next
    }
    return node
  }

  /// Written to, and never closed as far as this program knows: kept, not published.
  func recoverDrafts() {
    for draft in volume.store.abandonedDrafts {
      guard draft.fileBytes > 0 else { continue }
      let label = draft.label.isEmpty ? Array("draft".utf8) : draft.label
      guard let place = recoveryPlace(for: label) else { continue }
      do throws(DiskTrouble) {
        try volume.store.recover(draft, to: place)
        volume.log(
          "\(Printable.escaped(label)) was being written when p2pfs ended: what there is of it is \(place)")
      } catch {
        volume.log("\(Printable.escaped(label)) cannot be recovered: \(error.sentence)")
      }
    }
  }

  /// A name that is free in `recovered/`, after what it was called.
  private func recoveryPlace(for label: [UInt8]) -> LocalPath? {
    let folder = volume.stateDirectory + "/recovered"
    mkdir(folder, 0o700)
    let flat = Array(
      label.map { $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }.suffix(200)
        // Not from the middle of a character.
        .drop { $0 & 0xC0 == 0x80 })
    for number in 0..<10_000 {
      let end = number == 0 ? [] : Array(".\(number)".utf8)
      guard let path = LocalPath(Array(folder.utf8) + [UInt8(ascii: "/")] + flat + end) else { return nil }
      let isFree = String(decoding: path.bytes, as: UTF8.self).withCString { access($0, F_OK) } != 0
      if isFree { return path }
    }
    return nil
  }

  /// A content that cannot be published, for its user to find.
  func keepAside(_ stored: StoredContent, as name: [UInt8]) -> LocalPath? {
    guard let place = recoveryPlace(for: name) else { return nil }
    let text = String(decoding: place.bytes, as: UTF8.self)
    let descriptor = Glibc.open(text, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { Glibc.close(descriptor) }
    return copy(stored, to: descriptor) ? place : nil
  }

  private func copy(_ stored: StoredContent, to descriptor: Int32) -> Bool {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
    defer { buffer.deallocate() }
    var offset = 0
    while offset < stored.layout.fileBytes {
      guard case .read(let count) = stored.read(into: buffer, at: offset), count > 0,
        Glibc.write(descriptor, buffer.baseAddress, count) == count
      else { return false }
      offset += count
    }
    return fsync(descriptor) == 0
  }
}

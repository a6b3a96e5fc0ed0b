// Changing a size, a time or the executable bit; and the extended attributes, which can only be read.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// With `file`, of what it has open.
  package func change(
    _ change: AttributeChange, of number: NodeNumber, through open: OpenFile?, for caller: Caller
  ) throws(TreeError) -> Attributes {
    let node = try node(number)
    switch node.kind {
    case .control: break
    case .root: break
    case .group:
      // Nobody else hears of it, but `rsync` sets it last and looks at it first.
      try mustBeWritable()
      if let modified = change.modified { table.withLock { _ in node.modified = modified } }
    case .directory: try setTime(change.modified, of: node, .directory, for: caller)
    case .symlink(let target): try setTime(change.modified, of: node, .symlink(target), for: caller)
    case .file(let file): try self.change(change, file, at: node, through: open, for: caller)
    }
    return attributes(of: node)
  }

  private func setTime(
    _ modified: Int64?, of node: Node, _ kind: Entry.Kind, for caller: Caller
  ) throws(TreeError) {
    guard let modified else { return }
    let deadline = namesDeadline
    repeat {
      do throws(TreeError) {
        return try behindGate(for: caller, until: deadline) { () throws(TreeError) in
          try setTimeAlone(modified, of: node, kind, for: caller, until: deadline)
        }
      } catch .refused(.conflict) {
        // Another time, or a rename, came first.
        try refresh(node, kind)
        _ = try caller.wait(until: .now + 20) { _ in }
      }
    } while Instant.now < deadline
    throw .notNow("others change it all the time")
  }

  private func refresh(_ node: Node, _ kind: Entry.Kind) throws(TreeError) {
    guard let group = node.group, let path = try? path(of: node) else { return }
    let entry = (try? volume.book.entry(at: path, in: group)) ?? nil
    guard let entry, entry.kind == kind else { throw .notFound }
    table.withLock { _ in node.entry = entry }
  }

  private func setTimeAlone(
    _ modified: Int64, of node: Node, _ kind: Entry.Kind, for caller: Caller, until deadline: Instant
  ) throws(TreeError) {
    let (entry, before) = table.withLock { _ in (node.entry, node.modified) }
    guard modified != before, let group = node.group else { return }
    try mustBeWritable()
    guard let entry else {
      // Pending: the time that it was made with is good enough until it is published.
      return table.withLock { _ in node.modified = modified }
    }
    try mustBeMine(entry, in: group)
    guard let path = try? path(of: node) else {
      // Removed, and still open somewhere.
      return table.withLock { _ in node.modified = modified }
    }
    let number = try decide(
      .publish(path, kind, modified: modified, over: entry.version), in: group, for: caller, until: deadline)
    let new = Entry(path: path, kind: kind, owner: entry.owner, modified: modified, version: number)
    let inode = table.withLock { _ in
      node.entry = new
      node.modified = modified
      return node.inode
    }
    inodes.keep(inode, for: new, in: group)
    inodes.save()
  }

  private func change(
    _ change: AttributeChange, _ file: TreeFile, at node: Node, through open: OpenFile?, for caller: Caller
  ) throws(TreeError) {
    if change == AttributeChange() { return }
    try mustBeWritable()
    try mustBeMine(file.state.withLock { $0.published }, in: file.group)
    if let size = change.size { try setSize(size, file, at: node, through: open, for: caller) }
    guard setTimeAndMode(change, file) else { return }
    // Whoever writes it now tells of it when he closes it, and the last of them in any case.
    guard file.state.withLock({ $0.draft == nil || $0.writers == 0 }) else {
      open?.own.withLock { $0.hasWritten = true }
      return
    }
    try publish(file, at: node, for: caller)
  }

  private func setSize(
    _ size: Int, _ file: TreeFile, at node: Node, through open: OpenFile?, for caller: Caller
  ) throws(TreeError) {
    if size != file.size || open != nil {
      try edit(file, at: node, for: caller) { $0.truncate(to: size) }
    }
    file.state.withLock { state in
      state.isDirty = true
      state.modified = Clock.now
      state.refused.cut(to: size)
    }
    if let open { return open.own.withLock { $0.hasWritten = true } }
    // The last of those who write it publishes it.
    if file.state.withLock({ $0.writers == 0 }) { try publish(file, at: node, for: caller) }
  }

  /// Whether that is another than before.
  private func setTimeAndMode(_ change: AttributeChange, _ file: TreeFile) -> Bool {
    file.state.withLock { state in
      var isOther = false
      if let modified = change.modified, modified != state.modified {
        state.modified = modified
        isOther = true
      }
      if let isExecutable = change.isExecutable, isExecutable != state.content.isExecutable {
        state.content = state.content.with(isExecutable: isExecutable)
        isOther = true
      }
      if isOther { state.isDirty = true }
      return isOther
    }
  }
}

// Extended attributes.
extension Tree {
  private static let prefix = "user.p2pfs."
  private static let ofFiles = ["owner", "root", "link", "sharers", "have", "state"]

  package func extendedAttributeNames(of number: NodeNumber) throws(TreeError) -> [String] {
    switch try node(number).kind {
    case .file(let file):
      Self.ofFiles.filter { $0 != "root" || file.state.withLock { $0.content.root } != nil }
        .map { Self.prefix + $0 }
    case .directory, .group: [Self.prefix + "owner"]
    // The kernel asks nobody for those of links.
    case .symlink, .root, .control: []
    }
  }

  package func extendedAttribute(
    _ name: String, of number: NodeNumber, for caller: Caller
  ) throws(TreeError) -> [UInt8] {
    let node = try node(number)
    guard name.hasPrefix(Self.prefix),
      let text = try text(String(name.dropFirst(Self.prefix.count)), of: node, caller)
    else { throw .noAttribute }
    return Array(text.utf8)
  }

  private func text(_ name: String, of node: Node, _ caller: Caller) throws(TreeError) -> String? {
    guard let file = node.file else {
      guard name == "owner" else { return nil }
      if case .group = node.kind, let group = node.group { return volume.book.owner(of: group)?.description }
      return table.withLock { _ in node.entry }.map(\.owner.description) ?? volume.user.description
    }
    let (published, content, isPending) = file.state.withLock { state in
      (
        state.published, state.content,
        state.draft != nil || state.pending != nil || state.isDirty || state.isLocalOnly
      )
    }
    let attributes = attributes(of: file)
    switch name {
    case "owner": return (published?.owner ?? volume.user).description
    case "root": return content.root?.description
    case "have": return "\(min(attributes.heldBytes, attributes.size))"
    case "state":
      if isPending { return "pending" }
      if attributes.heldBytes >= attributes.size { return "complete" }
      return attributes.heldBytes == 0 ? "remote" : "partial"
    case "sharers": return try sharers(content, file.group, caller)
    case "link":
      guard let group = volume.book.groups[file.group] else { return nil }
      return controls.link(to: content, at: try path(of: node), in: group)
    default: return nil
    }
  }

  /// How many are online who share it; the tracker knows.
  private func sharers(_ content: FileContent, _ group: GroupID, _ caller: Caller) throws(TreeError)
    -> String?
  {
    // Whoever has the name has all of an empty file.
    guard let root = content.root else { return "1" }
    let answer: TrackerAnswer
    do throws(TreeError) {
      answer = try caller.ask(volume.line, .countSharers(group, [root]), within: 2_000)
    } catch let error where error.isAway {
      // Who is online is not known, and a listing of all attributes need not fail for that.
      return "0"
    }
    guard case .sharers(let counts) = answer else { throw .state("the tracker's answer makes no sense") }
    return "\(counts.first ?? 0)"
  }
}

// What others have decided, as the tree shows it: names come and go, a file that was published anew is another node, and
// who has the old one open goes on reading it.

internal import GroupModel
internal import Swarm
internal import Synchronization

extension Tree {
  /// On the book's thread; waits for nothing. `number` is nil where many decisions come as what they have left behind.
  func changed(_ group: GroupID, _ changes: [Change], by number: UInt64?) {
    table.withLock { $0.changes += 1 }
    // Once more, for whoever has looked at the catalog and at the table in between.
    defer { table.withLock { $0.changes += 1 } }
    if let number, let then = publisher.takeOwn(group, number) { return then(number) }
    guard let root = groupNode(group) else { return }
    for change in changes {
      switch change {
      case .published(let entry): published(entry, in: root)
      case .unpublished(let path): unpublished(path, in: root)
      case .moved(let from, let to): moved(from, to, in: root, by: number)
      case .stands, .ended: break
      }
    }
  }

  /// What is known of a group is held against what the catalog now says.
  func startedAnew(_ group: GroupID) {
    table.withLock { $0.changes += 1 }
    guard let root = groupNode(group) else { return }
    for node in table.withLock({ $0.all(below: root) }) {
      guard let path = try? path(of: node) else { continue }
      do throws(BookTrouble) {
        let entry = try volume.book.entry(at: path, in: group)
        entry.map { published($0, in: root) } ?? unpublished(path, in: root)
      } catch {
        // A catalog that cannot be read says nothing of what has gone.
      }
    }
  }

  /// A group has come, or gone, or its files are other ones altogether.
  func groupsChanged() {
    let (root, known) = table.withLock { table in
      table.changes += 1
      return (
        table[.root], table.nodes.filter { if case .group = $0.kind { $0.parent != nil } else { false } }
      )
    }
    guard let root else { return }
    let groups = volume.book.groups
    for node in known where node.group.map({ groups[$0] == nil }) ?? false {
      kernel.forgetName(node.name, in: .root)
      vanishAll(below: node)
    }
    for name in groups.values {
      if table.withLock({ $0.child(Array(name.description.utf8), of: root) }) == nil {
        kernel.forgetName(Array(name.description.utf8), in: .root)
      }
    }
    touch(root)
    kernel.forgetNode(.root, bytes: false)
  }

  private func vanishAll(below node: Node) {
    table.withLock { table in
      table.setLocal(node, false)
      table.detach(node)
    }
  }

  /// nil when nobody has looked at the group yet.
  private func groupNode(_ group: GroupID) -> Node? {
    guard let name = volume.book.groups[group] else { return nil }
    return table.withLock { table in
      guard let root = table[.root], let node = table.child(Array(name.description.utf8), of: root),
        node.group == group
      else { return nil }
      return node
    }
  }

  private func published(_ entry: Entry, in group: Node) {
    guard let found = find(entry.path, in: group) else { return }
    note(found.directory)
    guard let node = found.node else {
      return kernel.forgetName(Array(entry.path.name), in: found.directory.number)
    }
    if let file = node.file, case .file(let content) = entry.kind {
      return published(entry, content, file, at: node, in: found.directory)
    }
    if entry.kind == .directory, case .directory = node.kind {
      table.withLock { table in
        if node.pending == nil { node.entry = entry }
        node.modified = entry.modified
      }
      return kernel.forgetNode(node.number, bytes: false)
    }
    if table.withLock({ _ in node.entry?.version }) == entry.version { return }
    // Weighed against it when it is closed, or when it is tried again.
    if isAtWork(node) { return }
    replace(node, in: found.directory)
  }

  private func isAtWork(_ node: Node) -> Bool {
    node.file?.isAtWork ?? table.withLock { _ in node.pending != nil }
  }

  private func published(
    _ entry: Entry, _ content: FileContent, _ file: TreeFile, at node: Node, in directory: Node
  ) {
    let news = file.state.withLock { state in
      if state.published?.version == entry.version { return News.none }
      // What is being written here wins here; the tracker weighs it against this when it is closed.
      if state.isDirty || state.draft != nil || state.pending != nil || state.isLocalOnly { return .none }
      guard let old = state.published, old.owner == entry.owner, content.hasBytes(of: state.content) else {
        return .version
      }
      inodes.keep(state.inode, for: entry, insteadOf: old, in: file.group)
      (state.published, state.content, state.modified) = (entry, content, entry.modified)
      return .attributes
    }
    switch news {
    case .none: break
    case .attributes:
      inodes.save()
      kernel.forgetNode(node.number, bytes: false)
    case .version: replace(node, in: directory)
    }
  }

  /// What a decision of others makes of a file that is known here.
  private enum News {
    case none
    /// Another time or mode: the version stands.
    case attributes
    case version
  }

  /// A directory has ended at this place, by this member.
  func directoryEnded(_ spot: Spot) {
    let moved = table.withLock {
      $0.takeMovedAway(from: Place(directory: spot.directory.number, name: spot.name))
    }
    if let moved { kernel.forgetName(moved.name, in: moved.directory.number) }
  }

  func replace(_ node: Node, in directory: Node) {
    let name = table.withLock { table in
      let name = node.name
      table.detach(node)
      return name
    }
    kernel.forgetName(name, in: directory.number)
  }

  private func unpublished(_ path: FilePath, in group: Node) {
    guard let found = find(path, in: group) else { return }
    note(found.directory)
    let name = Array(path.name)
    _ = table.withLock { $0.unhide(Place(directory: found.directory.number, name: name)) }
    guard let node = found.node else { return kernel.forgetName(name, in: found.directory.number) }
    if let file = node.file {
      // What is being written over it is new from now on.
      let isAtWork = file.state.withLock { state in
        let isAtWork = state.isDirty || state.draft != nil || state.isLocalOnly || state.pending != nil
        if isAtWork { state.published = nil }
        return isAtWork
      }
      if isAtWork { return table.withLock { $0.setLocal(node, true) } }
    } else if table.withLock({ _ in node.pending != nil }) {
      return
    }
    replace(node, in: found.directory)
  }

  /// What is known of it goes along, so that who is writing below it writes on there.
  private func moved(_ from: FilePath, _ to: FilePath, in group: Node, by number: UInt64?) {
    let old = find(from, in: group)
    let new = find(to, in: group)
    if let node = new?.node, isAtWork(node) {
      // What is being written or made there is weighed against it later, and becomes its neighbour.
      return unpublished(from, in: group)
    }
    if let node = new?.node, let directory = new?.directory { replace(node, in: directory) }
    if let old, let node = old.node {
      if let id = group.group, let number, let directory = directory(of: to, in: id) {
        table.withLock { table in
          if node.isDirectory {
            table.noteMovedAway(node, from: Place(directory: old.directory.number, name: node.name))
          }
          table.move(node, to: Array(to.name), in: directory)
        }
        renumber(node, from: from, to: to, number, in: id)
      } else {
        replace(node, in: old.directory)
      }
    }
    for (place, path) in [(old, from), (new, to)] {
      guard let place else { continue }
      note(place.directory)
      kernel.forgetName(Array(path.name), in: place.directory.number)
    }
  }

  private func note(_ directory: Node) {
    touch(directory)
    kernel.forgetNode(directory.number, bytes: false)
  }

  /// The directory that a path lies in and what is known there; nil when the kernel knows nothing of that directory.
  private func find(_ path: FilePath, in group: Node) -> (directory: Node, node: Node?)? {
    table.withLock { table in
      let directory = path.parent.map { table.node(at: $0, in: group) } ?? group
      guard let directory else { return nil }
      return (directory, table.child(Array(path.name), of: directory))
    }
  }
}

// What is there: names, attributes, listings. Answered at once, from memory and from the local catalog.

internal import GroupModel
internal import Swarm
internal import Synchronization

extension Tree {
  /// Counts one lookup.
  package func lookUp(_ name: [UInt8], in directory: NodeNumber) throws(TreeError) -> Found {
    let parent = try node(directory)
    let node = try child(name, of: parent, counting: true)
    return Found(node: node.number, attributes: attributes(of: node))
  }

  package func forget(_ number: NodeNumber, lookups: UInt64) {
    table.withLock { table in
      guard let node = table[number] else { return }
      table.forget(node, lookups: lookups)
    }
  }

  /// The node of a name: one that is known, or a new one for what the catalog has there.
  func child(_ name: [UInt8], of parent: Node, counting: Bool) throws(TreeError) -> Node {
    guard name.count <= FilePath.componentBytesMax else { throw .nameTooLong }
    switch parent.kind {
    case .root: return try childOfRoot(name, parent, counting)
    case .group, .directory: return try childOfGroup(name, parent, counting)
    case .file, .symlink, .control: throw .notDirectory
    }
  }

  private func childOfRoot(_ name: [UInt8], _ root: Node, _ counting: Bool) throws(TreeError) -> Node {
    let text = String(decoding: name, as: UTF8.self)
    if let file = controls.root(text) { return control(text, file, in: root, nil, counting) }
    guard let groupName = GroupName(text), let group = volume.book.group(named: groupName) else {
      throw .notFound
    }
    return table.withLock { table in
      if let node = table.child(name, of: root) {
        if node.group == group {
          if counting { node.lookups += 1 }
          return node
        }
        table.detach(node)
      }
      let node = Node(
        table.freshNumber(), .group(groupName), in: group, inode: inodes.number(ofGroup: group),
        modified: Clock.now)
      table.insert(node, as: name, in: root)
      if counting { node.lookups += 1 }
      return node
    }
  }

  private func control(
    _ name: String, _ file: any ControlFile, in directory: Node, _ group: GroupID?, _ counting: Bool
  ) -> Node {
    table.withLock { table in
      let bytes = Array(name.utf8)
      let node: Node
      if let known = table.child(bytes, of: directory) {
        node = known
      } else {
        node = Node(
          table.freshNumber(), .control(file), in: group,
          inode: inodes.number(ofControl: name, in: group), modified: Clock.now)
        table.insert(node, as: bytes, in: directory)
      }
      if counting { node.lookups += 1 }
      return node
    }
  }

  private func childOfGroup(_ name: [UInt8], _ parent: Node, _ counting: Bool) throws(TreeError) -> Node {
    guard let group = parent.group else { throw .notFound }
    if case .group(let groupName) = parent.kind {
      let text = String(decoding: name, as: UTF8.self)
      if let file = controls.group(text, of: groupName) {
        return control(text, file, in: parent, group, counting)
      }
    }
    var hasWaited = false
    while true {
      let glance = glance(at: name, of: parent, counting)
      if let node = glance.node { return node }
      // What is hidden, or waits for its new place, may be there again at any moment.
      guard let above = glance.above else { throw .refused(.noSuchFile) }
      guard let path = try? Self.path(above + [name]) else { throw .notFound }
      let entry: Entry?
      do throws(BookTrouble) { entry = try volume.book.entry(at: path, in: group) } catch {
        throw .state("\(error)")
      }
      guard let entry else {
        // Asked before the table is: what has been settled by now has been counted there.
        let isUnsettled = isUnsettled
        // Its directory may have been renamed since its path was looked at.
        guard table.withLock({ $0.changes == glance.changes }) else { continue }
        if isUnsettled, volume.book.isFolding, !hasWaited {
          hasWaited = true
          _ = volume.book.wait(milliseconds: Self.foldingMilliseconds) { !volume.book.isFolding }
          continue
        }
        throw isUnsettled ? .refused(.noSuchFile) : .notFound
      }
      if let node = place(entry, in: parent, group, unlessChangedSince: glance.changes, counting) {
        return node
      }
    }
  }

  /// From a decision in the catalog to the same in the table it is a moment.
  private static let foldingMilliseconds = 5

  /// While a directory is renamed the catalog may be ahead of the table: what is not found then is not to be remembered.
  private var isUnsettled: Bool { volume.book.isFolding || gate.isClosed }

  private struct Glance: @unchecked Sendable {
    var node: Node?
    /// Of the directory; nil where nothing is to be seen, whatever the catalog says.
    var above: [[UInt8]]?
    var changes: UInt64
  }

  private func glance(at name: [UInt8], of parent: Node, _ counting: Bool) -> Glance {
    table.withLock { table in
      var glance = Glance(changes: table.changes)
      if let node = table.child(name, of: parent) {
        if counting { node.lookups += 1 }
        glance.node = node
      } else if table.hidden[Place(directory: parent.number, name: name)] == nil {
        glance.above = table.path(of: parent)
      }
      return glance
    }
  }

  /// nil when somebody has changed something since the catalog was read.
  func place(
    _ entry: Entry, in parent: Node, _ group: GroupID, unlessChangedSince changes: UInt64, _ counting: Bool
  ) -> Node? {
    table.withLock { table in
      guard table.changes == changes else { return nil }
      let name = Array(entry.path.name)
      let node: Node
      if let known = table.child(name, of: parent) {
        node = known
      } else {
        node = makeNode(entry, group, table.freshNumber())
        table.insert(node, as: name, in: parent)
      }
      if counting { node.lookups += 1 }
      return node
    }
  }

  func makeNode(_ entry: Entry, _ group: GroupID, _ number: NodeNumber) -> Node {
    let inode = inodes.number(of: entry, in: group)
    let kind: Node.Kind =
      switch entry.kind {
      case .directory: .directory
      case .symlink(let target): .symlink(target)
      case .file(let content):
        .file(
          TreeFile(
            in: group,
            TreeFile.State(published: entry, content: content, modified: entry.modified, inode: inode)))
      }
    return Node(number, kind, in: group, inode: inode, modified: entry.modified, entry: entry)
  }
}

// Attributes.
extension Tree {
  /// Of a control file its length as it is known without waiting.
  package func attributes(of number: NodeNumber) throws(TreeError) -> Attributes {
    attributes(of: try node(number))
  }

  func attributes(of node: Node) -> Attributes {
    switch node.kind {
    case .root, .group, .directory:
      let (inode, modified) = table.withLock { _ in (node.inode, node.modified) }
      return Attributes(
        kind: .directory, inode: inode, size: 4096, heldBytes: 0, modified: modified, permissions: 0o755,
        links: 2)
    case .symlink(let target):
      let (inode, modified) = table.withLock { _ in (node.inode, node.modified) }
      return Attributes(
        kind: .symlink, inode: inode, size: target.bytes.count, heldBytes: 0, modified: modified,
        permissions: 0o777)
    case .control(let file):
      let text = file.textAtOnce()
      return Attributes(
        kind: .control, inode: node.inode, size: text.bytes.count, heldBytes: 0, modified: text.modified,
        permissions: file.permissions, areSettled: false)
    case .file(let file):
      var attributes = attributes(of: file)
      if table.withLock({ _ in node.parent == nil }) { attributes.links = 0 }
      return attributes
    }
  }

  func attributes(of file: TreeFile) -> Attributes {
    let now = file.state.withLock { state in
      (
        entry: state.published, draft: state.draft, stored: state.stored, content: state.content,
        modified: state.modified, inode: state.inode, isOpen: state.handles > 0,
        isEnding: state.draft != nil && state.isVersion
      )
    }
    let isMine = now.entry.map { mayChange($0, in: file.group) } ?? true
    let size = now.draft?.fileBytes ?? Int(clamping: now.content.size)
    let held = now.draft?.allocatedBytes ?? heldBytes(now.stored, now.content)
    let permissions: UInt16 =
      (isMine ? 0o644 : 0o444) | (now.content.isExecutable ? (isMine ? 0o111 : 0o111) : 0)
    return Attributes(
      kind: .file, inode: now.inode, size: size, heldBytes: held, modified: now.modified,
      permissions: permissions,
      areSettled: now.draft == nil && (held >= size || held == 0 && !now.isOpen), areEnding: now.isEnding)
  }

  private func heldBytes(_ stored: StoredContent?, _ content: FileContent) -> Int {
    guard let name = ContentName(content) else { return 0 }
    if let stored { return min(stored.heldBlockCount * ContentLayout.blockBytes, name.fileBytes) }
    return volume.store.heldBytes(of: name)
  }

  package func target(ofLink number: NodeNumber) throws(TreeError) -> [UInt8] {
    guard case .symlink(let target) = try node(number).kind else { throw .invalid("it is no symbolic link") }
    return target.bytes
  }
}

// Listings.
extension Tree {
  package func openDirectory(_ number: NodeNumber) throws(TreeError) -> OpenDirectory {
    let directory = try node(number)
    let changes = table.withLock { $0.changes }
    var seen: [OpenDirectory.Seen] = []
    switch directory.kind {
    case .root: seen = itemsOfRoot()
    case .group(let name):
      if controls.listsThoseOfGroups { seen = controlItems(of: name, directory) }
      seen += try itemsOfGroup(directory)
    case .directory: seen = try itemsOfGroup(directory)
    case .file, .symlink, .control: throw .notDirectory
    }
    return OpenDirectory(self, directory, seen, changes: changes)
  }

  private func itemsOfRoot() -> [OpenDirectory.Seen] {
    let names = controls.rootNames.map {
      OpenDirectory.Seen(
        OpenDirectory.Item(
          name: Array($0.utf8), inode: inodes.number(ofControl: $0, in: nil), kind: .control), nil)
    }
    let groups = volume.book.groups.sorted { $0.value < $1.value }.map {
      OpenDirectory.Seen(
        OpenDirectory.Item(
          name: Array($0.value.description.utf8), inode: inodes.number(ofGroup: $0.key), kind: .directory),
        nil)
    }
    return names + groups
  }

  private func controlItems(of group: GroupName, _ node: Node) -> [OpenDirectory.Seen] {
    controls.groupNames.map {
      OpenDirectory.Seen(
        OpenDirectory.Item(
          name: Array($0.utf8), inode: inodes.number(ofControl: $0, in: node.group), kind: .control), nil)
    }
  }

  /// What the catalog has, as far as it is not hidden here; and what is here only.
  private func itemsOfGroup(_ directory: Node) throws(TreeError) -> [OpenDirectory.Seen] {
    guard let group = directory.group else { return [] }
    let path = try directoryPath(directory)
    var entries: [Entry] = []
    do throws(BookTrouble) {
      while true {
        let page = try volume.book.children(
          of: path, in: group, after: entries.last.map { Array($0.path.name) },
          limit: Self.pageLimit)
        entries += page
        if page.count < Self.pageLimit { break }
      }
    } catch {
      throw .state("\(error)")
    }
    return merged(entries, directory, group)
  }

  private static let pageLimit = 4096

  /// nil for a group's own directory.
  func directoryPath(_ directory: Node) throws(TreeError) -> FilePath? {
    guard let names = table.withLock({ $0.path(of: directory) }) else { throw .notFound }
    return names.isEmpty ? nil : try Self.path(names)
  }

  private func merged(_ entries: [Entry], _ directory: Node, _ group: GroupID) -> [OpenDirectory.Seen] {
    let (nodes, hidden) = table.withLock { table in
      (
        table.locals(in: directory).map { (node: $0, name: $0.name) },
        Set(table.hidden.keys.filter { $0.directory == directory.number }.map(\.name))
      )
    }
    let locals = nodes.map { node, name in
      OpenDirectory.Item(
        name: name, inode: node.file?.state.withLock { $0.inode } ?? node.inode, kind: node.attributesKind)
    }
    let localNames = Set(locals.map(\.name))
    let decided = entries.compactMap { entry -> OpenDirectory.Seen? in
      let name = Array(entry.path.name)
      guard !hidden.contains(name), !localNames.contains(name) else { return nil }
      let item = OpenDirectory.Item(
        name: name, inode: inodes.number(of: entry, in: group), kind: entry.kind.attributesKind)
      return OpenDirectory.Seen(item, entry)
    }
    return decided
      + locals.sorted { $0.name.lexicographicallyPrecedes($1.name) }.map { OpenDirectory.Seen($0, nil) }
  }
}

extension Entry.Kind {
  var attributesKind: Attributes.Kind {
    switch self {
    case .file: .file
    case .directory: .directory
    case .symlink: .symlink
    }
  }
}

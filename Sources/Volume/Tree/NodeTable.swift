// Which nodes there are, by number and by place. A value under the tree's lock; nothing here waits.

internal import GroupModel

struct NodeTable {
  private var byNumber: [NodeNumber: Node] = [:]
  private var byPlace: [Place: Node] = [:]
  private var lastNumber = NodeNumber.root.value
  /// Nodes that the catalog does not know of: new files, pending ones, what stays local.
  private(set) var locals: Set<Node> = []
  /// Names that are gone here and will be for the group, unless something new takes their place first.
  private(set) var hidden: [Place: HiddenName] = [:]
  private var movedAway: [Place: Node] = [:]
  private static let movedAwayMax = 256
  /// Counts what others' decisions have changed: who reads the catalog looks whether it has moved on meanwhile.
  var changes: UInt64 = 0

  struct HiddenName {
    let group: GroupID
    let entry: Entry
    var since: Int64
  }

  init(root: Node) { byNumber[root.number] = root }

  var count: Int { byNumber.count }

  subscript(number: NodeNumber) -> Node? { byNumber[number] }

  func child(_ name: [UInt8], of directory: Node) -> Node? {
    byPlace[Place(directory: directory.number, name: name)]
  }

  mutating func freshNumber() -> NodeNumber {
    lastNumber += 1
    return NodeNumber(lastNumber)
  }

  /// Also one that was dropped while somebody waited to move it.
  mutating func insert(_ node: Node, as name: [UInt8], in directory: Node) {
    byNumber[node.number] = node
    node.parent = directory
    node.name = name
    directory.holds += 1
    byPlace[Place(directory: directory.number, name: name)] = node
  }

  /// It loses its name; who has it open goes on.
  mutating func detach(_ node: Node) {
    guard let parent = node.parent else { return }
    let place = Place(directory: parent.number, name: node.name)
    if byPlace[place] === node { byPlace[place] = nil }
    node.parent = nil
    parent.holds -= 1
    dropIfUnused(node)
    dropIfUnused(parent)
  }

  /// What lies at the new place loses its name.
  mutating func move(_ node: Node, to name: [UInt8], in directory: Node) {
    if let old = child(name, of: directory), old !== node { detach(old) }
    node.holds += 1
    detach(node)
    insert(node, as: name, in: directory)
    node.holds -= 1
  }

  mutating func hold(_ node: Node) { node.holds += 1 }

  mutating func letGo(_ node: Node) {
    node.holds -= 1
    dropIfUnused(node)
  }

  mutating func forget(_ node: Node, lookups: UInt64) {
    node.lookups -= min(lookups, node.lookups)
    dropIfUnused(node)
  }

  /// A local node is held as long as it is local.
  mutating func setLocal(_ node: Node, _ isLocal: Bool) {
    if isLocal, locals.insert(node).inserted { node.holds += 1 }
    if !isLocal, locals.remove(node) != nil { letGo(node) }
  }

  /// Others have moved it away from there, and the kernel may not know it yet.
  mutating func noteMovedAway(_ directory: Node, from place: Place) {
    if movedAway.count >= Self.movedAwayMax { movedAway.removeAll() }
    movedAway[place] = directory
  }

  /// The kernel has just seen a directory end at this place, and may have taken the one that was moved away for it: where
  /// that is now, it has to become another node. Not while something below it waits to be published.
  mutating func takeMovedAway(from place: Place) -> (directory: Node, name: [UInt8])? {
    guard let moved = movedAway.removeValue(forKey: place), let parent = moved.parent,
      Place(directory: parent.number, name: moved.name) != place,
      !all(below: moved).contains(where: { locals.contains($0) })
    else { return nil }
    let name = moved.name
    changes += 1
    detach(moved)
    return (parent, name)
  }

  /// Its directory stays known as long as something in it is hidden.
  mutating func hide(_ name: HiddenName, at place: Place) {
    if hidden.updateValue(name, forKey: place) == nil { byNumber[place.directory]?.holds += 1 }
  }

  mutating func unhide(_ place: Place) -> HiddenName? {
    guard let name = hidden.removeValue(forKey: place) else { return nil }
    if let directory = byNumber[place.directory] { letGo(directory) }
    return name
  }

  private mutating func dropIfUnused(_ node: Node) {
    guard node.lookups == 0, node.holds == 0, node.number != .root else { return }
    byNumber[node.number] = nil
    guard let parent = node.parent else { return }
    let place = Place(directory: parent.number, name: node.name)
    if byPlace[place] === node { byPlace[place] = nil }
    node.parent = nil
    parent.holds -= 1
    dropIfUnused(parent)
  }

  func locals(in directory: Node) -> [Node] { locals.filter { $0.parent === directory } }

  /// Whether it lies in what has no name any more: a directory that others have removed, a group that is gone.
  func isHomeless(_ node: Node) -> Bool {
    guard var next = node.parent else { return false }
    while let above = next.parent { next = above }
    return next.number != .root
  }

  /// Of what lies in it; also after the group is gone.
  func groupName(above node: Node) -> GroupName? {
    var next: Node? = node
    while let above = next {
      if case .group(let name) = above.kind { return name }
      next = above.parent
    }
    return nil
  }

  /// The path in its group, nil for the group's own directory; and nothing at all for what has no name any more.
  func path(of node: Node) -> [[UInt8]]? {
    var names: [[UInt8]] = []
    var next = node
    while true {
      switch next.kind {
      case .root, .group: return next.parent == nil && next.number != .root ? nil : names.reversed()
      default: break
      }
      guard let parent = next.parent else { return nil }
      names.append(next.name)
      next = parent
    }
  }

  /// Where something was that lies in what has no name any more, as far as that is known.
  func lastPath(of node: Node) -> [UInt8] {
    var names = [node.name]
    var next = node.parent
    while let directory = next, case .directory = directory.kind {
      names.append(directory.parent == nil ? directory.entry?.path.bytes ?? directory.name : directory.name)
      next = directory.parent
    }
    return Array(names.reversed().joined(separator: [UInt8(ascii: "/")]))
  }

  func hasLocals(below directory: Node) -> Bool { longestLocalPath(below: directory) > 0 }

  /// In bytes, with the slash before it; of what the catalog does not know.
  func longestLocalPath(below directory: Node) -> Int {
    locals.reduce(0) { longest, node in
      var bytes = 0
      var next: Node? = node
      while let inner = next, inner !== directory {
        bytes += inner.name.count + 1
        next = inner.parent
      }
      return next === directory ? max(longest, bytes) : longest
    }
  }

  /// The node at a path of a group, as far as the kernel knows of it.
  func node(at path: FilePath, in group: Node) -> Node? {
    var node = group
    for name in path.bytes.split(separator: UInt8(ascii: "/")) {
      guard let next = child(Array(name), of: node) else { return nil }
      node = next
    }
    return node
  }

  func all(below directory: Node) -> [Node] {
    byNumber.values.filter { node in
      var next = node.parent
      while let above = next {
        if above === directory { return true }
        next = above.parent
      }
      return false
    }
  }

  /// Files that are at work, for those who want all of them.
  var nodes: [Node] { Array(byNumber.values) }
}

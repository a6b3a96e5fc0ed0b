// Renaming: of what the group has, by one decision; of what only this machine has, here; and between the two, as
// editors do it.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  package func rename(
    _ name: [UInt8], in directory: NodeNumber, to newName: [UInt8], in newDirectory: NodeNumber,
    replacing: Bool,
    for caller: Caller
  ) throws(TreeError) {
    try mustBeWritable()
    try mustBeInOneGroup(name, directory, newDirectory)
    let isDirectory = try child(name, of: try node(directory), counting: false).isDirectory
    let deadline = namesDeadline
    try behindGate(alone: isDirectory, for: caller, until: deadline) { () throws(TreeError) in
      try rename(
        name, directory, newName, newDirectory, replacing: replacing, asDirectory: isDirectory, for: caller,
        until: deadline)
    }
  }

  private func rename(
    _ name: [UInt8], _ directory: NodeNumber, _ newName: [UInt8], _ newDirectory: NodeNumber, replacing: Bool,
    asDirectory: Bool, for caller: Caller, until deadline: Instant
  ) throws(TreeError) {
    let from = try spot(name, in: directory)
    let to = try spot(newName, in: newDirectory)
    let node = try child(name, of: from.directory, counting: false)
    let target = try? child(newName, of: to.directory, counting: false)
    guard node !== target else { return }
    // Somebody else has put another thing there meanwhile.
    guard node.isDirectory == asDirectory else { throw .stale }
    if target != nil, !replacing { throw .exists }
    try mayReplace(target, by: node, from, to)
    switch node.kind {
    case .file(let file):
      try inTurn(node, target) { () throws(TreeError) in
        try rename(file, node, from, over: target, to, for: caller, until: deadline)
      }
    case .directory, .symlink:
      guard table.withLock({ _ in node.pending == nil }) else { throw .noTracker }
      try inTurn(node, target) { () throws(TreeError) in
        try renamePublished(node, from, over: target, to, for: caller, until: deadline)
      }
    case .root, .group, .control: throw .notPermitted("it keeps its name")
    }
  }

  /// Nobody publishes what is renamed or replaced meanwhile; two who rename to and fro take their turns in one order.
  private func inTurn(_ node: Node, _ target: Node?, _ body: () throws(TreeError) -> Void) throws(TreeError) {
    let files = [node, target].compactMap { $0 }.sorted { $0.number.value < $1.number.value }.compactMap(
      \.file)
    guard let first = files.first else { return try body() }
    try first.publishTurn.take { () throws(TreeError) in
      guard files.count == 2 else { return try body() }
      try files[1].publishTurn.take(body)
    }
  }

  private func mustBeInOneGroup(
    _ name: [UInt8], _ directory: NodeNumber, _ newDirectory: NodeNumber
  ) throws(TreeError) {
    let (one, other) = (try node(directory), try node(newDirectory))
    if one.group == nil {
      if case .group = try child(name, of: one, counting: false).kind {
        throw .notPermitted("a group keeps its name")
      }
      throw .notPermitted("a control file keeps its name")
    }
    if case .control = try child(name, of: one, counting: false).kind {
      throw .notPermitted("a control file keeps its name")
    }
    guard let group = other.group else { throw .notPermitted("files lie in groups") }
    guard group == one.group else { throw .crossesGroups }
  }

  private func mayReplace(_ target: Node?, by node: Node, _ from: Spot, _ to: Spot) throws(TreeError) {
    if to.path.isInside(from.path) { throw .invalid("a directory cannot go into itself") }
    try mustBeMine(published(node), in: from.group)
    guard let target else { return }
    if case .control = target.kind { throw .notPermitted("a control file has that name") }
    if node.isDirectory, !target.isDirectory { throw .notDirectory }
    if !node.isDirectory, target.isDirectory { throw .isDirectory }
    if target.isDirectory, !(try openDirectory(target.number).items.isEmpty) { throw .notEmpty }
    try mustBeMine(published(target), in: to.group)
  }

  private func published(_ node: Node) -> Entry? {
    node.file.map { $0.state.withLock { $0.published } } ?? table.withLock { _ in node.entry }
  }

  private func rename(
    _ file: TreeFile, _ node: Node, _ from: Spot, over target: Node?, _ to: Spot, for caller: Caller,
    until deadline: Instant
  ) throws(TreeError) {
    let isPublished = file.state.withLock { $0.published != nil }
    let staysLocal = LeftByEditors.holds(to.name)
    if isPublished, staysLocal { return try putAside(file, node, from, over: target, to) }
    guard isPublished else {
      return try renameLocal(file, node, over: target, to, staysLocal: staysLocal, for: caller)
    }
    try renamePublished(node, from, over: target, to, for: caller, until: deadline)
    // What is pending is to be published under its new name.
    guard file.state.withLock({ $0.pending != nil }) else { return }
    file.state.withLock { $0.isDirty = true }
    try publishAlone(file, at: node, for: caller, until: .now + patienceMilliseconds)
  }

  private func renamePublished(
    _ node: Node, _ from: Spot, over target: Node?, _ to: Spot, for caller: Caller, until deadline: Instant
  ) throws(TreeError) {
    try localPathsMustFit(below: node, to)
    _ = takeHidden(to)
    let wish = Proposal.Wish.rename(from: from.path, to: to.path, replacing: true)
    let once = Once()
    let number: UInt64
    do throws(TreeError) {
      // At once: the others are still to be told of it, and nobody is to look meanwhile where the catalog has it no longer.
      number = try decide(wish, in: from.group, for: caller, until: deadline) { number in
        once.run {
          self.move(node, over: target, to)
          self.renumber(node, from: from.path, to: to.path, number, in: from.group)
        }
      }
    } catch {
      throw reason(error, for: wish, in: from.group)
    }
    // The line was lost in between, and others have gone on since.
    once.run {
      move(node, over: target, to)
      if isMoved(node, to) {
        renumber(node, from: from.path, to: to.path, number, in: from.group)
      } else {
        replace(node, in: to.directory)
      }
    }
    if node.isDirectory { directoryEnded(to) }
    if let target, let file = target.file { forgetReplaced(file, at: target, to) }
  }

  /// What the tracker does not know of has to have a path there, too.
  private func localPathsMustFit(below node: Node, _ to: Spot) throws(TreeError) {
    guard node.isDirectory else { return }
    let below = table.withLock { $0.longestLocalPath(below: node) }
    if below > 0, to.path.bytes.count + below > FilePath.bytesMax { throw .pathTooLong }
  }

  /// The tracker says no more than that it makes no sense; one of before, that a limit is reached.
  private func reason(_ error: TreeError, for wish: Proposal.Wish, in group: GroupID) -> TreeError {
    guard error == .refused(.malformed) || error == .refused(.limitReached), let name = try? groupName(group),
      let facts = try? volume.book.facts(for: Proposal(wish, in: name))
    else { return error }
    if !facts.movedPathsFit { return .pathTooLong }
    return error == .refused(.malformed) ? .notPermitted("a link would leave its group") : error
  }

  /// Others may have published something else there a moment before, and then it was that. What is still to be told of
  /// this one is weighed against it.
  private func isMoved(_ node: Node, _ to: Spot) -> Bool {
    guard node.file?.isAtWork != true, let entry = (try? entry(at: to)) ?? nil, let before = published(node)
    else { return true }
    return entry.kind == before.kind
  }

  /// A decision gives what it moves a new version, and all below it too; they are the same files nevertheless.
  func renumber(_ node: Node, from: FilePath, to: FilePath, _ number: UInt64, in group: GroupID) {
    let below = node.isDirectory ? table.withLock { $0.all(below: node) } : []
    for moved in below + [node] { renumber(moved, from, to, number, group) }
    inodes.save()
  }

  private func renumber(_ node: Node, _ from: FilePath, _ to: FilePath, _ number: UInt64, _ group: GroupID) {
    func moved(_ entry: Entry?) -> Entry? {
      guard let entry, entry.path == from || entry.path.isInside(from),
        let path = entry.path == from ? to : entry.path.moved(from: from, to: to)
      else { return nil }
      return Entry(
        path: path, kind: entry.kind, owner: entry.owner, modified: entry.modified, version: number)
    }
    if let file = node.file {
      let (entry, inode) = file.state.withLock { state -> (Entry?, UInt64) in
        let entry = moved(state.published)
        if let entry { state.published = entry }
        return (entry, state.inode)
      }
      if let entry { inodes.keep(inode, for: entry, in: group) }
    } else {
      let (entry, inode) = table.withLock { _ -> (Entry?, UInt64) in
        let entry = moved(node.entry)
        if let entry { node.entry = entry }
        return (entry, node.inode)
      }
      if let entry { inodes.keep(inode, for: entry, in: group) }
    }
  }

  private func move(_ node: Node, over target: Node?, _ to: Spot) {
    table.withLock { table in
      table.changes += 1
      node.parent?.modified = Clock.now
      to.directory.modified = Clock.now
      if let target {
        table.setLocal(target, false)
        table.detach(target)
      }
      table.move(node, to: to.name, in: to.directory)
    }
  }

  /// What was replaced is not told to anybody any more.
  private func forgetReplaced(_ file: TreeFile, at target: Node, _ spot: Spot) {
    discard(file, at: target)
  }

  /// Of a file that the group does not have under that name: new, pending, or an editor's.
  private func renameLocal(
    _ file: TreeFile, _ node: Node, over target: Node?, _ to: Spot, staysLocal: Bool, for caller: Caller
  ) throws(TreeError) {
    let replaced = target.flatMap { published($0) } ?? takeHidden(to)
    let (wasLocal, isOpen) = file.state.withLock { state in (state.isLocalOnly, state.draft != nil) }
    if wasLocal { forgetLocal(node, file) }
    move(node, over: target, to)
    table.withLock { $0.setLocal(node, true) }
    file.state.withLock { state in
      state.published = staysLocal ? nil : replaced
      state.isLocalOnly = false
      state.isDirty = true
    }
    if let target, let old = target.file { discardReplaced(old, at: target) }
    if let target, let pending = table.withLock({ _ in target.pending }) { dropPending(pending, target) }
    // What is still being written is published when it is closed.
    guard !isOpen else { return }
    try publishAlone(file, at: node, for: caller, until: .now + patienceMilliseconds)
  }

  private func discardReplaced(_ file: TreeFile, at target: Node) {
    let published = file.state.withLock { $0.published }
    // Its version goes on being the group's, until the one that replaces it is published over it.
    file.state.withLock { $0.published = nil }
    discard(file, at: target)
    file.state.withLock { $0.published = published }
  }
}

// Putting aside, as editors do before they write a file anew.
extension Tree {
  /// The copy stays here; the group keeps the old version until a new one takes its place, or for some seconds.
  private func putAside(
    _ file: TreeFile, _ node: Node, _ from: Spot, over target: Node?, _ to: Spot
  ) throws(TreeError) {
    guard let entry = file.state.withLock({ $0.published }) else { throw .notFound }
    move(node, over: target, to)
    table.withLock { table in
      table.hide(
        NodeTable.HiddenName(group: from.group, entry: entry, since: Clock.now),
        at: Place(directory: from.directory.number, name: from.name))
      table.setLocal(node, true)
    }
    file.state.withLock { state in
      state.published = nil
      state.isDirty = true
      state.isLocalOnly = true
    }
    if let target, let old = target.file { discard(old, at: target) }
    try keepLocal(file, at: node, to.path)
  }

  /// Nothing has taken their place: so they were meant to go.
  func endHiding(olderThan time: Int64, for caller: Caller) {
    let over = table.withLock { table in
      table.hidden.filter { $0.value.since <= time }
    }
    for (place, hidden) in over {
      do throws(TreeError) {
        let deadline = Instant.now + patienceMilliseconds
        try behindGate(for: caller, until: deadline) { () throws(TreeError) in
          // Under the name that its directory has now.
          let spot = try spot(place.name, in: place.directory)
          try decide(.unpublish(spot.path), in: hidden.group, for: caller, until: deadline)
        }
      } catch {
        // The next ones would wait as long.
        if error.isAway || [.interrupted, Self.gateIsClosed].contains(error) { return }
      }
      _ = table.withLock { $0.unhide(place) }
    }
  }
}

/// Whoever comes first does what is to be done once.
private final class Once: Sendable {
  private let isDone = Atomic(false)

  func run(_ body: () -> Void) {
    if !isDone.exchange(true, ordering: .acquiringAndReleasing) { body() }
  }
}

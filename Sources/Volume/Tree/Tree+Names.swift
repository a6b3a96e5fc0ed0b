// Making, removing and renaming: each is one decision of the tracker, visible here when the call returns.

internal import Catalog
internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// How long what changes names may take, all its waiting together. Whoever changes a directory holds up all who look
  /// into it: where it was waited that long in vain already, only to see whether a tracker is back.
  var namesDeadline: Instant {
    let patience = volume.line.patienceMilliseconds
    return .now + (volume.line.isLost(for: patience) ? Self.briefMilliseconds : patience)
  }

  private static let briefMilliseconds = 1_000

  /// Whoever came to the gate at the last moment has time for an answer nevertheless.
  private static let answerMillisecondsMin = 1_000

  /// Tells the tracker of something by its path, while nobody renames a directory; or renames one.
  func behindGate<Result>(
    alone: Bool = false, for caller: Caller, until deadline: Instant, _ body: () throws(TreeError) -> Result
  ) throws(TreeError) -> Result {
    let result =
      alone
      ? try gate.close(for: caller, until: deadline, body) : try gate.pass(for: caller, until: deadline, body)
    guard let result else { throw Self.gateIsClosed }
    return result
  }

  static var gateIsClosed: TreeError { .notNow("a directory is being renamed") }

  /// Proposes, waits for the decision, and until it is folded here. The number of the decision. `then` is done as soon
  /// as the catalog has it, on the book's thread; not where the line was lost meanwhile.
  @discardableResult
  func decide(
    _ wish: Proposal.Wish, in group: GroupID, as request: RequestID? = nil, for caller: Caller,
    until deadline: Instant,
    then: @escaping @Sendable (UInt64) -> Void = { _ in }
  ) throws(TreeError) -> UInt64 {
    let proposal = Proposal(wish, in: try groupName(group))
    let milliseconds = max(deadline.milliseconds(after: .now), Self.answerMillisecondsMin)
    let id = request ?? .next()
    var isKept = false
    // What is not journaled when nobody answers is nothing to be withdrawn.
    defer { if !isKept { publisher.noteAnswered(id) } }
    let answer: TrackerAnswer
    do throws(TreeError) {
      answer = try tell(id, proposal, for: caller, within: milliseconds) { [publisher] answer in
        if case .decided(let group, let number) = answer {
          publisher.noteOwn(group, number, then: then)
        }
      }
    } catch {
      isKept = request != nil && error.isAway
      throw error
    }
    switch answer {
    case .decided(let group, let number):
      volume.book.waitForAll(number, of: group)
      // It is done, and not seen here.
      if volume.book.isUnwritten(number, of: group) { try catalogMustBeWritable() }
      return number
    case .refused(let refusal): throw TreeError(refusal)
    default: throw .state("the tracker's answer makes no sense")
    }
  }

  /// What is made while this fails would not be seen by who has made it.
  func catalogMustBeWritable() throws(TreeError) {
    switch volume.book.trouble.withLock({ $0 }) {
    case nil: return
    case .full?: throw .full
    case let trouble?: throw .state(trouble.sentence)
    }
  }

  func mustBeNew(_ spot: Spot) throws(TreeError) {
    if (try? child(spot.name, of: spot.directory, counting: false)) != nil { throw .exists }
  }

  func touch(_ directory: Node) {
    table.withLock { _ in directory.modified = Clock.now }
  }
}

// Making.
extension Tree {
  /// In the root: a group.
  package func makeDirectory(
    _ name: [UInt8], in directory: NodeNumber, for caller: Caller
  ) throws(TreeError) -> Found {
    try mustBeWritable()
    let parent = try node(directory)
    if case .root = parent.kind { return try makeGroup(name, in: parent, for: caller) }
    return try make(name, in: directory, for: caller) { _ in .directory }
  }

  private func makeGroup(_ name: [UInt8], in root: Node, for caller: Caller) throws(TreeError) -> Found {
    if controls.root(String(decoding: name, as: UTF8.self)) != nil { throw .exists }
    guard let groupName = GroupName(String(decoding: name, as: UTF8.self)) else {
      throw .invalid("a group's name has 1 to 64 of A-Z a-z 0-9 . _ -, the first a letter or a digit")
    }
    try catalogMustBeWritable()
    let answer = try caller.ask(volume.line, .propose(.next(), Proposal(.found, in: groupName)))
    if case .refused(let refusal) = answer { throw refusal == .groupExists ? .exists : TreeError(refusal) }
    let isIn = volume.book.waitUntilIn(groupName, milliseconds: volume.line.patienceMilliseconds)
    if isIn, volume.book.group(named: groupName) == nil { try catalogMustBeWritable() }
    touch(root)
    return try lookUp(name, in: root.number)
  }

  package func makeLink(
    _ name: [UInt8], in directory: NodeNumber, to target: [UInt8], for caller: Caller
  ) throws(TreeError) -> Found {
    try mustBeWritable()
    return try make(name, in: directory, for: caller) { spot throws(TreeError) in
      guard let target = LinkTarget(target, at: spot.path) else {
        throw .notPermitted("a link has to be relative and to stay inside its group")
      }
      return .symlink(target)
    }
  }

  /// Waits for the tracker, and for who renames a directory, as long as a `close` does; then the journal has it.
  private func make(
    _ name: [UInt8], in directory: NodeNumber, for caller: Caller,
    _ kind: (Spot) throws(TreeError) -> Entry.Kind
  ) throws(TreeError) -> Found {
    let deadline = Instant.now + patienceMilliseconds
    let found = try gate.pass(for: caller, until: deadline) { () throws(TreeError) in
      let spot = try self.spot(name, in: directory)
      return try make(try kind(spot), at: spot, for: caller, until: deadline)
    }
    if let found { return found }
    let spot = try self.spot(name, in: directory)
    try mustBeNew(spot)
    return try makePending(try kind(spot), modified: Clock.now, at: spot, over: takeHidden(spot))
  }

  private func make(
    _ kind: Entry.Kind, at spot: Spot, for caller: Caller, until deadline: Instant
  ) throws(TreeError) -> Found {
    try mustBeNew(spot)
    let modified = Clock.now
    let hidden = takeHidden(spot)
    let isBelowPending = table.withLock { _ in spot.directory.pending != nil }
    if isBelowPending || publisher.isHeld(spot.path, in: spot.group) {
      return try makePending(kind, modified: modified, at: spot, over: hidden)
    }
    try catalogMustBeWritable()
    // It is the same request that waits in the journal, so that it counts once.
    let request = RequestID.next()
    let wish = Proposal.Wish.publish(spot.path, kind, modified: modified, over: hidden?.version ?? 0)
    do throws(TreeError) {
      try decide(wish, in: spot.group, as: request, for: caller, until: deadline)
    } catch let error where error.isAway {
      return try makePending(kind, modified: modified, at: spot, over: hidden, as: request)
    } catch {
      throw error == .refused(.conflict) ? .exists : error
    }
    touch(spot.directory)
    let found = try lookUp(spot.name, in: spot.directory.number)
    guard found.attributes.kind == kind.attributesKind else {
      // Others have put something else there since.
      forget(found.node, lookups: 1)
      throw .exists
    }
    return found
  }

  /// While no tracker answers it is here, and in the journal.
  private func makePending(
    _ kind: Entry.Kind, modified: Int64, at spot: Spot, over hidden: Entry?, as request: RequestID = .next()
  ) throws(TreeError) -> Found {
    let wish = Proposal.Wish.publish(spot.path, kind, modified: modified, over: hidden?.version ?? 0)
    let row = PendingPublish(Proposal(wish, in: try groupName(spot.group)), in: spot.group, as: request)
    // Whoever tries again what is in the journal finds the node, too.
    _ = publisher.begin(row.request)
    defer { publisher.end(row.request) }
    do throws(DiskTrouble) { try publisher.journal.append(row) } catch { throw TreeError(error) }
    let node = insertPending(kind, modified, row.request, spot.name, in: spot.directory, spot.group)
    table.withLock { _ in node.lookups += 1 }
    publisher.tryAgain()
    return Found(node: node.number, attributes: attributes(of: node))
  }

  func insertPending(
    _ kind: Entry.Kind, _ modified: Int64, _ request: RequestID, _ name: [UInt8], in directory: Node,
    _ group: GroupID
  ) -> Node {
    table.withLock { table in
      let nodeKind: Node.Kind = if case .symlink(let target) = kind { .symlink(target) } else { .directory }
      let node = Node(table.freshNumber(), nodeKind, in: group, inode: inodes.fresh(), modified: modified)
      node.pending = request
      table.insert(node, as: name, in: directory)
      table.setLocal(node, true)
      return node
    }
  }
}

// Removing.
extension Tree {
  package func removeDirectory(
    _ name: [UInt8], from directory: NodeNumber, for caller: Caller
  ) throws(TreeError) {
    try mustBeWritable()
    let parent = try node(directory)
    let node = try child(name, of: parent, counting: false)
    guard node.isDirectory else { throw .notDirectory }
    if case .group(let groupName) = node.kind { return try removeGroup(groupName, node, for: caller) }
    endHiding(olderThan: .max, for: caller)
    let deadline = namesDeadline
    try behindGate(for: caller, until: deadline) { () throws(TreeError) in
      let spot = try spot(name, in: directory)
      guard table.withLock({ $0.locals(in: node).isEmpty }) else { throw .notEmpty }
      if let pending = table.withLock({ _ in node.pending }) { return dropPending(pending, node) }
      try mustBeMine(try entry(at: spot), in: spot.group)
      try decide(.unpublish(spot.path), in: spot.group, for: caller, until: deadline)
      vanish(node, and: spot)
      directoryEnded(spot)
    }
  }

  /// A member leaves it, its owner removes it; neither while it holds files.
  private func removeGroup(_ name: GroupName, _ node: Node, for caller: Caller) throws(TreeError) {
    guard let group = node.group else { throw .notFound }
    endHiding(olderThan: .max, for: caller)
    guard try openDirectory(node.number).items.allSatisfy({ $0.kind == .control }) else { throw .notEmpty }
    let isOwner = volume.book.isOwner(volume.user, of: group)
    let wish: Proposal.Wish = isOwner ? .disband : .leave
    let answer = try caller.ask(volume.line, .propose(.next(), Proposal(wish, in: name)))
    if case .refused(let refusal) = answer { throw TreeError(refusal) }
    _ = volume.book.wait(milliseconds: patienceMilliseconds) { volume.book.groups[group] == nil }
    vanish(node)
  }

  package func removeFile(_ name: [UInt8], from directory: NodeNumber, for caller: Caller) throws(TreeError) {
    try mustBeWritable()
    let parent = try node(directory)
    let node = try child(name, of: parent, counting: false)
    let deadline = namesDeadline
    switch node.kind {
    case .root, .group, .directory: throw .isDirectory
    case .control: throw .notPermitted("a control file is always there")
    case .symlink:
      try behindGate(for: caller, until: deadline) { () throws(TreeError) in
        try removeLink(node, try spot(name, in: directory), for: caller, until: deadline)
      }
    case .file(let file):
      try behindGate(for: caller, until: deadline) { () throws(TreeError) in
        let spot = try spot(name, in: directory)
        try file.publishTurn.take { () throws(TreeError) in
          try remove(file, at: node, spot, for: caller, until: deadline)
        }
      }
    }
  }

  private func removeLink(
    _ node: Node, _ spot: Spot, for caller: Caller, until deadline: Instant
  ) throws(TreeError) {
    if let pending = table.withLock({ _ in node.pending }) { return dropPending(pending, node) }
    try mustBeMine(table.withLock { _ in node.entry }, in: spot.group)
    try decide(.unpublish(spot.path), in: spot.group, for: caller, until: deadline)
    vanish(node, and: spot)
  }

  private func remove(
    _ file: TreeFile, at node: Node, _ spot: Spot, for caller: Caller, until deadline: Instant
  ) throws(TreeError) {
    let published = file.state.withLock { $0.published }
    if let published {
      try mustBeMine(published, in: spot.group)
      do throws(TreeError) {
        try decide(.unpublish(spot.path), in: spot.group, for: caller, until: deadline)
      } catch .notFound {
        // It has gone meanwhile.
      }
    }
    discard(file, at: node)
    vanish(node, and: spot)
  }

  /// Nobody is told of it any more; who has it open goes on.
  func discard(_ file: TreeFile, at node: Node) {
    let (pending, isUnshared, isLocalOnly, draft, stored, isOpen) = file.state.withLock { state in
      defer {
        state.refused = RefusedWrites()
        state.pending = nil
        state.isDirty = false
        state.isLocalOnly = false
        state.isRemoved = true
      }
      // What could not be closed has no name in any journal.
      let isUnshared = state.pending != nil || state.isLocalOnly || state.refused.error != nil
      return (
        state.pending, isUnshared, state.isLocalOnly, state.draft, state.stored, state.handles > 0
      )
    }
    if let pending { withdraw(pending) }
    if isLocalOnly { forgetLocal(node, file) }
    if let stored, isUnshared { volume.dropUnshared(stored) }
    isOpen ? draft?.markUnwanted() : draft?.discard()
    publisher.setUnfinished(node, false)
    vanish(node)
  }

  func dropPending(_ request: RequestID, _ node: Node) {
    if let row = publisher.journal[request] { withdraw(row) }
    vanish(node)
  }

  /// Others may have put something else there a moment before: it is that which has gone, and what was meant is where
  /// they have put it.
  private func vanish(_ node: Node, and spot: Spot) {
    let other = table.withLock { table in
      table.child(spot.name, of: spot.directory).flatMap {
        $0 === node || table.locals.contains($0) ? nil : $0
      }
    }
    if let other { replace(other, in: spot.directory) }
    if table.withLock({ _ in node.parent === spot.directory && node.name == spot.name }) { vanish(node) }
  }

  func vanish(_ node: Node) {
    table.withLock { table in
      table.changes += 1
      node.parent?.modified = Clock.now
      table.setLocal(node, false)
      table.detach(node)
    }
  }
}

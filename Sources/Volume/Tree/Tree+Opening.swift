// Opening and creating files, and fetching what of them is not here.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// `stale`: look the name up again, and open what is there now.
  package func open(_ number: NodeNumber, _ access: Access) throws(TreeError) -> OpenFile {
    let node = try node(number)
    guard let file = node.file else { throw node.isDirectory ? .isDirectory : .invalid("it is no file") }
    if access.writes || access.truncates {
      try mustBeWritable()
      try mustBeMine(file.state.withLock { $0.published }, in: file.group)
    }
    // Counted first: what nobody has open may be forgotten at any moment.
    let open = take(file, at: node, access)
    do throws(TreeError) {
      guard access.truncates else {
        try makeReadable(file, at: node)
        return open
      }
      try truncateAtOnce(file, at: node)
      open.noteWritten()
      return open
    } catch {
      letGo(file, at: node, writes: access.writes)
      throw error
    }
  }

  func mayBeWritten(_ file: TreeFile) -> Bool {
    guard !isReadOnly else { return false }
    return file.state.withLock { $0.published }.map { mayChange($0, in: file.group) } ?? true
  }

  /// From now on the name stands for another node of the same file: this one is read in a way that no writer may join.
  package func renew(_ number: NodeNumber) {
    guard let node = table.withLock({ $0[number] }), let file = node.file, !file.isAtWork else { return }
    table.withLock { $0.detach(node) }
  }

  /// Whether this member may write the file at all.
  package func mustBeChangeable(_ number: NodeNumber) throws(TreeError) {
    try mustBeWritable()
    guard let file = try node(number).file else { return }
    try mustBeMine(file.state.withLock { $0.published }, in: file.group)
  }

  private func take(_ file: TreeFile, at node: Node, _ access: Access) -> OpenFile {
    table.withLock { $0.hold(node) }
    file.state.withLock { state in
      state.handles += 1
      if access.writes { state.writers += 1 }
    }
    return OpenFile(node, file, in: self, access)
  }

  /// Whether something is left that nobody else who has it open will publish.
  @discardableResult
  func letGo(_ file: TreeFile, at node: Node, writes: Bool, isClosed: Bool = false) -> Bool {
    let (discarded, isLeft) = file.state.withLock { state -> (Draft?, Bool) in
      state.handles -= 1
      if isClosed { state.closed -= 1 }
      if writes { state.writers -= 1 }
      if state.writers == 0, state.draft == nil, !state.isDirty { state.refused = RefusedWrites() }
      let isLeft =
        writes && state.writers == 0 && state.refused.error == nil && (state.isDirty || state.draft != nil)
      guard state.handles == 0 else { return (nil, isLeft) }
      // Of what is not published yet, the only reference may be here.
      if state.draft == nil, state.pending == nil, !state.isDirty, !state.isLocalOnly { state.stored = nil }
      return (state.draft, isLeft)
    }
    if let discarded, table.withLock({ _ in node.parent == nil }) {
      discarded.discard()
      file.state.withLock { $0.draft = nil }
    }
    table.withLock { $0.letGo(node) }
    return isLeft
  }

  /// What is read of a file is served to others from then on, and they are looked for who have it.
  private func makeReadable(_ file: TreeFile, at node: Node) throws(TreeError) {
    let name = file.state.withLock { state in
      state.draft == nil && state.stored == nil ? ContentName(state.content) : nil
    }
    guard let name else { return }
    let stored: StoredContent
    do throws(DiskTrouble) { stored = try volume.store.content(name) } catch { throw TreeError(error) }
    file.state.withLock { state in
      if state.stored == nil, state.draft == nil, ContentName(state.content) == name { state.stored = stored }
    }
    if let path = try? path(of: node) { volume.shareCached(stored, as: LedgerKey(file.group, path)) }
    if !stored.isWhole { volume.swarm.prepare(ContentKey(group: file.group, root: name.root), stored) }
  }

  package func create(
    _ name: [UInt8], in directory: NodeNumber, isExecutable: Bool, _ access: Access
  ) throws(TreeError) -> (Found, OpenFile) {
    try mustBeWritable()
    let spot = try spot(name, in: directory)
    _ = try groupName(spot.group)
    if (try? child(name, of: spot.directory, counting: false)) != nil { throw .exists }
    let draft = try newDraft(over: nil, for: spot.path.bytes, in: spot.group)
    let hidden = takeHidden(spot)
    var state = TreeFile.State(
      published: hidden, content: .empty(isExecutable: isExecutable), modified: Clock.now,
      inode: inodes.fresh())
    state.draft = draft
    state.isDirty = true
    let file = TreeFile(in: spot.group, state)
    let node = table.withLock { table in
      let node = Node(
        table.freshNumber(), .file(file), in: spot.group, inode: state.inode, modified: state.modified)
      if let old = table.child(name, of: spot.directory) { table.detach(old) }
      table.insert(node, as: name, in: spot.directory)
      table.setLocal(node, true)
      node.lookups += 1
      spot.directory.modified = state.modified
      return node
    }
    let open = take(file, at: node, access)
    open.own.withLock { $0.hasWritten = true }
    return (Found(node: node.number, attributes: attributes(of: node)), open)
  }

  /// What an editor has put aside under this name is replaced by what comes now.
  func takeHidden(_ spot: Spot) -> Entry? {
    table.withLock {
      $0.unhide(Place(directory: spot.directory.number, name: spot.name))
    }?.entry
  }
}

// Fetching.
extension Tree {
  func bring(
    _ runs: [BlockRange], of stored: StoredContent, in group: GroupID,
    then: @escaping @Sendable (TreeError?) -> Void
  ) -> Bringing {
    let bringing = Bringing()
    guard !runs.isEmpty else {
      then(nil)
      return bringing
    }
    let left = Left(runs.count, then)
    let key = ContentKey(group: group, root: stored.name.root)
    for run in runs {
      bringing.add(
        volume.swarm.fetch(run, of: key, into: stored, .now) { result in
          switch result {
          case .success: left.done(nil)
          case .failure(let trouble): left.done(TreeError(trouble))
          }
        })
    }
    return bringing
  }

  /// False when the deadline has passed first; what is under way goes on.
  @discardableResult
  func bringAndWait(
    _ runs: [BlockRange], of stored: StoredContent, in group: GroupID, for caller: Caller,
    until deadline: Instant
  ) throws(TreeError) -> Bool {
    let box = OutcomeBox()
    let isDone = try caller.wait(until: deadline) { bell in
      _ = bring(runs, of: stored, in: group) { error in
        box.put(error)
        bell.signal()
      }
    }
    if let error = box.error { throw error }
    return isDone
  }
}

private final class OutcomeBox: Sendable {
  private let value = Mutex<TreeError?>(nil)

  func put(_ error: TreeError?) { value.withLock { $0 = error } }

  var error: TreeError? { value.withLock { $0 } }
}

/// Counts down what several fetches have still to bring; the first trouble ends the waiting.
private final class Left: Sendable {
  private struct State {
    var count: Int
    var isTold = false
  }

  private let state: Mutex<State>
  private let then: @Sendable (TreeError?) -> Void

  init(_ count: Int, _ then: @escaping @Sendable (TreeError?) -> Void) {
    state = Mutex(State(count: count))
    self.then = then
  }

  func done(_ error: TreeError?) {
    let isLast = state.withLock { state in
      state.count -= 1
      guard !state.isTold, error != nil || state.count == 0 else { return false }
      state.isTold = true
      return true
    }
    if isLast { then(error) }
  }
}

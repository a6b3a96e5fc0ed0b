// From a draft that was closed to a decision of the tracker. The order is what nothing is lost by: bytes on the disk,
// then the journal, then the tracker, and only then is the journal's row gone.

internal import Glibc
package import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  static let patienceMilliseconds = 2_000

  /// All that was written to a file, if there is something that the group does not know. Waits for the tracker, two
  /// seconds at most; then the journal has it, and that will do.
  func publish(_ file: TreeFile, at node: Node, for caller: Caller) throws(TreeError) {
    let deadline = Instant.now + Self.patienceMilliseconds
    let isDone: Void? = try gate.pass(for: caller, until: deadline) { () throws(TreeError) in
      try file.publishTurn.take { () throws(TreeError) in
        try publishAlone(file, at: node, for: caller, until: deadline)
      }
    }
    guard isDone == nil else { return }
    // A directory is being renamed all the time. Whoever tries again looks for the path that it has by then.
    try file.publishTurn.take { () throws(TreeError) in
      try publishAlone(file, at: node, for: caller, until: deadline, isLater: true)
    }
  }

  /// By who has its turn, and has passed the gate. Or later: then the journal has it, and nobody is asked now.
  func publishAlone(
    _ file: TreeFile, at node: Node, for caller: Caller, until deadline: Instant, isLater: Bool = false
  ) throws(TreeError) {
    guard try endDraft(of: file, at: node, for: caller, until: deadline) else {
      volume.log("\(words(for: node)) is published when the rest of its old version is here")
      return publisher.setUnfinished(node, true)
    }
    publisher.setUnfinished(node, false)
    guard file.state.withLock({ $0.isDirty && $0.draft == nil }) else { return }
    guard let path = try? path(of: node) else { return keepHomeless(file, at: node) }
    if LeftByEditors.holds(node.name) { return try keepLocal(file, at: node, path) }
    try propose(file, at: node, path, for: caller, until: deadline, isLater: isLater)
  }

  /// Who was removed here has nothing to publish; but where others have taken its directory away, its bytes are kept.
  private func keepHomeless(_ file: TreeFile, at node: Node) {
    let (stored, pending) = file.state.withLock { state in
      defer { (state.isDirty, state.pending) = (false, nil) }
      return (state.stored, state.pending)
    }
    if let pending { forgetRow(pending) }
    if table.withLock({ _ in node.parent != nil }) {
      let place = stored.flatMap { keepAside($0, as: node.name) }.map { ": its content is kept as \($0)" }
      volume.log("\(words(for: node)) has no directory any more\(place ?? "")")
    }
    table.withLock { $0.setLocal(node, false) }
  }

  /// Later, in the background, as long as it takes.
  func finish(_ node: Node, for caller: Caller) {
    guard let file = node.file else { return }
    do throws(TreeError) {
      try publish(file, at: node, for: caller)
    } catch {
      publisher.setUnfinished(node, true)
    }
  }

  /// The draft becomes a content of the cache. False when bytes of the old version are still missing at the deadline.
  private func endDraft(
    of file: TreeFile, at node: Node, for caller: Caller, until deadline: Instant
  ) throws(TreeError) -> Bool {
    try file.draftTurn.take { () throws(TreeError) in
      guard let draft = file.state.withLock({ $0.draft }) else { return true }
      while true {
        switch draft.finish(synced: file.state.withLock { $0.isSynced }) {
        case .content(let stored):
          setContent(stored, of: file)
          return true
        case .empty:
          setContent(nil, of: file)
          return true
        case .needsBase:
          guard let base = draft.base, try bringBase(base, of: file, for: caller, until: deadline) else {
            return false
          }
        case .trouble(let trouble):
          guard trouble == .cancelled || isForgotten(file, at: node) else { throw TreeError(trouble) }
          // Discarded meanwhile: it was removed, and who had it open has closed it.
          file.state.withLock { if $0.draft === draft { $0.draft = nil } }
          return true
        }
      }
    }
  }

  private func isForgotten(_ file: TreeFile, at node: Node) -> Bool {
    table.withLock { _ in node.parent == nil } && file.state.withLock { $0.handles == 0 }
  }

  private func bringBase(
    _ base: StoredContent, of file: TreeFile, for caller: Caller, until deadline: Instant
  ) throws(TreeError) -> Bool {
    try bringAndWait(
      base.missing(in: base.layout.allBlocks), of: base, in: file.group, for: caller, until: deadline)
  }

  /// As durable as any disk has it: what was closed is on it some seconds later, what was synced is on it at once.
  func synchronize(_ file: TreeFile) throws(TreeError) {
    guard let stored = file.state.withLock({ $0.stored }) else { return }
    do throws(DiskTrouble) {
      try stored.save()
      if file.state.withLock({ $0.pending != nil }) { try publisher.journal.sync() }
    } catch {
      throw TreeError(error)
    }
  }

  private func setContent(_ stored: StoredContent?, of file: TreeFile) {
    file.state.withLock { state in
      let isExecutable = state.content.isExecutable
      let content = stored.flatMap {
        FileContent(size: UInt64($0.name.fileBytes), root: $0.name.root, isExecutable: isExecutable)
      }
      state.content = content ?? .empty(isExecutable: isExecutable)
      state.stored = stored
      state.draft = nil
      state.isDirty = true
    }
  }

  /// For the log.
  func words(for node: Node) -> String {
    let path = (try? path(of: node))?.bytes ?? node.name
    let group = node.group.flatMap { volume.book.groups[$0]?.description } ?? "?"
    return "\(group)/\(Printable.escaped(path))"
  }
}

// Asking the tracker.
extension Tree {
  private func propose(
    _ file: TreeFile, at node: Node, _ path: FilePath, for caller: Caller, until deadline: Instant,
    isLater: Bool = false
  ) throws(TreeError) {
    let row = try row(for: file, path)
    // Before it is in the journal, that nobody else takes it from there.
    _ = publisher.begin(row.request)
    defer { publisher.end(row.request) }
    do throws(TreeError) { try journal(row, of: file) } catch {
      file.state.withLock { $0.isDirty = true }
      throw error
    }
    isLater ? leave(node) : try ask(row, file, at: node, for: caller, until: deadline)
  }

  /// To who tries again what is in the journal.
  private func leave(_ node: Node) {
    table.withLock { $0.setLocal(node, true) }
    publisher.tryAgain()
  }

  private func row(for file: TreeFile, _ path: FilePath) throws(TreeError) -> PendingPublish {
    let group = try groupName(file.group)
    return file.state.withLock { state in
      // What is changed from here on is not in it.
      state.isDirty = false
      let wish = Proposal.Wish.publish(
        path, .file(state.content), modified: state.modified, over: state.published?.version ?? 0)
      return PendingPublish(Proposal(wish, in: group), in: file.group, as: .next())
    }
  }

  /// In place of what was pending of this file. From then on its bytes may be asked for.
  private func journal(_ row: PendingPublish, of file: TreeFile) throws(TreeError) {
    let (old, stored) = file.state.withLock { ($0.pending, $0.stored) }
    do throws(DiskTrouble) {
      try publisher.journal.append(row)
      if let old { try publisher.journal.remove(old.request) }
    } catch {
      throw TreeError(error)
    }
    file.state.withLock { $0.pending = row }
    guard case .publish(let path, _, _, _) = row.proposal.wish, let stored else { return }
    volume.shareCached(stored, as: LedgerKey(file.group, path))
  }

  private func ask(
    _ row: PendingPublish, _ file: TreeFile, at node: Node, for caller: Caller, until deadline: Instant
  ) throws(TreeError) {
    announce(row)
    let answer: TrackerAnswer
    do throws(TreeError) {
      answer = try decide(row, for: caller, until: deadline)
    } catch {
      if error == .interrupted || error == .noTracker { leave(node) }
      if error == .interrupted { throw error }
      return volume.log("\(words(for: node)) is published when a tracker answers")
    }
    try settle(row, file, at: node, answer, for: caller, until: deadline)
  }

  private func decide(
    _ row: PendingPublish, for caller: Caller, until deadline: Instant
  ) throws(TreeError) -> TrackerAnswer {
    let request = TrackerRequest.propose(row.request, row.proposal)
    return try caller.ask(volume.line, request, within: deadline.milliseconds(after: .now)) {
      [publisher] answer in
      if case .decided(let group, let number) = answer { publisher.noteOwn(group, number) }
    }
  }

  /// Bytes before names: who hears of the name finds who has the bytes.
  private func announce(_ row: PendingPublish) {
    guard case .publish(_, .file(let content), _, _) = row.proposal.wish, let root = content.root else {
      return
    }
    let key = ContentKey(group: row.group, root: root)
    volume.line.ask(.announce([Holding(key: key, pieces: volume.shared.pieces(key))])) { _ in }
  }

  private func settle(
    _ row: PendingPublish, _ file: TreeFile, at node: Node, _ answer: TrackerAnswer, for caller: Caller,
    until deadline: Instant
  ) throws(TreeError) {
    switch answer {
    case .decided(let group, let number): decided(row, number, file, at: node, in: group)
    case .refused(.busy), .refused(.trackerFull):
      table.withLock { $0.setLocal(node, true) }
      volume.log("\(words(for: node)) is published when the tracker has room for it")
    case .refused(.noSuchFile) where table.withLock({ _ in node.parent?.pending != nil }):
      table.withLock { $0.setLocal(node, true) }
    case .refused(.noSuchFile) where hasNewPath(row, node):
      try propose(file, at: node, try path(of: node), for: caller, until: deadline)
    case .refused(.conflict):
      try resolve(row, file, at: node, for: caller, until: deadline)
    case .refused(let refusal):
      setAside(row, file, at: node, because: refusal)
      throw .refused(refusal)
    default: throw .state("the tracker's answer makes no sense")
    }
  }

  private func decided(
    _ row: PendingPublish, _ number: UInt64, _ file: TreeFile, at node: Node, in group: GroupID
  ) {
    guard case .publish(let path, let kind, let modified, _) = row.proposal.wish else { return }
    volume.book.waitForAll(number, of: group)
    let entry =
      current(node, kind, since: number)
      ?? Entry(path: path, kind: kind, owner: volume.user, modified: modified, version: number)
    file.state.withLock { state in
      let old = state.published
      state.published = entry
      if state.pending?.request == row.request { state.pending = nil }
      // A new file keeps its number, and so does one that others still write; another version has another.
      if old == nil || state.writers > 1 {
        inodes.keep(state.inode, for: entry, in: group)
      } else {
        state.inode = inodes.number(of: entry, in: group)
      }
      if state.handles == 0, state.draft == nil { state.stored = nil }
    }
    forgetRow(row)
    let isAtWork = file.isAtWork
    table.withLock { $0.setLocal(node, isAtWork) }
    kernel.forgetNode(node.number, bytes: false)
  }

  func forgetRow(_ row: PendingPublish) {
    do throws(DiskTrouble) { try publisher.journal.remove(row.request) } catch {
      volume.log("the journal cannot be written: \(error.sentence)")
    }
  }
}

// What came in between.
extension Tree {
  /// Somebody else has published that name meanwhile, or it was this member himself and the answer was lost.
  private func resolve(
    _ row: PendingPublish, _ file: TreeFile, at node: Node, for caller: Caller, until deadline: Instant
  ) throws(TreeError) {
    guard case .publish(let path, let kind, _, _) = row.proposal.wish else { return }
    let found: Entry?
    do throws(BookTrouble) { found = try volume.book.entry(at: path, in: row.group) } catch {
      throw .state("\(error)")
    }
    if let found, found.kind == kind, found.owner == volume.user {
      return decided(row, found.version, file, at: node, in: row.group)
    }
    if try hasMoved(row, file, at: node, found) {
      return try propose(file, at: node, try self.path(of: node), for: caller, until: deadline)
    }
    let copy = try conflictName(for: path, in: row.group)
    volume.log("\(words(for: node)) was published by somebody else meanwhile: this one becomes \(copy)")
    table.withLock { table in
      guard let parent = node.parent else { return }
      table.changes += 1
      table.move(node, to: Array(copy.name), in: parent)
      table.setLocal(node, true)
    }
    if let parent = table.withLock({ _ in node.parent }) {
      kernel.forgetName(Array(path.name), in: parent.number)
      kernel.forgetName(Array(copy.name), in: parent.number)
    }
    file.state.withLock { state in
      state.published = nil
      state.isDirty = true
      state.inode = inodes.fresh()
    }
    try propose(file, at: node, copy, for: caller, until: deadline)
  }

  /// Its directory was renamed while this was on its way; who does that here is about to say so.
  private func hasNewPath(_ row: PendingPublish, _ node: Node) -> Bool {
    guard case .publish(let path, _, _, _) = row.proposal.wish else { return false }
    for _ in 0..<40 {
      guard let now = try? self.path(of: node) else { return false }
      if now != path { return true }
      usleep(25_000)
    }
    return false
  }

  /// A directory above it was renamed while this was on its way: the same file has another path and another version
  /// now. Whoever renames it here is about to say so.
  private func hasMoved(
    _ row: PendingPublish, _ file: TreeFile, at node: Node, _ found: Entry?
  ) throws(TreeError) -> Bool {
    guard case .publish(let path, _, _, let over) = row.proposal.wish, over != 0 else { return false }
    for _ in 0..<40 {
      let published = file.state.withLock { $0.published }
      if try self.path(of: node) != path || published?.version != over { return true }
      if let found, let published, found.kind == published.kind, found.owner == published.owner {
        file.state.withLock { $0.published = found }
        return true
      }
      if found != nil { return false }
      usleep(25_000)
    }
    return false
  }

  /// What has been published may have been moved since.
  private func current(_ node: Node, _ kind: Entry.Kind, since number: UInt64) -> Entry? {
    guard let group = node.group, let path = try? path(of: node),
      let entry = (try? volume.book.entry(at: path, in: group)) ?? nil, entry.kind == kind,
      entry.version >= number
    else { return nil }
    return entry
  }

  /// `name (conflict of <user> <date>).ext`
  private func conflictName(for path: FilePath, in group: GroupID) throws(TreeError) -> FilePath {
    let name = String(decoding: path.name, as: UTF8.self)
    let dot = name.dropFirst().lastIndex(of: ".")
    let stem = dot.map { String(name[..<$0]) } ?? name
    let end = dot.map { String(name[$0...]) } ?? ""
    for number in 1... {
      let more = number == 1 ? "" : " \(number)"
      let text = "\(stem) (conflict of \(volume.user) \(Self.today)\(more))\(end)"
      let bytes = (path.parent.map { $0.bytes + [UInt8(ascii: "/")] } ?? []) + Array(text.utf8)
      let copy = try Self.path([bytes])
      do throws(BookTrouble) {
        if try volume.book.entry(at: copy, in: group) == nil { return copy }
      } catch {
        throw .state("\(error)")
      }
    }
    throw .nameTooLong
  }

  private static var today: String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
  }

  /// The tracker has refused it for good: its bytes are kept where their user finds them, and the name shows again what
  /// the group has.
  private func setAside(_ row: PendingPublish, _ file: TreeFile, at node: Node, because refusal: Refusal) {
    forgetRow(row)
    let stored = file.state.withLock { $0.stored }
    let place = stored.flatMap { keepAside($0, as: node.name) }
    volume.log(
      "\(words(for: node)) was refused: \(TreeError.refused(refusal).sentence)"
        + (place.map { ": its content is kept as \($0)" } ?? ""))
    let name = node.name
    let parent = table.withLock { table in
      let parent = node.parent
      table.changes += 1
      table.setLocal(node, false)
      table.detach(node)
      return parent
    }
    file.state.withLock { state in
      state.pending = nil
      state.isDirty = false
    }
    if let parent { kernel.forgetName(name, in: parent.number) }
  }
}

// Trying again.
extension Tree {
  /// False when there is no use in trying the next one now.
  func retry(_ row: PendingPublish, for caller: Caller) -> Bool {
    guard volume.book.isCurrent else { return false }
    guard let node = pendingNode(row) else {
      giveUp(row)
      return true
    }
    let deadline = Instant.now + Self.patienceMilliseconds
    let goesOn = try? gate.pass(for: caller, until: deadline) { () throws(TreeError) in
      guard let file = node.file else { return retryOther(row, at: node, for: caller) }
      return file.publishTurn.take { retry(row, file, at: node, for: caller) }
    }
    return goesOn ?? false
  }

  private func retry(_ row: PendingPublish, _ file: TreeFile, at node: Node, for caller: Caller) -> Bool {
    // It may have been closed anew, or removed, while its turn was awaited.
    guard file.state.withLock({ $0.pending?.request == row.request }) else { return true }
    guard let path = try? path(of: node) else {
      keepHomeless(file, at: node)
      return true
    }
    let deadline = Instant.now + Self.patienceMilliseconds
    do throws(TreeError) {
      guard row.isAt(path) else {
        try propose(file, at: node, path, for: caller, until: deadline)
        return true
      }
      let answer = try decide(row, for: caller, until: deadline)
      try settle(row, file, at: node, answer, for: caller, until: deadline)
      return true
    } catch {
      return error != .noTracker
    }
  }

  /// Its group is no longer mine, or its directory has gone: what it holds is kept for its user.
  private func giveUp(_ row: PendingPublish) {
    forgetRow(row)
    guard case .publish(let path, .file(let content), _, _) = row.proposal.wish,
      let name = ContentName(content),
      let stored = try? volume.store.content(name)
    else { return }
    let place = keepAside(stored, as: Array(path.name)).map { ": its content is kept as \($0)" } ?? ""
    volume.log("\(row.proposal.group)/\(path) cannot be published any more\(place)")
  }

  private func pendingNode(_ row: PendingPublish) -> Node? {
    let (locals, other) = table.withLock { table in
      (Array(table.locals), table.locals.first { $0.pending == row.request })
    }
    return other ?? locals.first { $0.file?.state.withLock { $0.pending?.request } == row.request }
  }

  /// Directories and links.
  private func retryOther(_ row: PendingPublish, at node: Node, for caller: Caller) -> Bool {
    guard let row = underItsPath(row, node),
      let answer = try? decide(row, for: caller, until: .now + Self.patienceMilliseconds)
    else { return false }
    guard case .publish(let path, let kind, let modified, _) = row.proposal.wish else { return true }
    switch answer {
    case .decided(let group, let number):
      volume.book.waitForAll(number, of: group)
      let entry = Entry(path: path, kind: kind, owner: volume.user, modified: modified, version: number)
      inodes.keep(node.inode, for: entry, in: group)
      settled(node, entry)
    case .refused(.busy), .refused(.trackerFull): return false
    // Somebody else has made that directory: it is the same one.
    case .refused(.conflict), .refused(.fileExists):
      settled(node, (try? volume.book.entry(at: path, in: row.group)) ?? nil)
    case .refused(let refusal):
      volume.log("\(words(for: node)) was refused: \(TreeError.refused(refusal).sentence)")
      table.withLock { $0.setLocal(node, false) }
      if let parent = table.withLock({ _ in node.parent }) { replace(node, in: parent) }
    default: return false
    }
    forgetRow(row)
    return true
  }

  /// A directory above it may have been renamed since it was journaled. nil where that cannot be written down.
  private func underItsPath(_ row: PendingPublish, _ node: Node) -> PendingPublish? {
    guard case .publish(_, let kind, let modified, let over) = row.proposal.wish,
      let path = try? path(of: node), !row.isAt(path)
    else { return row }
    let wish = Proposal.Wish.publish(path, kind, modified: modified, over: over)
    let moved = PendingPublish(Proposal(wish, in: row.proposal.group), in: row.group, as: .next())
    do throws(DiskTrouble) { try publisher.journal.append(moved) } catch { return nil }
    table.withLock { _ in node.pending = moved.request }
    forgetRow(row)
    return moved
  }

  private func settled(_ node: Node, _ entry: Entry?) {
    table.withLock { table in
      node.entry = entry
      node.pending = nil
      table.setLocal(node, false)
    }
  }

  /// What is closed and not published, for the status: group and path.
  package var pending: [(group: GroupName, path: FilePath)] {
    publisher.journal.pending.compactMap { row in
      guard case .publish(let path, _, _, _) = row.proposal.wish else { return nil }
      return (row.proposal.group, path)
    }
  }

  /// Waits until everything closed is published.
  package func sync(for caller: Caller, milliseconds: Int) throws(TreeError) {
    endHiding(olderThan: .max, for: caller)
    let deadline = Instant.now + milliseconds
    publisher.tryAgain()
    while !publisher.journal.pending.isEmpty || publisher.hasUnfinished {
      guard Instant.now < deadline else {
        throw volume.book.isCurrent ? .notNow("some files wait for others") : .noTracker
      }
      _ = try caller.wait(until: .now + 50) { _ in }
    }
  }
}

extension PendingPublish {
  fileprivate func isAt(_ path: FilePath) -> Bool {
    guard case .publish(let own, _, _, _) = proposal.wish else { return false }
    return own == path
  }
}

// From a draft that was closed to a decision of the tracker. The order is what nothing is lost by: bytes on the disk,
// then the journal, then the tracker, and only then is the journal's row gone.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// How long a `close` waits for the tracker; where that was in vain already, the journal is enough.
  var patienceMilliseconds: Int { volume.line.isLost(for: 2_000) ? 50 : 2_000 }

  /// All that was written to a file, if there is something that the group does not know. Waits for the tracker, two
  /// seconds at most; then the journal has it, and that will do.
  func publish(_ file: TreeFile, at node: Node, for caller: Caller) throws(TreeError) {
    let deadline = Instant.now + patienceMilliseconds
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
    // A write that failed may have left one.
    dropUnchangedDraft(of: file, at: node)
    try mustBeWhole(file)
    guard try endDraft(of: file, at: node, for: caller, until: deadline) else {
      try mustHavePlace(node)
      volume.log("\(words(for: node)) is published when the rest of its old version is here")
      return publisher.setUnfinished(node, true)
    }
    publisher.setUnfinished(node, false)
    guard file.state.withLock({ $0.isDirty && $0.draft == nil }) else { return }
    guard volume.book.isMine(file.group), let path = try? path(of: node) else {
      keepHomeless(file, at: node)
      return try mustHavePlace(node)
    }
    if LeftByEditors.holds(node.name) { return try keepLocal(file, at: node, path) }
    try propose(file, at: node, path, for: caller, until: deadline, isLater: isLater)
  }

  /// Half a file stays here, where its user sees it, writes it anew or removes it; the others have the old version.
  private func mustBeWhole(_ file: TreeFile) throws(TreeError) {
    let error = file.state.withLock { state in
      state.isDirty || state.draft != nil ? state.refused.error : nil
    }
    if let error { throw error }
  }

  /// What is written there can be published some time. Who was removed here goes on, and publishes nothing.
  func mustHavePlace(_ node: Node) throws(TreeError) {
    guard let group = node.group else { return }
    if !volume.book.isMine(group), table.withLock({ _ in node.parent != nil }) {
      throw .refused(.notMember)
    }
    if table.withLock({ $0.isHomeless(node) }) { throw .stale }
  }

  /// Who was removed here has nothing to publish; but where others have taken its directory away, its bytes are kept.
  func keepHomeless(_ file: TreeFile, at node: Node) {
    let (stored, pending) = file.state.withLock { state in
      defer { (state.isDirty, state.pending) = (false, nil) }
      return (state.stored, state.pending)
    }
    if let pending { withdraw(pending) }
    if table.withLock({ _ in node.parent != nil }) {
      let place = stored.flatMap { keepAside($0, as: label(of: node)) }.map {
        ": its content is kept as \($0)"
      }
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
    let number = inodes.fresh()
    file.state.withLock { state in
      let isExecutable = state.content.isExecutable
      let content = stored.flatMap {
        FileContent(size: UInt64($0.name.fileBytes), root: $0.name.root, isExecutable: isExecutable)
      }
      state.become(content ?? .empty(isExecutable: isExecutable), numbered: number)
      state.stored = stored
      state.draft = nil
      state.isDirty = true
    }
  }

  /// For the log.
  func words(for node: Node) -> String { Printable.escaped(label(of: node)) }

  /// Its group and its path; of what has no directory any more, as far as it is known where that was.
  func label(of node: Node) -> [UInt8] {
    let path = (try? path(of: node))?.bytes ?? table.withLock { $0.lastPath(of: node) }
    let group = table.withLock { $0.groupName(above: node) } ?? node.group.flatMap { volume.book.groups[$0] }
    return Array((group?.description ?? "?").utf8) + [UInt8(ascii: "/")] + path
  }
}

// Asking the tracker.
extension Tree {
  func propose(
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

  func row(for file: TreeFile, _ path: FilePath) throws(TreeError) -> PendingPublish {
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
  func journal(_ row: PendingPublish, of file: TreeFile) throws(TreeError) {
    let (old, stored) = file.state.withLock { ($0.pending, $0.stored) }
    do throws(DiskTrouble) {
      try publisher.journal.append(row)
      if let old { try publisher.withdraw(old) }
    } catch {
      throw TreeError(error)
    }
    file.state.withLock { $0.pending = row }
    if let old { endShare(of: old) }
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
      if error == .interrupted || error.isAway { leave(node) }
      if error == .interrupted { throw error }
      let why = volume.line.authorityChange.map { ": \($0.sentence)" } ?? ""
      let time = error == .noTracker ? "when a tracker answers" : "after the next login: \(error.sentence)"
      return volume.log("\(words(for: node)) is published \(time)\(why)")
    }
    try settle(row, file, at: node, answer, for: caller, until: deadline)
  }

  func decide(
    _ row: PendingPublish, for caller: Caller, until deadline: Instant
  ) throws(TreeError) -> TrackerAnswer {
    // As if no tracker answered: who tries again has to undo that first.
    guard !publisher.isHeld(row) else { throw .noTracker }
    return try tell(
      row.request, row.proposal, for: caller, within: deadline.milliseconds(after: .now)
    ) { [publisher] answer in
      if case .decided(let group, let number) = answer { publisher.noteOwn(group, number) }
    }
  }

  /// Notes that a tracker may have heard of it. What was decided is forgotten with its row.
  func tell(
    _ request: RequestID, _ proposal: Proposal, for caller: Caller, within milliseconds: Int,
    noting: @escaping @Sendable (TrackerAnswer) -> Void
  ) throws(TreeError) -> TrackerAnswer {
    let answer: TrackerAnswer
    do throws(TreeError) {
      answer = try caller.ask(
        volume.line, .propose(request, proposal), within: milliseconds,
        sending: { [publisher] in publisher.noteSent(request) }, noting: noting)
    } catch {
      // The line goes on trying for a while.
      if error == .interrupted { publisher.noteSent(request) }
      throw error
    }
    if case .refused = answer, !answer.isPostponed { publisher.noteAnswered(request) }
    return answer
  }

  /// Bytes before names: who hears of the name finds who has the bytes.
  private func announce(_ row: PendingPublish) {
    guard case .publish(_, .file(let content), _, _) = row.proposal.wish, let root = content.root else {
      return
    }
    let key = ContentKey(group: row.group, root: root)
    volume.line.ask(.announce([Holding(key: key, pieces: volume.shared.pieces(key))])) { _ in }
  }

  func settle(
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
      setAside(row, file, at: node, because: TreeError.refused(refusal).sentence)
      throw .refused(refusal)
    default: throw .state("the tracker's answer makes no sense")
    }
  }

  func decided(
    _ row: PendingPublish, _ number: UInt64, _ file: TreeFile, at node: Node, in group: GroupID
  ) {
    guard case .publish(let path, let kind, let modified, _) = row.proposal.wish else { return }
    volume.book.waitForAll(number, of: group)
    let before = file.state.withLock { $0.published }
    // What only has other attributes stays whose it was.
    let owner = before.flatMap { $0.kind.isSame(as: kind) ? $0.owner : nil } ?? volume.user
    let entry =
      current(node, kind, since: number)
      ?? Entry(path: path, kind: kind, owner: owner, modified: modified, version: number)
    file.state.withLock { state in
      let old = state.published
      state.published = entry
      if state.pending?.request == row.request { state.pending = nil }
      inodes.keep(state.inode, for: entry, insteadOf: old, in: group)
      if state.handles == 0, state.draft == nil { state.stored = nil }
    }
    inodes.save()
    forgetRow(row)
    let isAtWork = file.isAtWork
    table.withLock { $0.setLocal(node, isAtWork) }
    kernel.forgetNode(node.number, bytes: false)
  }

  /// It is settled.
  func forgetRow(_ row: PendingPublish) {
    do throws(DiskTrouble) { try publisher.journal.remove(row.request) } catch {
      volume.log("the journal cannot be written: \(error.sentence)")
    }
    publisher.noteAnswered(row.request)
  }
}

// What was removed, renamed or written anew here while a tracker that had heard of it did not answer: it may go on at any
// time, and do what it was asked. So it is asked the same again, and what it says it has done is undone.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// Of what is pending, and not wanted any more.
  func withdraw(_ row: PendingPublish) {
    do throws(DiskTrouble) { try publisher.withdraw(row) } catch {
      volume.log("the journal cannot be written: \(error.sentence)")
    }
    endShare(of: row)
  }

  /// What it was to be is shared under that name no longer. Before the next one is: that may have the same bytes.
  func endShare(of row: PendingPublish) {
    guard case .publish(let path, .file(let content), _, _) = row.proposal.wish, let root = content.root
    else { return }
    volume.retire(root, of: LedgerKey(row.group, path))
  }

  /// False when there is no use in trying the next one now.
  func undo(_ row: PendingPublish, for caller: Caller) -> Bool {
    guard volume.book.isCurrent else { return false }
    do throws(TreeError) {
      try undoNow(row, for: caller)
      forgetWithdrawn(row)
      return true
    } catch {
      return false
    }
  }

  private func forgetWithdrawn(_ row: PendingPublish) {
    do throws(DiskTrouble) { try publisher.withdrawn.remove(row.request) } catch {
      volume.log("the journal cannot be written: \(error.sentence)")
    }
    publisher.noteAnswered(row.request)
  }

  private func undoNow(_ row: PendingPublish, for caller: Caller) throws(TreeError) {
    // With its group all that was in it has gone.
    guard let path = row.path, volume.book.groups[row.group] == row.proposal.group else { return }
    // Under its own id: whether it was done before or is done by this, it is not done once more.
    let answer = try tell(
      row.request, row.proposal, for: caller, within: patienceMilliseconds
    ) { _ in }
    switch answer {
    case .decided(let group, let number):
      volume.book.waitForAll(number, of: group)
      try undo(number, at: path, in: group, for: caller)
    case let answer where answer.isPostponed: throw .noTracker
    // It was not done, and never will be.
    default: return
    }
  }

  /// Only that very publication: what others, or this member, have put there since is meant to stay.
  private func undo(_ number: UInt64, at path: FilePath, in group: GroupID, for caller: Caller)
    throws(TreeError)
  {
    try behindGate(alone: true, for: caller, until: .now + patienceMilliseconds) { () throws(TreeError) in
      guard let entry = try withdrawnEntry(number, at: path, in: group) else { return }
      if try isTakenUp(entry, in: group) { return }
      let wish = Proposal(.unpublish(path), in: try groupName(group))
      // Not noted as our own: here, too, it is shown by now, and goes as what others remove.
      let answer = try caller.ask(volume.line, .propose(.next(), wish), within: patienceMilliseconds)
      if answer.isPostponed { throw .noTracker }
      if case .decided(_, let number) = answer { volume.book.waitForAll(number, of: group) }
    }
  }

  private func withdrawnEntry(
    _ number: UInt64, at path: FilePath, in group: GroupID
  ) throws(TreeError) -> Entry? {
    do throws(BookTrouble) {
      return try volume.book.entry(at: path, in: group).flatMap {
        $0.version == number && $0.owner == volume.user ? $0 : nil
      }
    } catch {
      throw .state("\(error)")
    }
  }

  /// Something new of the same kind waits here under that name: it takes its place, and nobody sees a gap.
  private func isTakenUp(_ entry: Entry, in group: GroupID) throws(TreeError) -> Bool {
    guard let directory = directory(of: entry.path, in: group),
      let node = table.withLock({ $0.child(Array(entry.path.name), of: directory) })
    else { return false }
    if entry.kind == .directory { return table.withLock { _ in node.isDirectory && node.pending != nil } }
    guard case .file = entry.kind, let file = node.file else { return false }
    return try file.publishTurn.take { () throws(TreeError) in
      try isTakenUp(entry, by: file)
    }
  }

  private func isTakenUp(_ entry: Entry, by file: TreeFile) throws(TreeError) -> Bool {
    let (isNew, isPending) = file.state.withLock { state in
      let isNew = (state.isDirty || state.draft != nil || state.pending != nil) && !state.isLocalOnly
      if isNew { state.published = entry }
      return (isNew, state.pending != nil)
    }
    // Held until now, it was not told to anybody: it is to be told as the next version of this.
    if isPending { try journal(try row(for: file, entry.path), of: file) }
    return isNew
  }
}

extension TrackerAnswer {
  /// It may be done yet, when it is asked again.
  var isPostponed: Bool {
    switch self {
    case .refused(.busy), .refused(.trackerFull), .refused(.throttled): true
    default: false
    }
  }
}

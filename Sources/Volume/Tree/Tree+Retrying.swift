// What the journal holds, tried again until the tracker has decided on it.

package import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// False when there is no use in trying the next one now.
  func retry(_ row: PendingPublish, for caller: Caller) -> Bool {
    guard volume.book.isCurrent else { return false }
    guard let node = pendingNode(row) else {
      giveUp(row)
      return true
    }
    let deadline = Instant.now + patienceMilliseconds
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
    let deadline = Instant.now + patienceMilliseconds
    do throws(TreeError) {
      guard row.isAt(path) else {
        try propose(file, at: node, path, for: caller, until: deadline)
        return true
      }
      let answer = try decide(row, for: caller, until: deadline)
      try settle(row, file, at: node, answer, for: caller, until: deadline)
      return true
    } catch {
      return !error.isAway
    }
  }

  /// Its group is no longer mine, or its directory has gone: what it holds is kept for its user.
  private func giveUp(_ row: PendingPublish) {
    withdraw(row)
    guard case .publish(let path, let kind, _, _) = row.proposal.wish else { return }
    let label = Array("\(row.proposal.group)/".utf8) + path.bytes
    var place = ""
    if case .file(let content) = kind, let name = ContentName(content),
      let stored = try? volume.store.content(name), let kept = keepAside(stored, as: label)
    {
      place = ": its content is kept as \(kept)"
    }
    volume.log("\(Printable.escaped(label)) cannot be published any more\(place)")
  }

  private func pendingNode(_ row: PendingPublish) -> Node? {
    let (locals, other) = table.withLock { table in
      (Array(table.locals), table.locals.first { $0.pending == row.request })
    }
    return other ?? locals.first { $0.file?.state.withLock { $0.pending?.request } == row.request }
  }

  /// Directories and links.
  private func retryOther(_ row: PendingPublish, at node: Node, for caller: Caller) -> Bool {
    // Behind it in the journal, perhaps.
    if table.withLock({ _ in node.parent?.pending != nil }) { return true }
    guard let row = underItsPath(row, node),
      let answer = try? decide(row, for: caller, until: .now + patienceMilliseconds)
    else { return false }
    guard case .publish(let path, let kind, let modified, _) = row.proposal.wish else { return true }
    switch answer {
    case .decided(let group, let number):
      volume.book.waitForAll(number, of: group)
      let entry = Entry(path: path, kind: kind, owner: volume.user, modified: modified, version: number)
      inodes.keep(node.inode, for: entry, in: group)
      inodes.save()
      settled(node, entry)
    case .refused(.busy), .refused(.trackerFull): return false
    case .refused(.conflict), .refused(.fileExists), .refused(.isDirectory): return resolve(row, at: node)
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
    withdraw(row)
    return moved
  }

  func settled(_ node: Node, _ entry: Entry?) {
    table.withLock { table in
      node.entry = entry
      node.pending = nil
      table.setLocal(node, false)
    }
  }

  /// What is closed and not published, and what is to be undone, for the status: group and path.
  package var pending: [(group: GroupName, path: FilePath)] {
    (publisher.withdrawn.pending + publisher.journal.pending).compactMap { row in
      row.path.map { (row.proposal.group, $0) }
    }
  }

  /// Waits until everything closed is published.
  package func sync(for caller: Caller, milliseconds: Int) throws(TreeError) {
    endHiding(olderThan: .max, for: caller)
    let deadline = Instant.now + milliseconds
    publisher.tryAgain()
    while !publisher.isIdle {
      guard Instant.now < deadline else {
        throw volume.book.isCurrent ? .notNow("some files wait for others") : .noTracker
      }
      _ = try caller.wait(until: .now + 50) { _ in }
    }
  }
}

extension PendingPublish {
  fileprivate func isAt(_ path: FilePath) -> Bool { self.path == path }
}

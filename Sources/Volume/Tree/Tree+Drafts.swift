// The drafts that writing begins, and those that come to nothing.

internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// The one that is being written, or a new one over what is here.
  func draft(of file: TreeFile, at node: Node, truncated: Bool) throws(TreeError) -> Draft {
    if let draft = file.state.withLock({ $0.draft }) { return draft }
    return try file.draftTurn.take { () throws(TreeError) in
      if let draft = file.state.withLock({ $0.draft }) { return draft }
      let path = (try? path(of: node))?.bytes ?? node.name
      let base = truncated ? nil : try base(of: file)
      let new = try newDraft(over: base, for: path, in: file.group)
      let isRemoved = file.state.withLock { state in
        state.draft = new
        state.isSynced = false
        return state.isRemoved
      }
      // What is here only must not be forgotten when the kernel forgets it.
      table.withLock { if node.parent != nil { $0.setLocal(node, true) } }
      if isRemoved { new.markUnwanted() }
      return new
    }
  }

  /// What is here already, also where nobody has it open.
  private func base(of file: TreeFile) throws(TreeError) -> StoredContent? {
    let (stored, name) = file.state.withLock { ($0.stored, ContentName($0.content)) }
    if let stored { return stored }
    guard let name else { return nil }
    do throws(DiskTrouble) { return try volume.store.content(name) } catch { throw TreeError(error) }
  }

  func newDraft(
    over base: StoredContent?, for path: [UInt8], in group: GroupID
  ) throws(TreeError) -> Draft {
    let groupName = volume.book.groups[group]?.description ?? "group"
    let label = Array(groupName.utf8) + [UInt8(ascii: "/")] + path
    do throws(DiskTrouble) { return try volume.store.draft(over: base, label: label) } catch {
      throw TreeError(error)
    }
  }

  func truncateAtOnce(_ file: TreeFile, at node: Node) throws(TreeError) {
    while true {
      switch try draft(of: file, at: node, truncated: true).truncate(to: 0) {
      case .done: return file.state.withLock { $0.refused.cut(to: 0) }
      // Nothing of the base is needed for nothing.
      case .needsBase: throw .state("an empty file needs bytes")
      case .trouble(.cancelled): file.draftTurn.take {}
      case .trouble(let trouble): throw TreeError(trouble)
      }
    }
  }

  /// Changes the draft, fetching what of its base that needs. What fails leaves everything as it was.
  func edit(
    _ file: TreeFile, at node: Node, for caller: Caller, _ body: (Draft) -> DraftResult
  ) throws(TreeError) {
    do throws(TreeError) { try editOrFail(file, at: node, for: caller, body) } catch {
      dropUnchangedDraft(of: file, at: node)
      throw error
    }
  }

  private func editOrFail(
    _ file: TreeFile, at node: Node, for caller: Caller, _ body: (Draft) -> DraftResult
  ) throws(TreeError) {
    while true {
      let draft = try draft(of: file, at: node, truncated: false)
      switch body(draft) {
      case .done: return
      case .needsBase(let blocks):
        guard let base = draft.base else { throw .state("a draft without a base needs it") }
        try bringAndWait([blocks], of: base, in: file.group, for: caller, until: .now + 3_600_000)
      case .trouble(.cancelled): file.draftTurn.take {}
      case .trouble(let trouble): throw TreeError(trouble)
      }
    }
  }

  /// One that was begun over what is there, and in which nothing was changed: no reason to publish anything. A new file
  /// has one from the beginning, which is its content.
  @discardableResult
  func dropUnchangedDraft(of file: TreeFile, at node: Node) -> Bool {
    // Nobody waits for a turn where there is nothing to drop.
    guard file.state.withLock({ $0.draft })?.isChanged == false else { return false }
    let isDropped = file.draftTurn.take {
      guard let draft = file.state.withLock({ $0.isDirty ? nil : $0.draft }), draft.discardIfUnchanged()
      else {
        return false
      }
      file.state.withLock { state in
        state.draft = nil
        // Who has opened it meanwhile reads on.
        if state.handles > 0, state.stored == nil { state.stored = draft.base }
      }
      return true
    }
    if isDropped { settleAgain(file, at: node) }
    return isDropped
  }

  /// What others have decided while there was a draft is seen from now on.
  private func settleAgain(_ file: TreeFile, at node: Node) {
    guard !file.isAtWork else { return }
    let parent = table.withLock { table in
      table.setLocal(node, false)
      return node.parent
    }
    publisher.setUnfinished(node, false)
    guard let parent, let path = try? path(of: node) else { return }
    do throws(BookTrouble) {
      let entry = try volume.book.entry(at: path, in: file.group)
      if entry?.version != file.state.withLock({ $0.published?.version }) { replace(node, in: parent) }
    } catch {
      // A catalog that cannot be read says nothing of what has gone.
    }
  }
}

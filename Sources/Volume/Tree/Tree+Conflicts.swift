// What came in between while something was to be published: the same file at another place, or somebody else's under its name.

internal import Glibc
internal import GroupModel
internal import Link
internal import Swarm
internal import Synchronization

extension Tree {
  /// Somebody else has published that name meanwhile, or it was this member himself and the answer was lost.
  func resolve(
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

  /// What others decided and the tracker has weighed already comes here in a moment.
  private static let foldingMilliseconds = 1_000

  /// Its directory was renamed while this was on its way.
  func hasNewPath(_ row: PendingPublish, _ node: Node) -> Bool {
    var now: FilePath?
    _ = volume.book.wait(milliseconds: Self.foldingMilliseconds) {
      now = try? path(of: node)
      return now != row.path
    }
    return now != nil && now != row.path
  }

  /// A directory above it was renamed while this was on its way: the same file has another path and another version
  /// now.
  private func hasMoved(
    _ row: PendingPublish, _ file: TreeFile, at node: Node, _ found: Entry?
  ) throws(TreeError) -> Bool {
    guard case .publish(let path, _, _, let over) = row.proposal.wish, over != 0 else { return false }
    let published = { file.state.withLock { $0.published } }
    let isElsewhere = { () throws(TreeError) in
      try self.path(of: node) != path || published()?.version != over
    }
    if try isElsewhere() { return true }
    if let found {
      guard let published = published(), found.kind == published.kind, found.owner == published.owner else {
        return false
      }
      file.state.withLock { $0.published = found }
      return true
    }
    _ = volume.book.wait(milliseconds: Self.foldingMilliseconds) { (try? isElsewhere()) != false }
    return try isElsewhere()
  }

  /// What has been published may have been moved since.
  func current(_ node: Node, _ kind: Entry.Kind, since number: UInt64) -> Entry? {
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
  func setAside(_ row: PendingPublish, _ file: TreeFile, at node: Node, because refusal: Refusal) {
    forgetRow(row)
    endShare(of: row)
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

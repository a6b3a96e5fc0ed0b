// What came in between while something was to be published: the same file at another place, or somebody else's under
// its name.

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
    guard case .publish(let path, _, _, _) = row.proposal.wish else { return }
    let found = try entry(at: path, in: row.group)
    if let found, isThat(found, row, file) {
      return decided(row, found.version, file, at: node, in: row.group)
    }
    if try hasMoved(row, file, at: node, found) {
      return try propose(file, at: node, try self.path(of: node), for: caller, until: deadline)
    }
    guard let copy = try conflictName(for: path, of: node, in: row.group) else {
      setAside(row, file, at: node, because: Self.noNameForCopy)
      throw .nameTooLong
    }
    become(copy, node, insteadOf: path)
    file.state.withLock { state in
      state.published = nil
      state.isDirty = true
    }
    try propose(file, at: node, copy, for: caller, until: deadline)
  }

  /// Published by this member, who was not told; what only has other attributes stays whose it was.
  private func isThat(_ found: Entry, _ row: PendingPublish, _ file: TreeFile) -> Bool {
    guard case .publish(_, let kind, let modified, _) = row.proposal.wish, found.kind == kind else {
      return false
    }
    if found.owner == volume.user { return true }
    return found.modified == modified && file.state.withLock { $0.published?.owner } == found.owner
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

  static let noNameForCopy =
    "somebody else has published that name meanwhile, and there is no room for another"

  private static let copiesMax = 10_000

  /// A free one beside it, under which all that is here below it has valid paths, too; nil where there is none.
  func conflictName(for path: FilePath, of node: Node, in group: GroupID) throws(TreeError) -> FilePath? {
    let above = path.parent.map { $0.bytes + [UInt8(ascii: "/")] } ?? []
    let below = table.withLock { $0.longestLocalPath(below: node) }
    let bytesMax = min(FilePath.componentBytesMax, FilePath.bytesMax - above.count - below)
    let name = ConflictName(path.name, ofDirectory: node.isDirectory, by: volume.user, on: Self.today)
    for number in 1...Self.copiesMax {
      guard let bytes = name.bytes(number, atMost: bytesMax) else { return nil }
      guard !LeftByEditors.holds(bytes), let copy = try? FilePath(above + bytes) else { continue }
      if try isFree(copy, beside: node, in: group) { return copy }
    }
    return nil
  }

  private func isFree(_ copy: FilePath, beside node: Node, in group: GroupID) throws(TreeError) -> Bool {
    let isTakenHere = table.withLock { table in
      node.parent.flatMap { table.child(Array(copy.name), of: $0) }.map { table.locals.contains($0) } ?? false
    }
    if isTakenHere { return false }
    do throws(BookTrouble) { return try volume.book.entry(at: copy, in: group) == nil } catch {
      throw .state("\(error)")
    }
  }

  /// Under its old name is seen from now on what others have put there.
  private func become(_ copy: FilePath, _ node: Node, insteadOf path: FilePath) {
    volume.log("\(words(for: node)) was published by somebody else meanwhile: this one becomes \(copy)")
    let parent = table.withLock { table in
      let parent = node.parent
      guard let parent else { return parent }
      table.changes += 1
      table.move(node, to: Array(copy.name), in: parent)
      table.setLocal(node, true)
      return parent
    }
    guard let parent else { return }
    kernel.forgetName(Array(path.name), in: parent.number)
    kernel.forgetName(Array(copy.name), in: parent.number)
  }

  private static var today: String {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))"
  }

  /// It cannot be published, for good: its bytes are kept where their user finds them, and the name shows again what the
  /// group has.
  func setAside(_ row: PendingPublish, _ file: TreeFile, at node: Node, because reason: String) {
    forgetRow(row)
    endShare(of: row)
    let stored = file.state.withLock { $0.stored }
    let place = stored.flatMap { keepAside($0, as: label(of: node)) }
    volume.log(
      "\(words(for: node)) was refused: \(reason)" + (place.map { ": its content is kept as \($0)" } ?? ""))
    giveWay(node)
    file.state.withLock { state in
      state.pending = nil
      state.isDirty = false
    }
  }

  /// To what the group has under its name.
  private func giveWay(_ node: Node) {
    let name = node.name
    let parent = table.withLock { table in
      let parent = node.parent
      table.changes += 1
      table.setLocal(node, false)
      table.detach(node)
      return parent
    }
    if let parent { kernel.forgetName(name, in: parent.number) }
  }
}

// Directories and links.
extension Tree {
  /// Somebody else has published that name meanwhile. False when there is no use in trying the next one now.
  func resolve(_ row: PendingPublish, at node: Node) -> Bool {
    guard case .publish(let path, let kind, _, let over) = row.proposal.wish else { return true }
    do throws(TreeError) {
      guard let found = try entry(at: path, in: row.group) else {
        // What it was to replace has gone. Or what the tracker has weighed it against is not told here yet.
        if over != 0 { try journalAnew(row, at: path, node) }
        return true
      }
      if found.kind == kind {
        // Who has made the same has made that one.
        settled(node, found)
        forgetRow(row)
      } else if kind == .directory, table.withLock({ !$0.hasLocals(below: node) }) {
        volume.log(
          "\(words(for: node)) was published by somebody else meanwhile: an empty directory gives way")
        giveWay(node)
        forgetRow(row)
      } else {
        try becomeCopy(row, kind, insteadOf: path, at: node)
      }
      return true
    } catch {
      return false
    }
  }

  private func entry(at path: FilePath, in group: GroupID) throws(TreeError) -> Entry? {
    do throws(BookTrouble) { return try volume.book.entry(at: path, in: group) } catch {
      throw .state("\(error)")
    }
  }

  /// What is below a directory goes along with it.
  private func becomeCopy(
    _ row: PendingPublish, _ kind: Entry.Kind, insteadOf path: FilePath, at node: Node
  ) throws(TreeError) {
    guard let copy = try conflictName(for: path, of: node, in: row.group) else {
      var target = ""
      if case .symlink(let link) = kind { target = ": it pointed to \(Printable.escaped(link.bytes))" }
      volume.log("\(words(for: node)) was refused: \(Self.noNameForCopy)\(target)")
      giveWay(node)
      return forgetRow(row)
    }
    try journalAnew(row, at: copy, node)
    become(copy, node, insteadOf: path)
  }

  /// As something that replaces nothing.
  private func journalAnew(_ row: PendingPublish, at path: FilePath, _ node: Node) throws(TreeError) {
    guard case .publish(_, let kind, let modified, _) = row.proposal.wish else { return }
    let wish = Proposal.Wish.publish(path, kind, modified: modified, over: 0)
    let new = PendingPublish(Proposal(wish, in: row.proposal.group), in: row.group, as: .next())
    do throws(DiskTrouble) { try publisher.journal.append(new) } catch { throw TreeError(error) }
    table.withLock { _ in node.pending = new.request }
    forgetRow(row)
    publisher.tryAgain()
  }
}

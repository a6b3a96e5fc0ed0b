// What must be known to weigh a proposal: read here, judged by `Rules`. Only what the proposal touches is
// read, and of a stranger's proposals nothing but that he is one.

package import GroupModel

extension GroupCatalog {
  /// The group's id, where there is such a group, and the facts. Whether the person named by the proposal has
  /// an account is not known here: `subjectExists` is left true.
  package func facts(
    for proposal: Proposal, by actor: UserName
  ) throws(DatabaseError) -> (GroupID?, Facts) {
    try database.snapshot { () throws(DatabaseError) -> (GroupID?, Facts) in
      var facts = Facts()
      guard let group = try live[proposal.group] else {
        if proposal.wish == .found { facts.groupsOfActor = try groupCount(of: actor) }
        return (nil, facts)
      }
      facts.owner = group.head.owner
      facts.next = group.head.number + 1
      facts.actor = try live.standing(of: actor, in: group)
      try fill(&facts, for: proposal.wish, by: actor, in: group)
      return (group.head.id, facts)
    }
  }

  private func fill(
    _ facts: inout Facts, for wish: Proposal.Wish, by actor: UserName, in group: LiveGroup
  ) throws(DatabaseError) {
    switch wish {
    case .found: break
    case .join: try fill(&facts, forJoining: group.head.id, by: actor)
    case .leave:
      if facts.actor == .owner { facts.heir = try heir(of: actor, in: group.head.id) }
    case .disband:
      guard facts.actor == .owner else { return }
      facts.entries = Int(group.head.files + group.head.directories)
      if facts.entries == 0 { facts.persons = try persons(of: group.head.id, limit: Decision.changesMax - 1) }
    case .accept(let user), .reject(let user), .remove(let user):
      facts.subject = try live.standing(of: user, in: group)
    case .publish, .unpublish, .rename:
      guard facts.actor.isInside else { return }
      facts.entries = Int(group.head.files + group.head.directories)
      try fill(&facts, for: wish, in: group.head.id)
    }
  }

  private func fill(
    _ facts: inout Facts, forJoining group: GroupID, by actor: UserName
  ) throws(DatabaseError) {
    guard facts.actor == .stranger || facts.actor == .rejected else { return }
    facts.groupsOfActor = try groupCount(of: actor)
    facts.requests = try database.count(
      "SELECT count(*) FROM person WHERE grp = ? AND standing = 1", group)
  }

  /// Those inside first.
  private func persons(of group: GroupID, limit: Int) throws(DatabaseError) -> [UserName] {
    var cursor = try database.query(
      """
      SELECT user FROM person WHERE grp = ? AND standing IN (1, 3, 4) ORDER BY standing DESC, user LIMIT ?
      """, group, limit)
    var users: [UserName] = []
    while try cursor.next() { users.append(try cursor.user(0)) }
    return users
  }

  private func groupCount(of user: UserName) throws(DatabaseError) -> Int {
    try database.count(
      "SELECT count(*) FROM person WHERE user = ? AND standing != 0 AND standing != 2", user)
  }

  /// By the index of those inside: a group may have many times as many strangers who once asked.
  private func heir(of owner: UserName, in group: GroupID) throws(DatabaseError) -> UserName? {
    var cursor = try database.query(
      """
      SELECT user FROM person INDEXED BY person_inside
      WHERE grp = ? AND standing >= 3 AND user != ? ORDER BY since, user LIMIT 1
      """, group, owner)
    return try cursor.next() ? try cursor.user(0) : nil
  }
}

// Of files.
extension GroupCatalog {
  private func fill(
    _ facts: inout Facts, for wish: Proposal.Wish, in group: GroupID
  ) throws(DatabaseError) {
    switch wish {
    case .publish(let path, _, _, _):
      facts.target = try entry(at: path, in: group)
      // What is there lies somewhere.
      if facts.target == nil { facts.parentExists = try parentExists(of: path, in: group) }
    case .unpublish(let path):
      facts.target = try entry(at: path, in: group)
      facts.targetHoldsFiles = try holdsFiles(facts.target, in: group)
    case .rename(let from, let to, _):
      try fill(&facts, forRenaming: from, to: to, in: group)
    case .found, .join, .leave, .disband, .accept, .reject, .remove: break
    }
  }

  private func fill(
    _ facts: inout Facts, forRenaming from: FilePath, to: FilePath, in group: GroupID
  ) throws(DatabaseError) {
    guard let moving = try entry(at: from, in: group) else { return }
    facts.target = moving
    facts.destination = try entry(at: to, in: group)
    facts.destinationHoldsFiles = try holdsFiles(facts.destination, in: group)
    facts.destinationParentExists = try parentExists(of: to, in: group)
    facts.movedAreFew = try movedAreFew(moving, in: group)
    guard facts.movedAreFew else { return }
    facts.movedPathsFit = try pathsFit(moving, movedTo: to, in: group)
    facts.movedLinksStay = try linksStay(moving, movedTo: to, in: group)
  }

  private func holdsFiles(_ entry: Entry?, in group: GroupID) throws(DatabaseError) -> Bool {
    guard let entry, entry.kind.isDirectory else { return false }
    return try holdsFiles(below: entry.path, in: group)
  }

  /// A file is nobody's parent.
  private func parentExists(of path: FilePath, in group: GroupID) throws(DatabaseError) -> Bool {
    guard let parent = path.parent else { return true }
    return try kindCode(at: parent, in: group) == .directory
  }

  private func movedAreFew(_ moving: Entry, in group: GroupID) throws(DatabaseError) -> Bool {
    guard moving.kind.isDirectory else { return true }
    let below = PathsBelow(moving.path)
    var cursor = try database.query(
      "SELECT 1 FROM entry WHERE grp = ? AND path > ? AND path < ? LIMIT 1 OFFSET ?",
      group, below.first, below.end, Limits.entriesMoved)
    return try !cursor.next()
  }

  private func pathsFit(_ moving: Entry, movedTo to: FilePath, in group: GroupID) throws(DatabaseError)
    -> Bool
  {
    let growth = to.bytes.count - moving.path.bytes.count
    guard growth > 0, moving.kind.isDirectory else { return true }
    let below = PathsBelow(moving.path)
    var cursor = try database.query(
      "SELECT 1 FROM entry WHERE grp = ? AND path > ? AND path < ? AND length(path) > ? LIMIT 1",
      group, below.first, below.end, FilePath.bytesMax - growth)
    return try !cursor.next()
  }

  /// A link that climbs as far as the group's directory climbs out of it when it is moved further up.
  private func linksStay(_ moving: Entry, movedTo to: FilePath, in group: GroupID) throws(DatabaseError)
    -> Bool
  {
    guard depth(to) < depth(moving.path) else { return true }
    switch moving.kind {
    case .file: return true
    case .symlink(let target): return LinkTarget(target.bytes, at: to) != nil
    case .directory: return try linksStay(below: moving.path, movedTo: to, in: group)
    }
  }

  private func linksStay(
    below from: FilePath, movedTo to: FilePath, in group: GroupID
  ) throws(DatabaseError) -> Bool {
    let below = PathsBelow(from)
    var cursor = try database.query(
      "SELECT path, target FROM entry WHERE grp = ? AND path > ? AND path < ? AND kind = ?",
      group, below.first, below.end, EntryKindCode.symlink)
    while try cursor.next() {
      guard let path = try cursor.path(0).moved(from: from, to: to) else { continue }
      guard LinkTarget(cursor.bytes(1), at: path) != nil else { return false }
    }
    return true
  }

  private func depth(_ path: FilePath) -> Int { path.bytes.count { $0 == UInt8(ascii: "/") } }
}

extension Database {
  fileprivate func count<each Value: Bindable>(
    _ sql: StaticString, _ values: repeat each Value
  ) throws(DatabaseError) -> Int {
    var cursor = try query(sql, repeat each values)
    return try cursor.next() ? Int(cursor.int(0)) : 0
  }
}

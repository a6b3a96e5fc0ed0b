// Who may do what. One pure function, asked early at the member, where the answer saves a round trip, and for
// good at the tracker, in the transaction that writes the decision.

/// What must be known of a group to weigh one proposal. Whoever asks fills in what the proposal touches.
package struct Facts: Sendable {
  /// nil where there is no such group.
  package var owner: UserName?
  package var actor: Standing = .stranger
  /// The person whom the proposal names.
  package var subject: Standing = .stranger
  package var subjectExists = true
  /// Who would own the group if its owner left: the longest-standing other member.
  package var heir: UserName?
  /// What lies at the proposal's path, and whether anything lies below it.
  package var target: Entry?
  package var targetHoldsFiles = false
  /// Whether the directory that the path lies in is there. The group's own directory always is.
  package var parentExists = true
  /// The same of the place that a rename goes to.
  package var destination: Entry?
  package var destinationHoldsFiles = false
  package var destinationParentExists = true
  /// Whether every path below a directory stays short enough when that is renamed.
  package var movedPathsFit = true
  /// Whether every link that moves still points into its group.
  package var movedLinksStay = true
  /// The number that the decision would have.
  package var next: UInt64 = 1
  /// How many groups the actor is in or asks to be in, where the proposal adds one.
  package var groupsOfActor = 0
  /// How many ask to be let in, where the proposal adds one.
  package var requests = 0
  /// Who is in the group or asks to be, where it is to end: as many as one decision can tell.
  package var persons: [UserName] = []
  /// How many entries the group has.
  package var entries = 0
  /// Whether no more lies below a directory than may move at once.
  package var movedAreFew = true

  package init() {}
}

package enum Rules {
  /// What the proposal changes: nothing, where what it wants is so already.
  package static func judge(
    _ wish: Proposal.Wish, by actor: UserName, given facts: Facts
  ) throws(Refusal) -> [Change] {
    switch wish {
    case .found: return try found(actor, facts)
    case .join: return try join(actor, facts)
    case .leave: return try leave(actor, facts)
    case .disband: return try disband(facts)
    case .accept(let user): return try accept(user, facts)
    case .reject(let user): return try reject(user, facts)
    case .remove(let user): return try remove(user, actor, facts)
    case .publish(let path, let kind, let modified, let over):
      let entry = Entry(path: path, kind: kind, owner: actor, modified: modified, version: facts.next)
      return try publish(entry, over: over, facts)
    case .unpublish(let path): return try unpublish(path, actor, facts)
    case .rename(let from, let to, let replacing):
      return try rename(from, to, replacing: replacing, actor, facts)
    }
  }
}

// Life in a group.
extension Rules {
  private static func found(_ actor: UserName, _ facts: Facts) throws(Refusal) -> [Change] {
    guard facts.owner == nil else { throw .groupExists }
    try mayBeInOneMore(facts)
    return [.stands(actor, .owner, since: facts.next)]
  }

  private static func join(_ actor: UserName, _ facts: Facts) throws(Refusal) -> [Change] {
    try mustExist(facts)
    switch facts.actor {
    case .owner, .member: throw .alreadyMember
    case .asked: return []
    case .stranger, .rejected:
      try mayBeInOneMore(facts)
      guard facts.requests < Limits.requestsOfGroup else { throw .limitReached }
      return [.stands(actor, .asked, since: facts.next)]
    }
  }

  private static func mayBeInOneMore(_ facts: Facts) throws(Refusal) {
    guard facts.groupsOfActor < Limits.groupsOfUser else { throw .limitReached }
  }

  /// Leaving while one's request is pending takes the request back.
  private static func leave(_ actor: UserName, _ facts: Facts) throws(Refusal) -> [Change] {
    try mustExist(facts)
    let gone = Change.stands(actor, .stranger, since: facts.next)
    switch facts.actor {
    case .stranger, .rejected: throw .noSuchMember
    case .asked, .member: return [gone]
    case .owner:
      guard let heir = facts.heir else { return [gone, .ended] }
      return [gone, .stands(heir, .owner, since: facts.next)]
    }
  }

  /// Whoever is left out, because one decision cannot name them all, is out with the group's end all the same.
  private static func disband(_ facts: Facts) throws(Refusal) -> [Change] {
    try mustBeOwners(facts)
    guard facts.entries == 0 else { throw .directoryNotEmpty }
    return facts.persons.map { .stands($0, .stranger, since: facts.next) } + [.ended]
  }

  private static func accept(_ user: UserName, _ facts: Facts) throws(Refusal) -> [Change] {
    try mustBeOwners(facts)
    guard facts.subjectExists else { throw .noSuchUser }
    switch facts.subject {
    case .owner, .member: throw .alreadyMember
    case .stranger, .rejected: throw .noSuchRequest
    case .asked: return [.stands(user, .member, since: facts.next)]
    }
  }

  private static func reject(_ user: UserName, _ facts: Facts) throws(Refusal) -> [Change] {
    try mustBeOwners(facts)
    guard facts.subjectExists else { throw .noSuchUser }
    guard facts.subject == .asked else { throw .noSuchRequest }
    return [.stands(user, .rejected, since: facts.next)]
  }

  /// An owner who wants to go leaves: removing oneself would leave the group without one.
  private static func remove(
    _ user: UserName, _ actor: UserName, _ facts: Facts
  ) throws(Refusal) -> [Change] {
    try mustBeOwners(facts)
    guard facts.subjectExists else { throw .noSuchUser }
    guard user != actor else { throw .malformed }
    guard facts.subject == .member else { throw .noSuchMember }
    return [.stands(user, .stranger, since: facts.next)]
  }

  private static func mustExist(_ facts: Facts) throws(Refusal) {
    guard facts.owner != nil else { throw .noSuchGroup }
  }

  private static func mustBeOwners(_ facts: Facts) throws(Refusal) {
    try mustExist(facts)
    guard facts.actor == .owner else { throw .notOwner }
  }

  package static func mustBeInside(_ facts: Facts) throws(Refusal) {
    try mustExist(facts)
    guard facts.actor.isInside else { throw .notMember }
  }
}

// Files in a group.
extension Rules {
  private static func publish(
    _ entry: Entry, over: UInt64?, _ facts: Facts
  ) throws(Refusal) -> [Change] {
    try mustBeInside(facts)
    guard facts.parentExists else { throw .noSuchFile }
    if let over, over != facts.target?.version ?? 0 { throw .conflict }
    guard let old = facts.target else {
      guard facts.entries < Limits.entriesOfGroup else { throw .limitReached }
      return [.published(entry)]
    }
    switch (old.kind.isDirectory, entry.kind.isDirectory) {
    case (true, true):
      guard over != nil else { throw .fileExists }
      return [.published(try renewed(old, by: entry, facts))]
    case (true, false): throw .isDirectory
    case (false, true): throw .fileExists
    case (false, false):
      guard over != nil, old.kind.isSame(as: entry.kind) else { break }
      return [.published(try renewed(old, by: entry, facts))]
    }
    try mustBeTheirs(old, entry.owner, facts)
    return [.published(entry)]
  }

  /// What has other attributes, and is the same otherwise, stays whose it was.
  private static func renewed(_ old: Entry, by new: Entry, _ facts: Facts) throws(Refusal) -> Entry {
    try mustBeTheirs(old, new.owner, facts)
    return Entry(
      path: new.path, kind: new.kind, owner: old.owner, modified: new.modified, version: new.version)
  }

  private static func unpublish(
    _ path: FilePath, _ actor: UserName, _ facts: Facts
  ) throws(Refusal) -> [Change] {
    try mustBeInside(facts)
    guard let old = facts.target else { throw .noSuchFile }
    try mustBeTheirs(old, actor, facts)
    guard !facts.targetHoldsFiles else { throw .directoryNotEmpty }
    return [.unpublished(path)]
  }

  private static func rename(
    _ from: FilePath, _ to: FilePath, replacing: Bool, _ actor: UserName, _ facts: Facts
  ) throws(Refusal) -> [Change] {
    try mustBeInside(facts)
    guard let moving = facts.target else { throw .noSuchFile }
    try mustBeTheirs(moving, actor, facts)
    guard from != to else { return [] }
    guard !to.isInside(from) else { throw .malformed }
    guard facts.destinationParentExists else { throw .noSuchFile }
    if let old = facts.destination {
      guard replacing else { throw .fileExists }
      try mustBeTheirs(old, actor, facts)
      try mayReplace(old, with: moving, facts)
    }
    guard facts.movedAreFew else { throw .limitReached }
    guard facts.movedPathsFit, facts.movedLinksStay else { throw .malformed }
    return [.moved(from: from, to: to)]
  }

  /// As rename(2): a directory over an empty directory, anything else over anything else.
  private static func mayReplace(_ old: Entry, with new: Entry, _ facts: Facts) throws(Refusal) {
    switch (new.kind.isDirectory, old.kind.isDirectory) {
    case (true, true):
      guard !facts.destinationHoldsFiles else { throw .directoryNotEmpty }
    case (true, false): throw .notDirectory
    case (false, true): throw .isDirectory
    case (false, false): break
    }
  }

  /// A file is its publisher's and the group owner's to change; everyone else may only read it.
  private static func mustBeTheirs(
    _ entry: Entry, _ actor: UserName, _ facts: Facts
  ) throws(Refusal) {
    guard entry.owner == actor || facts.actor == .owner else { throw .notYours }
  }
}

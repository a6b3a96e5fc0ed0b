// A group as the plainest possible means make it: its decided wishes, one after the other, in a dictionary. Knows
// nothing of the catalog, and follows the SPEC rather than `Rules`.

import GroupModel

struct GroupReplay: Sendable {
  struct Person: Equatable, Sendable {
    let standing: Standing
    let since: UInt64
  }

  /// A wish that could not have been granted as things stood.
  struct Impossible: Error {
    let reason: String
  }

  let id: GroupID
  let name: GroupName
  private(set) var number: UInt64 = 0
  /// Those who are no strangers.
  private(set) var persons: [UserName: Person] = [:]
  private(set) var entries: [FilePath: Entry] = [:]
  private(set) var hasEnded = false

  init(_ id: GroupID, _ name: GroupName) {
    self.id = id
    self.name = name
  }

  var owner: UserName? { persons.first { $0.value.standing == .owner }?.key }

  var members: Int { persons.values.count { $0.standing.isInside } }

  var files: Int { entries.values.count { !$0.kind.isDirectory } }

  func standing(of user: UserName) -> Standing { persons[user]?.standing ?? .stranger }

  mutating func take(_ wish: Proposal.Wish, by actor: UserName, at number: UInt64) throws(Impossible) {
    try check(!hasEnded, "the group had ended")
    try check(number == self.number + 1, "number \(number) follows \(self.number)")
    self.number = number
    switch wish {
    case .found, .join, .leave: try takeOwn(wish, by: actor)
    case .disband:
      try check(actor == owner, "\(actor) does what is the owner's")
      try check(entries.isEmpty, "it was not empty")
      (persons, hasEnded) = ([:], true)
    case .accept(let user): try place(user, as: .member, from: .asked, by: actor)
    case .reject(let user): try place(user, as: .rejected, from: .asked, by: actor)
    case .remove(let user): try place(user, as: .stranger, from: .member, by: actor)
    case .publish, .unpublish, .rename: try takeFile(wish, by: actor)
    }
  }

  private func check(_ isTrue: Bool, _ reason: @autoclosure () -> String) throws(Impossible) {
    if !isTrue { throw Impossible(reason: reason()) }
  }
}

// Persons.
extension GroupReplay {
  private mutating func takeOwn(_ wish: Proposal.Wish, by actor: UserName) throws(Impossible) {
    let standing = standing(of: actor)
    switch wish {
    case .found:
      try check(number == 1, "it was founded twice")
      put(actor, .owner)
    case .join:
      try check(standing == .stranger || standing == .rejected, "one who is \(standing) joins")
      put(actor, .asked)
    default:
      try check(standing != .stranger && standing != .rejected, "one who is \(standing) leaves")
      put(actor, .stranger)
      if standing == .owner { inherit() }
    }
  }

  private mutating func inherit() {
    let heir = persons.filter { $0.value.standing == .member }
      .min { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
    guard let heir else { return hasEnded = true }
    put(heir.key, .owner)
  }

  private mutating func place(
    _ user: UserName, as standing: Standing, from expected: Standing, by actor: UserName
  ) throws(Impossible) {
    try check(actor == owner, "\(actor) does what is the owner's")
    try check(self.standing(of: user) == expected, "\(user) was \(self.standing(of: user))")
    put(user, standing)
  }

  private mutating func put(_ user: UserName, _ standing: Standing) {
    persons[user] = standing == .stranger ? nil : Person(standing: standing, since: number)
  }
}

// Files.
extension GroupReplay {
  private mutating func takeFile(_ wish: Proposal.Wish, by actor: UserName) throws(Impossible) {
    try check(standing(of: actor).isInside, "\(actor) is not inside")
    switch wish {
    case .publish(let path, let kind, let modified, let over):
      try publish(Entry(path: path, kind: kind, owner: actor, modified: modified, version: number), over)
    case .unpublish(let path):
      try check(mayChange(path, actor), "\(path) is not theirs")
      try check(!entries.keys.contains { $0.isInside(path) }, "\(path) is not empty")
      entries[path] = nil
    case .rename(let from, let to, _):
      try check(mayChange(from, actor), "\(from) is not theirs")
      move(from, to)
    default: break
    }
  }

  private func mayChange(_ path: FilePath, _ actor: UserName) -> Bool {
    guard let entry = entries[path] else { return false }
    return entry.owner == actor || actor == owner
  }

  private mutating func publish(_ entry: Entry, _ over: UInt64?) throws(Impossible) {
    let old = entries[entry.path]
    try check(over == nil || over == old?.version ?? 0, "\(entry.path) was published over another version")
    try check(old == nil || mayChange(entry.path, entry.owner), "\(entry.path) is not theirs")
    try check(entry.path.parent.map { entries[$0]?.kind == .directory } ?? true, "\(entry.path) lies nowhere")
    let isSame = over != nil && old?.kind.isSame(as: entry.kind) == true
    try check(isSame || old?.kind != .directory, "\(entry.path) was a directory")
    guard let old, isSame else { return entries[entry.path] = entry }
    entries[entry.path] = Entry(
      path: entry.path, kind: entry.kind, owner: old.owner, modified: entry.modified, version: entry.version)
  }

  private mutating func move(_ from: FilePath, _ to: FilePath) {
    entries[to] = nil
    for entry in entries.values where entry.path == from || entry.path.isInside(from) {
      let path = entry.path == from ? to : entry.path.moved(from: from, to: to)!
      entries[entry.path] = nil
      entries[path] = Entry(
        path: path, kind: entry.kind, owner: entry.owner, modified: entry.modified, version: number)
    }
  }
}

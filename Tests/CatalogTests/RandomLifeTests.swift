// Random lives of a group: whatever is proposed, and however members catch up with it, in the end all know
// the same. The seed of a run that fails is in its name, and P2PFS_SEED brings it back.

import Catalog
import Glibc
import GroupModel
import Testing

@Suite struct `Random lives` {
  private static let seeds: [UInt64] = {
    let wanted = getenv("P2PFS_SEED").flatMap { UInt64(String(cString: $0)) }
    return wanted.map { [$0] } ?? (0..<12).map { _ in .random(in: .min ... .max) }
  }()

  @Test(arguments: seeds)
  func `every copy ends up equal to the ledger`(seed: UInt64) throws {
    var life = try RandomLife(seed: seed)
    for _ in 0..<800 { try life.step() }
    try life.end()
  }
}

private struct RandomLife {
  var numbers: SeededNumbers
  let ledger: Ledger
  let copies: [Copy]
  /// What the files should be, by the plainest means.
  var model: [FilePath: Entry] = [:]

  static let users = [alice, bob, carol, dave]
  static let components = ["a", "b", "a-", "caf\u{E9}", "cafe\u{301}", "n\nl"]

  init(seed: UInt64) throws {
    numbers = SeededNumbers(seed: seed)
    ledger = try Ledger()
    copies = [try Copy(), try Copy(), try Copy()]
  }

  mutating func step() throws {
    if let decision = try propose() {
      fold(decision)
      for copy in copies where !numbers.oneIn(3) { try copy.catalog.apply(decision) }
    }
    for copy in copies where numbers.oneIn(4) { try disturb(copy) }
    if numbers.oneIn(40), let group = try ledger.catalog.group(named: team) {
      try ledger.catalog.pruneTombstones(of: group.id, keeping: Int.random(in: 0..<9, using: &numbers))
    }
  }

  func end() throws {
    guard let id = try ledger.catalog.group(named: team)?.id else { return }
    let entries = try ledger.catalog.everyEntry(in: id)
    #expect(entries == model.values.sorted { $0.path < $1.path })
    for copy in copies {
      try copy.catchUp(with: ledger.catalog, ledger.catalog.summary(team), limit: 7)
      #expect(try copy.catalog.everyEntry(in: id) == entries)
      #expect(try copy.catalog.everyPerson(in: id) == ledger.catalog.everyPerson(in: id))
      #expect(try copy.catalog.summary(team) == ledger.catalog.summary(team))
    }
    let files = entries.count { !$0.kind.isDirectory }
    #expect(try ledger.catalog.summary(team).files == UInt32(files))
    #expect(try ledger.catalog.summary(team).members == UInt32(ledger.catalog.membersAll(of: id).count))
  }
}

// What copies go through.
extension RandomLife {
  private mutating func disturb(_ copy: Copy) throws {
    if numbers.oneIn(3) { try copy.reopen() }
    guard try ledger.catalog.group(named: team) != nil else { return }
    _ = try copy.takePage(
      from: ledger.catalog, ledger.catalog.summary(team), limit: Int.random(in: 1...12, using: &numbers),
      bytesMax: Int.random(in: 0...2000, using: &numbers))
    try expectTree(copy)
  }

  /// Also between two pages nothing lies in a directory that is not there.
  private func expectTree(_ copy: Copy) throws {
    let entries = try copy.catalog.everyEntry(in: ledger.id(team))
    let directories = Set(entries.filter(\.kind.isDirectory).map(\.path))
    for entry in entries {
      if let parent = entry.path.parent { #expect(directories.contains(parent)) }
    }
  }
}

// What people propose.
extension RandomLife {
  private mutating func propose() throws -> Decision? {
    let owner = numbers.oneIn(2) ? try ledger.catalog.group(named: team)?.owner : nil
    let actor = owner ?? Self.users.randomElement(using: &numbers)!
    do { return try ledger.decide(actor, randomWish(), in: team) } catch is Refusal { return nil }
  }

  private mutating func randomWish() -> Proposal.Wish {
    let user = Self.users.randomElement(using: &numbers)!
    switch Int.random(in: 0..<60, using: &numbers) {
    case 0: return numbers.oneIn(3) ? numbers.oneIn(4) ? .disband : .leave : .join
    case 1...3: return .join
    case 4...6: return .accept(user)
    case 7: return .reject(user)
    case 8: return .remove(user)
    case 9...11: return .found
    case 12...19: return .unpublish(randomPath())
    case 20...30: return .rename(from: randomPath(), to: randomPath(), replacing: numbers.oneIn(2))
    case 31...45: return .publish(randomPath(), .directory, modified: 0, over: nil)
    default:
      let size = UInt64.random(in: 0..<3, using: &numbers)
      return .publish(randomPath(), file(size), modified: .random(in: -5...5, using: &numbers), over: nil)
    }
  }

  /// One that is there, or one that could be; now and then one that cannot.
  private mutating func randomPath() -> FilePath {
    let known = model.keys.sorted().randomElement(using: &numbers)
    if let known, numbers.oneIn(2) { return known }
    let name = Self.components.randomElement(using: &numbers)!
    guard let known, !numbers.oneIn(3) else { return path(name) }
    guard model[known]?.kind == .directory || numbers.oneIn(9) else { return sibling(of: known, name) }
    return path("\(known)/\(name)")
  }

  private func sibling(of known: FilePath, _ name: String) -> FilePath {
    known.parent.map { path("\($0)/\(name)") } ?? path(name)
  }

  private mutating func fold(_ decision: Decision) {
    for change in decision.changes {
      switch change {
      case .stands: break
      case .ended: model = [:]
      case .published(let entry): model[entry.path] = entry
      case .unpublished(let path): model[path] = nil
      case .moved(let from, let to): move(from, to, decision.number)
      }
    }
  }

  private mutating func move(_ from: FilePath, _ to: FilePath, _ number: UInt64) {
    for entry in model.values where entry.path == from || entry.path.isInside(from) {
      let there = entry.path.moved(from: from, to: to)!
      model[entry.path] = nil
      model[there] = Entry(
        path: there, kind: entry.kind, owner: entry.owner, modified: entry.modified, version: number)
    }
  }
}

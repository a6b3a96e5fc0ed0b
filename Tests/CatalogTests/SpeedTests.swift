// How fast decisions are weighed and folded. Bounds are loose: the machine is shared, and figures are
// printed.

import Catalog
import GroupModel
import Testing

@Suite(.serialized) struct `Speed` {
  private static let files = 100_000

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let time = try ContinuousClock().measure(body)
    return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
  }

  private func name(_ index: Int) -> String { "directory \(index % 100)/some document \(index).pdf" }

  @Test func `a large group is weighed, folded, caught up with and renamed in seconds`() throws {
    let ledger = try Ledger()
    try ledger.found(team, by: alice, with: bob)
    for index in 0..<100 { try ledger.decide(bob, .makeDirectory("directory \(index)"), in: team) }
    let id = try ledger.id(team)

    let publishing = try seconds { try publishAll(on: ledger) }
    report("facts, rules and apply of a new file", publishing, each: Self.files)

    let copy = try Copy()
    let catching = try seconds {
      try copy.catchUp(with: ledger.catalog, ledger.catalog.summary(team), limit: 4096)
    }
    report("catch up, both sides", catching, each: Self.files)
    #expect(try copy.catalog.summary(team) == ledger.catalog.summary(team))

    var children: [Entry] = []
    let listing = try seconds {
      children = try ledger.catalog.children(of: nil, in: id, after: nil, limit: 9999)
    }
    #expect(children.count == 100)
    report("list 100 directories of 1,000 files", listing, each: 100)

    try ledger.decide(bob, .makeDirectory("all"), in: team)
    for index in 0..<100 { try ledger.decide(bob, .rename("directory \(index)", "all/\(index)"), in: team) }
    let renaming = try seconds { try ledger.decide(bob, .rename("all", "everything"), in: team) }
    report("rename a directory", renaming, each: Self.files)
    let again = try seconds {
      try copy.catchUp(with: ledger.catalog, ledger.catalog.summary(team), limit: 4096)
    }
    report("catch up with renamed files", again, each: Self.files)
    #expect(try copy.catalog.everyEntry(in: id) == ledger.catalog.everyEntry(in: id))
    let ending = try seconds { for user in [bob, alice] { try ledger.decide(user, .leave, in: team) } }
    report("end a group", ending, each: Self.files)
    #expect(publishing < 30 && catching < 30 && renaming < 30)
  }

  @Test func `many groups share commits that survive a power cut`() throws {
    let place = Place()
    let catalog = GroupCatalog(over: try place.writer(.powerCut), as: .truth)
    let groups = (0..<2000).map { GroupName("group-\($0)")! }
    try catalog.database.transaction { () throws(DatabaseError) in
      for group in groups { try decide(.found, in: group, on: catalog) }
    }
    let wishes = (0..<20_000).map { Proposal.Wish.publish("some document \($0).pdf") }
    let time = try seconds {
      for start in stride(from: 0, to: wishes.count, by: 250) {
        try catalog.database.transaction { () throws(DatabaseError) in
          for index in start..<start + 250 {
            try decide(wishes[index], in: groups[index * 7 % 2000], on: catalog)
          }
        }
      }
    }
    report("a new file in one of 2,000 groups, 250 a commit", time, each: wishes.count)
    #expect(time < 60)
  }

  private func decide(
    _ wish: Proposal.Wish, in group: GroupName, on catalog: GroupCatalog
  ) throws(DatabaseError) {
    let (known, facts) = try catalog.facts(for: Proposal(wish, in: group), by: bob)
    guard let changes = try? Rules.judge(wish, by: bob, given: facts) else { return }
    let id = if let known { known } else { try catalog.found(group) }
    try catalog.apply(Decision(group: id, number: facts.next, changes: changes))
  }

  private func publishAll(on ledger: Ledger) throws {
    let catalog = ledger.catalog
    let kind = file()
    let wishes = (0..<Self.files).map { Proposal.Wish.publish(name($0), kind) }
    try catalog.database.transaction { () throws(DatabaseError) in
      for wish in wishes { try decide(wish, in: team, on: catalog) }
    }
  }

  private func report(_ what: String, _ seconds: Double, each count: Int) {
    let micros = (seconds / Double(count) * 1e7).rounded() / 10
    print("  \(what): \((seconds * 1000).rounded() / 1000) s, \(micros) µs each")
  }
}

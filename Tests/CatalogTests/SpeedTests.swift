// How fast decisions are weighed and folded. Bounds are loose: the machine is shared, and figures are printed.

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
    #expect(publishing < 30 && catching < 30 && renaming < 30)
  }

  private func publishAll(on ledger: Ledger) throws {
    let catalog = ledger.catalog
    let kind = file()
    let wishes = (0..<Self.files).map { Proposal(.publish(name($0), kind), in: team) }
    try catalog.database.transaction { () throws(DatabaseError) in
      for wish in wishes {
        let (id, facts) = try catalog.facts(for: wish, by: bob)
        guard let id, let changes = try? Rules.judge(wish.wish, by: bob, given: facts) else { continue }
        try catalog.apply(Decision(group: id, number: facts.next, changes: changes))
      }
    }
  }

  private func report(_ what: String, _ seconds: Double, each count: Int) {
    let micros = (seconds / Double(count) * 1e7).rounded() / 10
    print("  \(what): \((seconds * 1000).rounded() / 1000) s, \(micros) µs each")
  }
}

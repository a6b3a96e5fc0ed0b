// A member who was away learns what is different now, page by page.

import Catalog
import GroupModel
import Testing

@Suite struct `Catching up` {
  let ledger: Ledger
  let copy: Copy

  init() throws {
    ledger = try Ledger()
    copy = try Copy()
    try ledger.found(team, by: alice, with: bob)
  }

  private func page(after mark: CatchUpMark, limit: Int = 99, bytesMax: Int = 1 << 20) throws -> CatchUpPage {
    try #require(try ledger.catalog.catchUp(ledger.id(team), after: mark, limit: limit, bytesMax: bytesMax))
  }

  private func summary() throws -> GroupSummary { try ledger.catalog.summary(team) }

  @Test func `who begins from nothing hears of no removal`() throws {
    try ledger.decide(bob, .publish("a"), in: team)
    try ledger.decide(bob, .publish("b"), in: team)
    try ledger.decide(bob, .unpublish("a"), in: team)
    try ledger.decide(carol, .join, in: team)
    try ledger.decide(carol, .leave, in: team)
    let page = try page(after: CatchUpMark(number: 0))
    #expect(page.startsAnew && !page.more)
    #expect(page.mark == CatchUpMark(number: 8))
    #expect(page.changes.count == 3)
    #expect(!page.changes.contains(.unpublished(path("a"))))
  }

  @Test func `who was away hears of removals`() throws {
    try ledger.decide(bob, .publish("a"), in: team)
    try ledger.decide(bob, .unpublish("a"), in: team)
    try ledger.decide(bob, .leave, in: team)
    let page = try page(after: CatchUpMark(number: 4))
    #expect(!page.startsAnew)
    #expect(page.changes == [.unpublished(path("a")), .stands(bob, .stranger, since: 6)])
  }

  @Test func `who is up to date hears nothing`() throws {
    let page = try page(after: CatchUpMark(number: 3))
    #expect(page == CatchUpPage(startsAnew: false, changes: [], mark: CatchUpMark(number: 3), more: false))
  }

  @Test func `a page can end in the middle of one decision`() throws {
    try ledger.decide(bob, .makeDirectory("d"), in: team)
    for name in ["d/1", "d/2"] { try ledger.decide(bob, .publish(name), in: team) }
    try ledger.decide(bob, .rename("d", "e"), in: team)
    var mark = CatchUpMark(number: 6)
    var told: [String] = []
    for row in 1...6 {
      let page = try page(after: mark, limit: 1)
      mark = page.mark
      #expect(mark == (row < 6 ? CatchUpMark(number: 6, row: UInt64(row)) : CatchUpMark(number: 7)))
      #expect(page.more == (row < 6))
      told += page.changes.map(words)
    }
    #expect(told == ["+e", "+e/1", "+e/2", "-d/2", "-d/1", "-d"])
  }

  private func words(_ change: Change) -> String {
    switch change {
    case .published(let entry): "+\(entry.path)"
    case .unpublished(let path): "-\(path)"
    default: "\(change)"
    }
  }

  @Test func `a page has about as many bytes as it may, and one change at least`() throws {
    for name in 0..<20 { try ledger.decide(bob, .publish("\(name)"), in: team) }
    #expect(try page(after: CatchUpMark(number: 3), bytesMax: 1000).changes.count == 10)
    #expect(try page(after: CatchUpMark(number: 3), bytesMax: 0).changes.count == 1)
  }

  @Test func `who was away for longer than removals are remembered starts anew`() throws {
    try copy.catchUp(with: ledger.catalog, summary())
    for name in ["a", "b"] { try ledger.decide(bob, .publish(name), in: team) }
    try copy.catchUp(with: ledger.catalog, summary())
    try ledger.decide(bob, .unpublish("a"), in: team)
    try ledger.decide(bob, .publish("c"), in: team)
    #expect(try ledger.catalog.groupsToPrune(keeping: 1) == [])
    #expect(try ledger.catalog.groupsToPrune(keeping: 0) == [ledger.id(team)])
    #expect(try ledger.catalog.pruneTombstones(of: ledger.id(team), keeping: 0) == 1)
    #expect(try page(after: CatchUpMark(number: 6)).startsAnew == false)
    #expect(try page(after: CatchUpMark(number: 5)).startsAnew)
    try copy.catchUp(with: ledger.catalog, summary(), limit: 1)
    #expect(try copy.catalog.paths(in: ledger.id(team)) == ["b", "c"])
  }

  @Test func `who is starting anew gets to the end, though each page lies below what is forgotten`() throws {
    for name in 0..<20 { try ledger.decide(bob, .publish("\(name)"), in: team) }
    for name in 0..<10 { try ledger.decide(bob, .unpublish("\(name)"), in: team) }
    try ledger.catalog.pruneTombstones(of: ledger.id(team), keeping: 0)
    var pages = 1
    while try copy.takePage(from: ledger.catalog, summary(), limit: 2) { pages += 1 }
    #expect(pages == 6)
    #expect(
      try copy.catalog.everyEntry(in: ledger.id(team)) == ledger.catalog.everyEntry(in: ledger.id(team)))
  }

  @Test func `what was told and is removed before the next page is told again, or all begins anew`() throws {
    for name in 0..<10 { try ledger.decide(bob, .publish("\(name)"), in: team) }
    _ = try copy.takePage(from: ledger.catalog, summary(), limit: 5)
    try ledger.decide(bob, .unpublish("0"), in: team)
    _ = try copy.takePage(from: ledger.catalog, summary(), limit: 5)
    try ledger.decide(bob, .unpublish("1"), in: team)
    try ledger.catalog.pruneTombstones(of: ledger.id(team), keeping: 0)
    try copy.catchUp(with: ledger.catalog, summary(), limit: 3)
    #expect(try copy.catalog.paths(in: ledger.id(team)) == (2...9).map { "\($0)" })
  }

  @Test func `a copy that is behind waits with what is decided meanwhile`() throws {
    for name in 0..<4 { try ledger.decide(bob, .publish("\(name)"), in: team) }
    _ = try copy.takePage(from: ledger.catalog, summary(), limit: 3)
    let pushed = try #require(try ledger.decide(bob, .publish("x"), in: team))
    #expect(try copy.catalog.apply(pushed) == .gap)
    try copy.catchUp(with: ledger.catalog, summary())
    #expect(try copy.catalog.apply(pushed) == .known)
    let next = try #require(try ledger.decide(bob, .rename("x", "y"), in: team))
    #expect(try copy.catalog.apply(next) == .folded)
    #expect(try copy.catalog.paths(in: ledger.id(team)) == ["0", "1", "2", "3", "y"])
  }

  @Test func `a copy that is in the middle of a decision does not take it from elsewhere`() throws {
    try ledger.decide(bob, .makeDirectory("d"), in: team)
    try ledger.decide(bob, .publish("d/1"), in: team)
    try copy.catchUp(with: ledger.catalog, summary())
    let rename = try #require(try ledger.decide(bob, .rename("d", "e"), in: team))
    _ = try copy.takePage(from: ledger.catalog, summary(), limit: 1)
    #expect(try copy.catalog.mark(of: ledger.id(team)) == CatchUpMark(number: 5, row: 1))
    #expect(try copy.catalog.apply(rename) == .gap)
    try copy.catchUp(with: ledger.catalog, summary())
    #expect(try copy.catalog.paths(in: ledger.id(team)) == ["e", "e/1"])
  }

  @Test func `a copy that was interrupted goes on where it was`() throws {
    for name in 0..<9 { try ledger.decide(bob, .publish("\(name)"), in: team) }
    while try copy.takePage(from: ledger.catalog, summary(), limit: 2) { try copy.reopen() }
    try copy.reopen()
    let id = try ledger.id(team)
    #expect(try copy.catalog.mark(of: id) == CatchUpMark(number: 12))
    #expect(try copy.catalog.everyEntry(in: id) == ledger.catalog.everyEntry(in: id))
    #expect(try copy.catalog.summary(team) == summary())
  }

  @Test func `a ledger that was put back to an earlier day makes copies start anew`() throws {
    #expect(try page(after: CatchUpMark(number: 77)).startsAnew)
    #expect(try page(after: CatchUpMark(number: .max, row: .max, begun: .max)).startsAnew)
  }

  @Test func `a forgotten group leaves nothing, and a new one may have its name`() throws {
    try ledger.decide(bob, .publish("a"), in: team)
    try copy.catchUp(with: ledger.catalog, summary())
    let former = try ledger.id(team)
    for user in [bob, alice] { try ledger.decide(user, .leave, in: team) }
    try ledger.found(team, by: carol)
    try copy.catchUp(with: ledger.catalog, summary())
    #expect(try copy.catalog.everyEntry(in: former) == [])
    #expect(try copy.catalog.mark(of: former) == CatchUpMark(number: 0))
    #expect(try copy.catalog.group(named: team)?.owner == carol)
    try copy.catalog.forget(ledger.id(team))
    #expect(try copy.catalog.groups(after: nil, limit: 9, for: carol) == [])
  }
}

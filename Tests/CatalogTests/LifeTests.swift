// Life in a group: who comes, who goes, who inherits.

import Catalog
import GroupModel
import Testing

@Suite struct `Life in a group` {
  let ledger: Ledger

  init() throws { ledger = try Ledger() }

  @Test func `a founded group is listed with its owner`() throws {
    try ledger.decide(alice, .found, in: team)
    let summary = try ledger.catalog.summary(team, for: alice)
    #expect(summary.owner == alice && summary.mine == .owner)
    #expect(summary.members == 1 && summary.files == 0 && summary.number == 1)
    #expect(throws: Refusal.groupExists) { try ledger.decide(bob, .found, in: team) }
  }

  @Test func `a request is listed until it is answered`() throws {
    try ledger.found(team, by: alice)
    let id = try ledger.id(team)
    for user in [dave, bob, carol] { try ledger.decide(user, .join, in: team) }
    #expect(try ledger.catalog.requests(in: id, after: nil, limit: 2) == [bob, carol])
    #expect(try ledger.catalog.requests(in: id, after: carol, limit: 2) == [dave])
    try ledger.decide(alice, .accept(bob), in: team)
    try ledger.decide(alice, .reject(carol), in: team)
    #expect(try ledger.catalog.requests(in: id, after: nil, limit: 9) == [dave])
    #expect(try ledger.catalog.membersAll(of: id) == [alice, bob])
    #expect(try ledger.catalog.standing(of: carol, in: id) == .rejected)
    #expect(try ledger.catalog.summary(team).members == 2)
  }

  @Test func `members are listed with the owner marked`() throws {
    try ledger.found(team, by: bob, with: carol, alice)
    let members = try ledger.catalog.members(of: try ledger.id(team), after: nil, limit: 9)
    #expect(members.map(\.user) == [alice, bob, carol])
    #expect(members.map(\.isOwner) == [false, true, false])
    let rest = try ledger.catalog.members(of: try ledger.id(team), after: alice, limit: 1)
    #expect(rest.map(\.user) == [bob])
  }

  @Test func `the longest-standing member inherits`() throws {
    try ledger.found(team, by: alice, with: carol, bob)
    let id = try ledger.id(team)
    try ledger.decide(alice, .leave, in: team)
    #expect(try ledger.catalog.group(id)?.owner == carol)
    #expect(try ledger.catalog.standing(of: carol, in: id) == .owner)
    #expect(try ledger.catalog.standing(of: alice, in: id) == .stranger)
    #expect(try ledger.catalog.group(id)?.members == 2)
  }

  @Test func `who left and came back stands behind those who stayed`() throws {
    try ledger.found(team, by: alice, with: bob, carol)
    try ledger.decide(bob, .leave, in: team)
    try ledger.decide(bob, .join, in: team)
    try ledger.decide(alice, .accept(bob), in: team)
    try ledger.decide(alice, .leave, in: team)
    #expect(try ledger.catalog.group(named: team)?.owner == carol)
  }

  @Test func `a group ends with its last member, and its name is free but its id is not`() throws {
    try ledger.found(team, by: alice)
    try ledger.decide(alice, .publish("a"), in: team)
    let first = try ledger.id(team)
    try ledger.decide(alice, .leave, in: team)
    #expect(try ledger.catalog.group(named: team) == nil)
    #expect(try ledger.catalog.everyEntry(in: first) == [])
    #expect(try ledger.catalog.catchUp(first, after: CatchUpMark(number: 1), limit: 9, bytesMax: 999) == nil)
    try ledger.found(team, by: bob)
    #expect(try ledger.id(team) > first)
    #expect(try ledger.catalog.summary(team).files == 0)
  }

  @Test func `a group ends by its owner's wish when nothing is in it, and everyone is named`() throws {
    try ledger.found(team, by: carol, with: alice)
    try ledger.decide(bob, .join, in: team)
    try ledger.decide(dave, .join, in: team)
    try ledger.decide(carol, .reject(dave), in: team)
    try ledger.decide(alice, .publish(path("d"), .directory, modified: 0, over: nil), in: team)
    #expect(throws: Refusal.directoryNotEmpty) { try ledger.decide(carol, .disband, in: team) }
    try ledger.decide(alice, .unpublish(path("d")), in: team)
    #expect(throws: Refusal.notOwner) { try ledger.decide(alice, .disband, in: team) }
    let end = try #require(try ledger.decide(carol, .disband, in: team))
    let gone = [carol, alice, bob].map { Change.stands($0, .stranger, since: end.number) }
    #expect(end.changes == gone + [.ended])
    #expect(try ledger.catalog.group(named: team) == nil)
    #expect(try ledger.catalog.groups(of: bob, after: nil, limit: 9) == [])
  }

  @Test func `a group can end and be founded again within one transaction`() throws {
    try ledger.catalog.database.transaction { () throws(DatabaseError) in
      for user in [alice, bob] {
        do {
          try ledger.found(team, by: user)
          #expect(try ledger.catalog.summary(team).owner == user)
          if user == alice { try ledger.decide(user, .leave, in: team) }
        } catch {
          Issue.record(error)
        }
      }
    }
    #expect(try ledger.catalog.group(named: team)?.owner == bob)
  }

  @Test func `a user's own groups include those that he asked to join`() throws {
    for name in ["c", "a", "b", "d"] { try ledger.found(GroupName(name)!, by: alice) }
    try ledger.decide(bob, .join, in: GroupName("b")!)
    try ledger.decide(bob, .join, in: GroupName("c")!)
    try ledger.decide(alice, .accept(bob), in: GroupName("c")!)
    try ledger.decide(bob, .join, in: GroupName("d")!)
    try ledger.decide(alice, .reject(bob), in: GroupName("d")!)
    let mine = try ledger.catalog.groups(of: bob, after: nil, limit: 9)
    #expect(mine.map(\.name.description) == ["b", "c", "d"])
    #expect(mine.map(\.mine) == [.asked, .member, .rejected])
    #expect(
      try ledger.catalog.groups(of: bob, after: GroupName("b"), limit: 1).map(\.name.description) == ["c"])
    #expect(try ledger.catalog.memberships(of: bob) == [try ledger.id(GroupName("c")!)])
    let all = try ledger.catalog.groups(after: nil, limit: 9, for: bob)
    #expect(all.map(\.mine) == [.stranger, .asked, .member, .rejected])
  }

  @Test func `folding a decision twice is folding it once, and one from the future waits`() throws {
    try ledger.found(team, by: alice, with: bob)
    let head = try #require(try ledger.catalog.group(named: team))
    for decision in ledger.decisions { #expect(try ledger.catalog.apply(decision) == .known) }
    let far = Decision(group: head.id, number: head.number + 2, changes: [.stands(bob, .stranger, since: 9)])
    #expect(try ledger.catalog.apply(far) == .gap)
    #expect(try ledger.catalog.apply(Decision(group: GroupID(99), number: 1, changes: [.ended])) == .gap)
    #expect(try ledger.catalog.group(named: team) == head)
  }
}

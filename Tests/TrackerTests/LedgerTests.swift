// What the ledger counts and forgets.

import Catalog
import GroupModel
import Link
import Testing
import Visitors

@testable import Tracker

@Suite struct LedgerTests {
  private let place = Place()
  private let ledger: SQLiteLedger

  init() throws {
    ledger = try SQLiteLedger(path: place.path + "/ledger.sqlite", durability: .processCrash)
  }

  private func decide(_ wish: Proposal.Wish, by user: UserName, in group: GroupName = team) throws {
    let (known, facts) = try ledger.facts(for: Proposal(wish, in: group), by: user)
    let changes = try Rules.judge(wish, by: user, given: facts)
    try ledger.commit { () throws(DatabaseError) in
      let id = if let known { known } else { try ledger.found(group) }
      try ledger.apply(Decision(group: id, number: facts.next, changes: changes))
    }
  }

  private func facts(_ wish: Proposal.Wish, by user: UserName, in group: GroupName = team) throws -> Facts {
    try ledger.facts(for: Proposal(wish, in: group), by: user).1
  }

  private func publish(_ path: String, _ kind: Entry.Kind = .directory) throws -> Proposal.Wish {
    .publish(try FilePath(path), kind, modified: 0, over: nil)
  }

  @Test func `directories count as entries of their group, and what is gone does not`() throws {
    let file = Entry.Kind.file(FileContent(size: 0, root: nil, isExecutable: false)!)
    try decide(.found, by: alice)
    let steps: [(Proposal.Wish, Int)] = [
      (try publish("a"), 1), (try publish("a/b", file), 2), (try publish("a/b", file), 2),
      (try publish("c"), 3),
      (.rename(from: try FilePath("a"), to: try FilePath("c"), replacing: true), 2),
      (.unpublish(try FilePath("c/b")), 1), (.unpublish(try FilePath("c")), 0),
    ]
    for (wish, entries) in steps {
      try decide(wish, by: alice)
      #expect(try facts(publish("new"), by: alice).entries == entries, "\(wish)")
    }
  }

  @Test func `who is in, owns or asks counts, and who was rejected or has left does not`() throws {
    let groups = (0..<5).map { GroupName("group-\($0)")! }
    for group in groups { try decide(.found, by: alice, in: group) }
    for group in groups { try decide(.join, by: bob, in: group) }
    try decide(.accept(bob), by: alice, in: groups[0])
    try decide(.reject(bob), by: alice, in: groups[1])
    try decide(.leave, by: bob, in: groups[2])
    try decide(.found, by: bob, in: GroupName("bobs")!)
    #expect(try facts(.join, by: bob, in: groups[1]).groupsOfActor == 4)
    #expect(try facts(.found, by: bob, in: GroupName("new")!).groupsOfActor == 4)
    #expect(try facts(.join, by: carol, in: groups[3]).requests == 1)
    #expect(try facts(.join, by: carol, in: groups[0]).requests == 0)
  }

  private func share(_ path: FilePath, by user: UserName) throws {
    try ledger.commit { () throws(DatabaseError) in
      guard let group = try ledger.facts(for: Proposal(.leave, in: team), by: user).0 else { return }
      try ledger.setSharing(path, in: group, by: user, isOn: true)
    }
  }

  private func isShared(_ path: FilePath) throws -> Bool {
    let (group, facts) = try ledger.facts(for: Proposal(.unpublish(path), in: team), by: alice)
    return try ledger.isShared(try #require(facts.target), in: try #require(group))
  }

  @Test func `who has left shares nothing any more, and not either when he is back`() throws {
    let file = Entry.Kind.file(FileContent(size: 0, root: nil, isExecutable: false)!)
    let (bobs, alices) = (try FilePath("bobs"), try FilePath("alices"))
    try decide(.found, by: alice)
    for user in [bob, carol] {
      try decide(.join, by: user)
      try decide(.accept(user), by: alice)
    }
    try decide(publish("bobs", file), by: bob)
    try decide(publish("alices", file), by: alice)
    try share(alices, by: carol)
    try share(bobs, by: carol)
    try decide(.remove(bob), by: alice)
    #expect(try isShared(bobs), "carol has it")
    try decide(.leave, by: carol)
    #expect(try !isShared(bobs))
    #expect(try isShared(alices), "who published it shares it")
    try decide(.join, by: bob)
    try decide(.accept(bob), by: alice)
    #expect(try !isShared(bobs), "what he said before he left does not count")
    try decide(publish("bobs", file), by: bob)
    #expect(try isShared(bobs))
  }

  @Test func `a revocation is forgotten when it is over`() throws {
    try ledger.commit { () throws(DatabaseError) in
      for lineage in 1...3 {
        try ledger.put(Revocation(lineage: UInt64(lineage), until: Int64(lineage * 100)))
      }
      try ledger.forgetRevocations(before: 200)
    }
    #expect(try ledger.revocations(after: 0).map(\.lineage).sorted() == [2, 3])
  }
}

@Suite struct ReceptionTests {
  @Test func `the one who has said nothing for longest makes room, and members stay`() throws {
    let house = try TestHouse(people: alice)
    let member = try house.visitor(alice)
    try member.settle()
    let port = try ListeningPort(at: SocketAddress(ip: [127, 0, 0, 1], port: 0))
    try port.open()
    let loop = EventLoop(name: "reception")
    let reception = Reception(on: loop, house.office, house.house.context, unknownMax: 3)
    let listener = Listener(port, on: loop) { reception.take($0, from: $1) }
    loop.post { listener.start() }
    loop.start()
    defer { loop.stop() }

    let inside = try Visitor(to: port.address.port, as: house.mint.credential(alice))
    try inside.settle()
    let crowd = try (0..<10).map { _ in try Plug(to: port.address.port) }
    for plug in crowd.prefix(7) { #expect(plug.isClosedByOther()) }
    #expect(crowd.suffix(3).allSatisfy { !$0.isClosedNow })
    try inside.settle()
    // One more comes and says who it is: it pushes out the oldest, and then is no longer one of them.
    let late = try Visitor(to: port.address.port, as: house.mint.credential(alice))
    try late.settle()
    #expect(crowd[7].isClosedByOther())
    let last = try Plug(to: port.address.port)
    try late.settle()
    #expect(crowd.suffix(2).allSatisfy { !$0.isClosedNow } && !last.isClosedNow)
  }
}

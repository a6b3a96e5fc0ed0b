// The life of sessions, in a whole tracker within this process: what each may hear and say, and that nothing of it
// is left when it ends.

import GroupModel
import Link
import Testing
import Visitors

@testable import Tracker

private let content = ContentRoot(Digest(hashing: [1, 2, 3].span.bytes))

extension Visitor {
  fileprivate func announce(_ group: GroupID, _ root: ContentRoot = content) throws -> TrackerAnswer {
    try ask(.announce([Holding(key: ContentKey(group: group, root: root), pieces: .all)]))
  }

  fileprivate func locate(_ group: GroupID, _ root: ContentRoot = content) throws -> TrackerAnswer {
    try ask(.locate(ContentKey(group: group, root: root)))
  }

  fileprivate func decisions() throws -> [Decision] {
    try settle()
    defer { pushes = [] }
    return pushes.compactMap { if case .decision(let decision) = $0 { decision } else { nil } }
  }
}

@Suite(.serialized) struct SessionTests {
  /// alice's team with bob in it; both follow.
  private func makeTeam(_ house: TestHouse) throws -> (alice: Visitor, bob: Visitor, GroupID) {
    let owner = try house.follower(alice)
    let member = try house.follower(bob)
    guard case .decided(let id, _) = try owner.propose(.found, in: team) else {
      throw VisitorTrouble.strangeFrame
    }
    _ = try member.propose(.join, in: team)
    _ = try owner.propose(.accept(bob), in: team)
    try owner.hear { isDecision($0, 3) }
    try member.hear { isDecision($0, 3) }
    return (owner, member, id)
  }

  private func isDecision(_ push: TrackerPush, _ number: UInt64) -> Bool {
    if case .decision(let decision) = push { decision.number == number } else { false }
  }

  private func directory(_ name: String) -> Proposal.Wish {
    .publish(try! FilePath(name), .directory, modified: 0, over: nil)
  }

  @Test func `what sessions ask, hear and come to is counted`() throws {
    let house = try TestHouse(people: alice, bob)
    let (owner, member, id) = try makeTeam(house)
    let counts = house.office.counts
    #expect(counts.open == 2 && counts.begun.total == 2)
    #expect(counts.certificateLogins[.admitted].total == 2)
    #expect(try member.announce(id) == .done)
    _ = try owner.locate(id)
    _ = try owner.propose(.join, in: team)
    #expect(counts.requests[.announce].total == 1 && counts.holdings.total == 1)
    #expect(counts.requests[.locate].total == 1)
    #expect(counts.requests[.propose].total == 4)
    // Three decisions for the owner; for the other, that he is in, and the decision that says so.
    #expect(counts.pushes.total >= 5)
    #expect(house.office.registry.contentCount == 1)
    let decisions = house.office.clerk.counts.named.filter { $0.count > 0 }
    #expect(decisions.map { "\($0.wish) \($0.outcome) \($0.count)" }.first == "found decided 1")
    #expect(decisions.reduce(0) { $0 + $1.count } == 4)
    #expect(house.office.clerk.counts.times.counts.reduce(0, +) == 4)
    let (sent, received) = house.house.traffic
    #expect(sent > 100 && received > 100)
    owner.leave()
    member.leave()
    #expect(house.isForgotten())
    #expect(counts.open == 0)
  }

  @Test func `who follows hears of what is decided, and who was let in while following does, too`() throws {
    let house = try TestHouse(people: alice, bob, carol)
    let (owner, member, id) = try makeTeam(house)
    _ = try owner.propose(directory("a"), in: team)
    #expect(try member.hear { isDecision($0, 4) }.count == 1)
    #expect(try member.announce(id) == .done)
    let outsider = try house.follower(carol)
    _ = try owner.propose(directory("b"), in: team)
    #expect(try outsider.decisions().isEmpty)
    #expect(try outsider.announce(id).refusal == .notMember)
  }

  @Test func `a removed member's open session hears and says nothing more`() throws {
    let house = try TestHouse(people: alice, bob)
    let (owner, member, id) = try makeTeam(house)
    #expect(try member.announce(id) == .done)
    #expect(try owner.ask(.countSharers(id, [content])) == .sharers([1]))
    _ = try owner.propose(.remove(bob), in: team)
    _ = try owner.propose(directory("secret"), in: team)
    let heard = try member.hear { if case .standing(_, _, .stranger) = $0 { true } else { false } }
    #expect(heard.count == 1)
    #expect(try member.decisions().isEmpty)
    #expect(try member.announce(id).refusal == .notMember)
    #expect(try member.locate(id).refusal == .notMember)
    #expect(try member.ask(.catchUp(id, after: CatchUpMark(number: 0))).refusal == .notMember)
    // The withdrawal runs on the member's loop, which has just answered him.
    #expect(try owner.ask(.countSharers(id, [content])) == .sharers([0]))
  }

  @Test func `a group that its owner ends is over for everyone who was in it or asked to be`() throws {
    let house = try TestHouse(people: alice, bob, carol)
    let (owner, member, id) = try makeTeam(house)
    let asking = try house.follower(carol)
    _ = try asking.propose(.join, in: team)
    #expect(try member.propose(.disband, in: team).refusal == .notOwner)
    _ = try member.propose(directory("a"), in: team)
    #expect(try owner.propose(.disband, in: team).refusal == .directoryNotEmpty)
    _ = try member.propose(.unpublish(FilePath("a")), in: team)
    guard case .decided(id, 7) = try owner.propose(.disband, in: team) else {
      throw VisitorTrouble.strangeFrame
    }
    for visitor in [owner, member, asking] {
      try visitor.hear { if case .standing(team, id, .stranger) = $0 { true } else { false } }
      #expect(try visitor.announce(id).refusal == .notMember)
      #expect(try visitor.ask(.listMyGroups(after: nil)) == .groups([], more: false))
    }
    guard case .decided(let other, 1) = try asking.propose(.found, in: team) else {
      throw VisitorTrouble.strangeFrame
    }
    #expect(other != id)
  }

  @Test func `logging out withdraws what was announced, and other logins stay`() throws {
    let house = try TestHouse(people: alice, bob)
    let (owner, member, id) = try makeTeam(house)
    let elsewhere = try house.follower(bob)
    #expect(try member.announce(id) == .done)
    #expect(try elsewhere.announce(id) == .done)
    #expect(try member.ask(.logout) == .done)
    #expect(try owner.ask(.countSharers(id, [content])) == .sharers([1]))
    #expect(try member.locate(id).refusal == .loginEnded)
    #expect(try member.ask(.listGroups(after: nil)).refusal == .loginEnded)
    #expect(try elsewhere.announce(id) == .done)
  }

  @Test func `a login that was ended ends its other sessions and does not come back`() throws {
    let house = try TestHouse(people: alice)
    let first = try house.visitor(alice, lineage: 5)
    let second = try house.visitor(alice, lineage: 5)
    let other = try house.visitor(alice, lineage: 6)
    #expect(try first.ask(.logout) == .done)
    #expect(second.isEndedByOther())
    try other.settle()
    let again = try house.visitor(alice, lineage: 5)
    #expect(try again.ask(.listGroups(after: nil)).refusal == .loginEnded)
  }

  @Test func `a new password ends all other sessions, and their certificates`() throws {
    let house = try TestHouse(people: alice)
    let mine = try house.visitor(alice, lineage: 5)
    let others = try (0..<3).map { _ in try house.visitor(alice) }
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    let answer = try mine.ask(.changePassword(.random, password: [1, 2, 3], certificateRequest: request))
    guard case .certificate = answer else {
      Issue.record("\(answer)")
      return
    }
    for other in others { #expect(other.isEndedByOther()) }
    try mine.settle()
    let old = try house.visitor(alice)
    #expect(try old.ask(.listGroups(after: nil)).refusal == .loginEnded)
    let renewed = try Visitor(to: house.port, as: house.mint.credential(alice, generation: 2))
    try renewed.settle()
  }

  @Test func `a bad certificate request changes no password`() throws {
    let house = try TestHouse(people: alice)
    let mine = try house.visitor(alice)
    let answer = try mine.ask(.changePassword(.random, password: [1], certificateRequest: [1, 2, 3]))
    #expect(answer.refusal == .malformed)
    #expect(house.office.accounts[alice]?.generation == 1)
  }

  @Test func `who logs in as somebody else hears no more of what the first was in`() throws {
    let house = try TestHouse(people: alice, bob, carol)
    let (owner, member, id) = try makeTeam(house)
    // Follows that are still on the clerk's desk when the session changes whom it speaks for.
    let follows = (0..<50).map { _ in member.begin(.follow(listening: nil)) }
    guard case .certificate = try member.login(carol, "carol") else {
      Issue.record("carol did not get in")
      return
    }
    for follow in follows { _ = try member.answer(to: follow) }
    _ = try member.decisions()
    _ = try owner.propose(directory("secret"), in: team)
    #expect(try member.decisions().isEmpty)
    #expect(try member.announce(id).refusal != nil)
    #expect(house.office.presence.followers(of: id).count == 1)
  }

  @Test func `renewing is for once in a while`() throws {
    let house = try TestHouse(people: alice)
    let mine = try house.visitor(alice)
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    let asked = (0..<100).map { _ in mine.begin(.renew(certificateRequest: request)) }
    let answers = try asked.map { try mine.answer(to: $0) }
    let refused = answers.count { $0.refusal == .throttled(seconds: 1) }
    #expect(refused >= 100 - 2 * Session.renewalsBurst)
    #expect(answers.prefix(Session.renewalsBurst).allSatisfy { $0.refusal == nil })
  }

  @Test func `one user's sessions are bounded, and the newest stay`() throws {
    let house = try TestHouse(people: alice, bob)
    let neighbour = try house.visitor(bob)
    let credential = try house.mint.credential(alice)
    let sessions = try (0..<Presence.sessionsEachMax + 20).map { _ in
      let visitor = try Visitor(to: house.port, as: credential)
      try visitor.settle()
      return visitor
    }
    for old in sessions.prefix(20) { #expect(old.isEndedByOther()) }
    for young in sessions.suffix(20) { try young.settle() }
    try neighbour.settle()
    #expect(house.office.presence.sessions(of: alice).count == Presence.sessionsEachMax)
  }

  @Test func `what one user announces and watches is bounded`() throws {
    let house = try TestHouse(people: alice, bob)
    let (owner, member, id) = try makeTeam(house)
    var number = 0
    func batch() -> TrackerRequest {
      .announce(
        (0..<TrackerRequest.holdingsMax).map { _ in
          number += 1
          let root = ContentRoot(Digest(hashing: Array("\(number)".utf8).span.bytes))
          let runs = (0..<UInt32(Holding.Pieces.rangesMax)).map { $0 * 2..<$0 * 2 + 1 }
          return Holding(key: ContentKey(group: id, root: root), pieces: .some(runs))
        })
    }
    var refusal: Refusal?
    while refusal == nil {
      refusal = try member.ask(batch()).refusal
      // Answers its heartbeats, too.
      try owner.settle()
    }
    #expect(refusal == .limitReached)
    #expect(number * 9 >= AnnouncementAllowance.weightMax)
    // What was left was less than one more announcement of so many pieces.
    let located = try (0..<10).map { try member.locate(id, ContentRoot(Digest(hashing: [$0].span.bytes))) }
    #expect(located.last?.refusal == .limitReached)
    #expect(try owner.announce(id) == .done, "another user has an allowance of his own")
    member.leave()
    owner.leave()
    #expect(house.isForgotten())
  }

  @Test func `thousands of sessions leave nothing behind, however they end`() throws {
    let house = try TestHouse(people: alice, bob, carol)
    let (owner, member, id) = try makeTeam(house)
    owner.leave()
    member.leave()
    let credentials = try [alice, bob, carol].map { try house.mint.credential($0) }
    for round in 0..<1500 {
      let visitor = try Visitor(to: house.port, as: credentials[round % 3])
      visitor.begin(.follow(listening: PeerAddress(ip: [127, 0, 0, 1], port: 9)!))
      switch round % 5 {
      case 0:
        // Ends while the clerk is still busy with its follow.
        break
      case 1:
        visitor.begin(.announce([Holding(key: ContentKey(group: id, root: content), pieces: .all)]))
        visitor.begin(.locate(ContentKey(group: id, root: content)))
      case 2:
        try visitor.settle()
        _ = try visitor.announce(id)
        _ = try visitor.locate(id)
      case 3:
        visitor.begin(.propose(.random, Proposal(.join, in: team)))
        visitor.begin(.propose(.random, Proposal(.leave, in: team)))
      default:
        visitor.send([0xFF])
      }
      if round % 2 == 0 { visitor.leave() } else { visitor.plug.end() }
    }
    #expect(house.isForgotten(), "sessions, followings, registrations, watchers: \(house.counts)")
  }
}

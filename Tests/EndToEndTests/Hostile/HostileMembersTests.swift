// What those get who are not, no longer or not yet members: a refusal, and no name of anything. And what members get
// who want more than is theirs.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

private let content = ContentRoot(Digest(hashing: [1, 2, 3].span.bytes))
private let secretName = "a-secret-name"

private let dave = UserName("dave")!
private let erin = UserName("erin")!

@Suite(.serialized, .oneSiege(of: [alice, bob, carol, dave, erin])) struct HostileMembersTests {

  private var siege: Siege { get throws { try Siege.ofSuite } }

  private func publish(_ name: String) -> Proposal.Wish {
    .publish(try! FilePath(name), .directory, modified: 0, over: nil)
  }

  private func key(_ group: GroupID) -> ContentKey { ContentKey(group: group, root: content) }

  /// What only members may ask of a group, by its number or its name.
  private func questions(_ id: GroupID, _ name: GroupName) -> [(String, TrackerRequest)] {
    [
      ("catchUp", .catchUp(id, after: CatchUpMark(number: 0))),
      ("locate", .locate(key(id))),
      ("announce", .announce([Holding(key: key(id), pieces: .all)])),
      ("withdraw", .announce([Holding(key: key(id), pieces: .none)])),
      ("countSharers", .countSharers(id, [content])),
      ("listMembers", .listMembers(name, after: nil)),
      ("setSharing", .setSharing(.random, name, try! FilePath(secretName), isOn: false)),
      ("publish", .propose(.random, Proposal(publish("x"), in: name))),
      ("publish over", .propose(.random, Proposal(publish(secretName), in: name))),
      ("unpublish", .propose(.random, Proposal(.unpublish(try! FilePath(secretName)), in: name))),
      ("unpublish nothing", .propose(.random, Proposal(.unpublish(try! FilePath("nothing")), in: name))),
      (
        "rename",
        .propose(
          .random,
          Proposal(
            .rename(from: try! FilePath(secretName), to: try! FilePath("x"), replacing: true), in: name))
      ),
    ]
  }

  private let ownersQuestions: (GroupName) -> [(String, TrackerRequest)] = { name in
    [
      ("listRequests", .listRequests(name, after: nil)),
      ("accept", .propose(.random, Proposal(.accept(carol), in: name))),
      ("reject", .propose(.random, Proposal(.reject(carol), in: name))),
      ("remove", .propose(.random, Proposal(.remove(bob), in: name))),
      ("remove a stranger", .propose(.random, Proposal(.remove(UserName("no-one")!), in: name))),
    ]
  }

  @Test func `without a login every request is refused, and no name is told`() throws {
    let siege = try siege
    let name = GroupName("closed-to-strangers")!
    let id = try siege.makeTeam(name)
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    var all = questions(id, name) + ownersQuestions(name)
    all += [
      ("listGroups", .listGroups(after: nil)), ("listMyGroups", .listMyGroups(after: nil)),
      ("follow", .follow(listening: nil)), ("logout", .logout),
      ("renew", .renew(certificateRequest: request)),
      ("changePassword", .changePassword(.random, password: [1], certificateRequest: request)),
      ("found", .propose(.random, Proposal(.found, in: GroupName("new")!))),
      ("join", .propose(.random, Proposal(.join, in: name))),
      ("leave", .propose(.random, Proposal(.leave, in: name))),
      ("stopWatching", .stopWatching(key(id))),
    ]
    let visitor = try siege.stranger()
    for (what, request) in all {
      let frame = try visitor.frame(answering: visitor.begin(request))
      #expect(try Visitor.decode(frame).refusal == .notLoggedIn, "\(what)")
      #expect(frame.body.count == 3, "\(what) says more than that")
    }
  }

  @Test(arguments: ["stranger", "pending", "rejected", "removed", "left"])
  func `who is not inside is refused, and cannot tell what is there from what is not`(who: String) throws {
    let siege = try siege
    let name = GroupName("inside-\(who)")!
    let id = try siege.makeTeam(name)
    let owner = try siege.member(alice)
    _ = try owner.propose(publish(secretName), in: name)
    let visitor = try siege.follower(carol)
    if who != "stranger" { #expect(try visitor.propose(.join, in: name).refusal == nil) }
    switch who {
    case "rejected": _ = try owner.propose(.reject(carol), in: name)
    case "removed":
      _ = try owner.propose(.accept(carol), in: name)
      _ = try owner.propose(.remove(carol), in: name)
    case "left":
      _ = try owner.propose(.accept(carol), in: name)
      _ = try visitor.propose(.leave, in: name)
    default: break
    }
    for (what, request) in questions(id, name) {
      let frame = try visitor.frame(answering: visitor.begin(request))
      #expect(try Visitor.decode(frame).refusal == .notMember, "\(what)")
      #expect(frame.body.count == 3, "\(what)")
    }
    for (what, request) in ownersQuestions(name) {
      #expect(try visitor.ask(request).refusal == .notOwner, "\(what)")
    }
    // A group that is not there is no other than one that is not his.
    for (what, request) in questions(GroupID(1 << 40), name).prefix(5) {
      #expect(try visitor.ask(request).refusal == .notMember, "\(what)")
    }
    #expect(try visitor.ask(.catchUp(GroupID(.max), after: CatchUpMark(number: .max))).refusal == .notMember)
  }

  @Test func `a member who is no owner decides about nobody`() throws {
    let siege = try siege
    let name = GroupName("owners-only")!
    _ = try siege.makeTeam(name)
    _ = try siege.member(carol).propose(.join, in: name)
    let member = try siege.member(bob)
    for (what, request) in ownersQuestions(name) {
      #expect(try member.ask(request).refusal == .notOwner, "\(what)")
    }
  }

  @Test func `a member's marks and numbers, however absurd, are answered`() throws {
    let siege = try siege
    let id = try siege.makeTeam(GroupName("absurd-marks")!)
    let member = try siege.member(bob)
    for number in [0, 1, 2, 3, UInt64(Int64.max), .max - 1, .max] {
      for row in [0, 1, UInt64(Int64.max), .max] {
        for begun in [0, 1, 3, UInt64(Int64.max), .max] {
          let mark = CatchUpMark(number: number, row: row, begun: begun)
          #expect(try member.ask(.catchUp(id, after: mark)).refusal == nil, "\(mark)")
        }
      }
    }
  }

  @Test func `a removed member's open session hears of nothing more, from the very next decision`() throws {
    let siege = try siege
    let name = GroupName("removing")!
    let id = try siege.makeTeam(name)
    let owner = try siege.follower(alice)
    let member = try siege.follower(bob)
    #expect(try member.ask(.announce([Holding(key: key(id), pieces: .all)])) == .done)
    #expect(try owner.ask(.locate(key(id))) != .holders([]))
    // In one breath, so that nothing comes between the decisions.
    let wishes: [Proposal.Wish] = [publish("before"), .remove(bob), publish(secretName)]
    let asked = wishes.map { owner.begin(.propose(.random, Proposal($0, in: name))) }
    for exchange in asked { #expect(try owner.answer(to: exchange).refusal == nil) }
    var heard = try member.hear { if case .standing(_, _, .stranger) = $0 { true } else { false } }
    try member.settle()
    heard += member.pushes
    var seen: [String] = []
    for push in heard {
      switch push {
      case .decision(let decision):
        for case .published(let entry) in decision.changes { seen.append("\(entry.path)") }
      case .standing(_, _, let standing): seen.append("\(standing)")
      case .holder, .witnessed: break
      }
    }
    #expect(seen == ["before", "stranger"])
    for (what, request) in questions(id, name) {
      #expect(try member.ask(request).refusal == .notMember, "\(what)")
    }
    // Others hear that he holds it no longer.
    #expect(try owner.ask(.locate(key(id))) == .holders([]))
  }

  @Test func `logging out ends that login everywhere, and its certificate is good for nothing`() throws {
    let siege = try siege
    let credential = try siege.mint.credential(dave, lineage: 77)
    let first = try Visitor(to: siege.port, as: credential)
    let second = try Visitor(to: siege.port, as: credential)
    let other = try siege.member(dave, lineage: 78)
    #expect(try first.ask(.logout) == .done)
    #expect(second.isEndedByOther())
    try other.settle()
    let again = try Visitor(to: siege.port, as: credential)
    #expect(try again.ask(.listGroups(after: nil)).refusal == .loginEnded)
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    #expect(try again.ask(.renew(certificateRequest: request)).refusal == .loginEnded)
    // A certificate that was renewed from that login is of its lineage.
    let renewed = try siege.member(dave, lineage: 77)
    #expect(try renewed.ask(.listGroups(after: nil)).refusal == .loginEnded)
  }

  @Test func `a new password ends every other session and every older certificate`() throws {
    let siege = try siege
    let mine = try siege.member(erin)
    let others = try (0..<3).map { _ in try siege.member(erin) }
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    let changed = try mine.ask(
      .changePassword(.random, password: Array("new".utf8), certificateRequest: request))
    #expect(changed.refusal == nil)
    for other in others { #expect(other.isEndedByOther()) }
    try mine.settle()
    #expect(try siege.member(erin).ask(.listGroups(after: nil)).refusal == .loginEnded)
    #expect(try siege.stranger().login(erin, "erin").refusal == .wrongLogin)
    #expect(try siege.stranger().login(erin, "new").refusal == nil)
  }

  @Test func `with a member's certificate nobody plays the tracker`() throws {
    let siege = try siege
    let port = try ListeningPort(at: SocketAddress(ip: [127, 0, 0, 1], port: 0))
    try port.open()
    let pin = Pin.certificate(siege.mint.authority.certificate)
    let credential = try siege.mint.credential(bob)
    let server = try #require(TLSContext(.server, speaking: .tracker, as: credential, trusting: pin))
    let client = try #require(TLSContext(.client, speaking: .tracker, as: nil, trusting: pin))
    let loop = EventLoop(name: "impostor")
    loop.start()
    defer { loop.stop() }
    let (victim, impostor) = (Ender(), Ender())
    let listener = Listener(port, on: loop) { socket, remote in
      Connection.accept(socket, from: remote, on: loop, server, for: impostor)
    }
    loop.post {
      listener.start()
      _ = try? Connection.connect(to: port.address, on: loop, client, for: victim)
    }
    #expect(victim.end() == .untrusted(.unfit))
    loop.post { listener.stop() }
  }
}

/// Whoever only wants to know how it ended.
private final class Ender: Party, @unchecked Sendable {
  private let bell = DispatchSemaphore(value: 0)
  private var how: LineEnd?

  func end() -> LineEnd? {
    bell.wait()
    return how
  }

  func lineOpened(_ line: Connection) {}
  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed) {}
  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {}

  func lineEnded(_ line: Connection, because end: LineEnd) {
    how = end
    bell.signal()
  }
}

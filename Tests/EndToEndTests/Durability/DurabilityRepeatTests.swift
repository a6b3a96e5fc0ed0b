// A client that lost its answer repeats its wish under the same id, to the same tracker after a restart or to the
// one that has taken over: it counts once, and is told what came of it.

import Foundation
import GroupModel
import Link
import Swarm
import Testing

@Suite(.serialized) struct DurabilityRepeatTests {
  enum Death: CaseIterable {
    case restart, takeover
  }

  @Test(arguments: Death.allCases) func `a wish that was granted is not granted again`(by death: Death) throws
  {
    let network = try RepeatNetwork(death)
    let team = GroupName("team")!
    let (owner, guest) = (Wishing.users[0], Wishing.users[1])
    let path = try FilePath("plan")
    let first = network.content(1)

    let wishes: [(UserName, Proposal.Wish)] = [
      (owner, .found), (guest, .join), (owner, .accept(guest)), (guest, .leave), (guest, .join),
      (owner, .reject(guest)), (guest, .join), (owner, .accept(guest)),
      (owner, .publish(path, first, modified: 1, over: 0)),
      (owner, .publish(path, network.content(2), modified: 2, over: 9)),
      (owner, .rename(from: path, to: try FilePath("plan.old"), replacing: false)),
      (owner, .publish(path, network.content(3), modified: 3, over: 0)), (owner, .unpublish(path)),
      (owner, .remove(guest)), (guest, .join), (owner, .accept(guest)), (owner, .leave),
    ]
    let answers = wishes.enumerated().map { number, wish in
      network.ask(.propose(network.id(number), Proposal(wish.1, in: team)), as: wish.0)
    }
    for (number, answer) in answers.enumerated() {
      guard case .decided(_, UInt64(number + 1)) = answer else {
        Issue.record("wish \(number) was answered \(String(describing: answer))")
        return
      }
    }
    network.die()
    for (number, wish) in wishes.enumerated().shuffled() {
      let again = network.ask(.propose(network.id(number), Proposal(wish.1, in: team)), as: wish.0)
      #expect(again == answers[number], "\(wish) was answered differently the second time")
    }
    guard case .groups(let groups, _)? = network.ask(.listGroups(after: nil), as: guest) else {
      Issue.record("no list")
      return
    }
    #expect(groups.map { [$0.owner] } == [[guest]])
    #expect(groups.map { [Int($0.number), Int($0.members), Int($0.files)] } == [[17, 1, 1]])
  }

  @Test(arguments: Death.allCases) func `a group that has ended is not ended or founded again`(
    by death: Death
  )
    throws
  {
    let network = try RepeatNetwork(death)
    let found = Proposal(.found, in: GroupName("brief")!)
    let leave = Proposal(.leave, in: GroupName("brief")!)
    let owner = Wishing.users[0]
    let (founded, left) = (
      network.ask(.propose(network.id(1), found), as: owner),
      network.ask(.propose(network.id(2), leave), as: owner)
    )
    network.die()
    #expect(network.ask(.propose(network.id(2), leave), as: owner) == left)
    #expect(network.ask(.propose(network.id(1), found), as: owner) == founded)
    #expect(network.ask(.listGroups(after: nil), as: owner) == .groups([], more: false))
  }

  @Test(arguments: Death.allCases) func `an account that was made is not refused as taken`(by death: Death)
    throws
  {
    let network = try RepeatNetwork(death)
    let user = UserName("newcomer")!
    let creation = TrackerRequest.createUser(network.id(1), user, password: Array("a password".utf8))
    #expect(network.ask(creation, as: nil) == .done)
    network.die()
    #expect(network.ask(creation, as: nil) == .done)
    let another = TrackerRequest.createUser(network.id(2), user, password: Array("another one".utf8))
    #expect(network.ask(another, as: nil) == .refused(.userExists))
  }

  /// The certificate that he shows is of the old password then, and good for nothing else.
  @Test(arguments: Death.allCases) func `a password that was changed is changed once`(by death: Death) throws
  {
    let network = try RepeatNetwork(death)
    let user = Wishing.users[2]
    let request = try CertificateRequest(signedBy: network.mint.key).der
    func change(_ number: Int, to password: String) -> TrackerRequest {
      .changePassword(network.id(number), password: Array(password.utf8), certificateRequest: request)
    }
    guard case .certificate(let first)? = network.ask(change(1, to: "second one"), as: user) else {
      Issue.record("no certificate")
      return
    }
    network.die()
    guard case .certificate(let again)? = network.ask(change(1, to: "second one"), as: user) else {
      Issue.record("the change was refused when it was repeated")
      return
    }
    #expect(try Certificate(der: first).generation == 2)
    #expect(try Certificate(der: again).generation == 2)
    #expect(network.ask(.listGroups(after: nil), as: user) == .refused(.loginEnded))
    #expect(network.ask(change(2, to: "third one"), as: user) == .refused(.loginEnded))
  }
}

// The same at a shell: the tracker is killed between the write of a change and its answer.
extension DurabilityRepeatTests {
  @Test func `a command whose answer was lost succeeds, and its change is made once`() {
    let story = Story()
    let fault = SyncFault(for: story)
    story.startTracker(environment: fault.environment)
    let (alice, bob) = (story.member("alice"), story.member("bob"))
    loseAnswer(of: alice, ["create_group", "team"], story, fault)
    loseAnswer(of: bob, ["join_group", "team"], story, fault)
    loseAnswer(of: alice, ["accept_request", "team", "bob"], story, fault)
    loseAnswer(of: alice, ["leave_group", "team"], story, fault)
    #expect(bob.succeeds("list_groups") == ["team bob owner 1 0"])

    loseAnswer(of: alice, ["create_user", "carol", "carol's password"], story, fault)
    story.person("carol").succeeds("login", "carol", "carol's password")

    bob.environment = ["P2PFS_PASSWORD": "bob's new password"]
    loseAnswer(of: bob, ["passwd"], story, fault)
    #expect(bob.succeeds("list_members", "team") == ["bob owner online"])
    bob.fails(77, "login", "bob", "password of bob")
    bob.succeeds("login", "bob", "bob's new password")
  }

  private func loseAnswer(of person: Person, _ words: [String], _ story: Story, _ fault: SyncFault) {
    fault.hang()
    let command = person.start(words)
    #expect(story.tracker().waitFor("a sync hangs", on: 2), "\(words)")
    story.killTracker()
    fault.heal()
    story.startTracker(environment: fault.environment)
    let outcome = command.finish()
    #expect(outcome.exit == 0, "\(words): \(outcome)")
  }
}

extension Certificate {
  fileprivate var generation: UInt32? {
    if case .member(_, let generation, _) = holder { generation } else { nil }
  }
}

/// One tracker or two, whoever serves, and lines as anybody.
private final class RepeatNetwork {
  let story: Story
  let mint: Mint
  private let death: DurabilityRepeatTests.Death
  private let instance = UInt64.random(in: .min ... .max)

  init(_ death: DurabilityRepeatTests.Death) throws {
    self.death = death
    story = .peopled(trackers: death == .takeover ? 2 : 1)
    story.startTracker()
    if death == .takeover { #expect(story.startTracker(2).waitFor("standing by")) }
    mint = try Mint(of: story.data)
  }

  func id(_ number: Int) -> RequestID { RequestID(instance: instance, sequence: UInt64(number)) }

  func content(_ size: UInt64) -> Entry.Kind {
    .file(FileContent(size: size, root: ContentRoot(.zero), isExecutable: false)!)
  }

  /// By a line of its own each time: the certificate is of the first password.
  func ask(_ request: TrackerRequest, as user: UserName?) -> TrackerAnswer? {
    do {
      let line = try mint.patientLine(of: user, to: story.ports)
      defer { line.close() }
      return try line.ask(request, within: 20_000)
    } catch {
      Issue.record("no answer: \(error)")
      return nil
    }
  }

  func die() {
    story.killTracker()
    switch death {
    case .restart: story.startTracker()
    case .takeover: #expect(story.tracker(2).waitFor("ready"))
    }
  }
}

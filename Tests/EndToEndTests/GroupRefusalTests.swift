// Everything that a group refuses, whoever asks and however he stands in it: one group, in which each of five people
// has another standing, and which no refusal changes.

import Testing

extension OneNetwork {
  @Suite struct GroupRefusals {
    private static let owner = "anna", member = "mia", asked = "paul", rejected = "rita", stranger = "sven"
    private static let everyone = [owner, member, asked, rejected, stranger]
    private static let lords = "lords"

    /// The group, as it is made by the first story and found by the others.
    private func person(_ name: String) -> Person { network.member(name) }

    init() {
      guard person(Self.owner).run(["create_group", Self.lords]).exit == 0 else { return }
      for name in [Self.member, Self.asked, Self.rejected] { person(name).succeeds("join_group", Self.lords) }
      person(Self.owner).succeeds("accept_request", Self.lords, Self.member)
      person(Self.owner).succeeds("reject_request", Self.lords, Self.rejected)
    }

    @Test(arguments: everyone)
    func `an existing group is not made again`(name: String) {
      person(name).fails(
        73, "create_group", "lords",
        says:
          "there is a group lords already: choose another name, or ask to join it with 'p2pfs join_group lords'"
      )
    }

    @Test(arguments: [owner, member])
    func `who is inside cannot join`(name: String) {
      person(name).fails(73, "join_group", "lords", says: "you are already in lords: nothing is left to do")
    }

    @Test(arguments: [rejected, stranger])
    func `who is outside cannot leave`(name: String) {
      person(name).fails(
        66, "leave_group", "lords", says: "you are not in lords: 'p2pfs list_groups' shows where you are")
    }

    @Test(arguments: [member, asked, rejected, stranger])
    func `what is the owner's nobody else does`(name: String) {
      let others = Self.everyone + ["nobody.by.that.name"]
      let commands = ["accept_request", "reject_request", "remove_member"].flatMap { command in
        others.map { [command, "lords", $0] }
      }
      for command in commands + [["list_requests", "lords"]] {
        let outcome = person(name).run(command)
        expectFailure(outcome, 77, "\(name): \(command)")
        #expect(
          outcome.sentence
            == "only the owner of lords can do that: ask the owner (list_groups shows who it is)")
      }
    }

    @Test(arguments: [asked, rejected, stranger])
    func `who is outside learns neither members nor files`(name: String) {
      for command in ["list_members", "list_files"] {
        person(name).fails(
          77, command, "lords",
          says: "you are not a member of lords: ask to join it with 'p2pfs join_group lords'")
      }
    }

    @Test(
      arguments: [
        ("nobody", 66, "there is no user nobody: see 'p2pfs list_requests lords'"),
        (stranger, 66, "sven has not asked to join lords: see 'p2pfs list_requests lords'"),
        (rejected, 66, "rita has not asked to join lords: see 'p2pfs list_requests lords'"),
        (member, 73, "mia is already in lords: nothing is left to do"),
        (owner, 73, "anna is already in lords: nothing is left to do"),
      ] as [(String, Int32, String)])
    func `only who asks is accepted`(name: String, exit: Int32, sentence: String) {
      person(Self.owner).fails(exit, "accept_request", "lords", name, says: sentence)
    }

    @Test(
      arguments: [
        ("nobody", "there is no user nobody: see 'p2pfs list_requests lords'"),
        (stranger, "sven has not asked to join lords: see 'p2pfs list_requests lords'"),
        (rejected, "rita has not asked to join lords: see 'p2pfs list_requests lords'"),
        (member, "mia has not asked to join lords: see 'p2pfs list_requests lords'"),
        (owner, "anna has not asked to join lords: see 'p2pfs list_requests lords'"),
      ])
    func `only who asks is rejected`(name: String, sentence: String) {
      person(Self.owner).fails(66, "reject_request", "lords", name, says: sentence)
    }

    @Test(
      arguments: [
        ("nobody", 66, "there is no user nobody: see 'p2pfs list_members lords'"),
        (stranger, 66, "sven is not a member of lords: see 'p2pfs list_members lords'"),
        (rejected, 66, "rita is not a member of lords: see 'p2pfs list_members lords'"),
        (asked, 66, "paul is not a member of lords: see 'p2pfs list_members lords'"),
        (owner, 65, "you cannot remove yourself from lords: use 'p2pfs leave_group lords'"),
      ] as [(String, Int32, String)])
    func `only a member is removed`(name: String, exit: Int32, sentence: String) {
      person(Self.owner).fails(exit, "remove_member", "lords", name, says: sentence)
    }

    @Test(arguments: [
      ["join_group", "no-such"], ["leave_group", "no-such"], ["list_requests", "no-such"],
      ["list_members", "no-such"], ["list_files", "no-such"], ["accept_request", "no-such", "mia"],
      ["reject_request", "no-such", "mia"], ["remove_member", "no-such", "mia"],
    ])
    func `nothing is done in a group that does not exist`(words: [String]) {
      let outcome = person(Self.owner).run(words)
      expectFailure(outcome, 66, "\(words)")
      #expect(
        outcome.sentence
          == "there is no group no-such: see 'p2pfs list_groups', or make it with 'p2pfs create_group no-such'"
      )
    }

    @Test func `refusals have changed nothing`() {
      let lines = Self.everyone.map { name in
        person(name).succeeds("list_groups").first { $0.hasPrefix("lords ") }
      }
      #expect(lines == ["owner", "member", "pending", "-", "-"].map { "lords anna \($0) 2 0" })
      #expect(person(Self.owner).succeeds("list_requests", "lords") == ["paul"])
    }

    @Test(arguments: [
      ["list_groups"], ["create_group", "x"], ["join_group", "lords"], ["leave_group", "lords"],
      ["list_requests", "lords"], ["accept_request", "lords", "paul"], ["reject_request", "lords", "paul"],
      ["list_members", "lords"], ["remove_member", "lords", "mia"], ["list_files", "lords"], ["logout"],
      ["passwd"],
    ])
    func `nothing is done for who is not logged in`(words: [String]) {
      let outcome = network.person("nobody", at: "nowhere").run(words)
      expectFailure(outcome, 77, "\(words)")
      #expect(outcome.sentence == "you are not logged in: use 'p2pfs login USER'")
    }
  }
}

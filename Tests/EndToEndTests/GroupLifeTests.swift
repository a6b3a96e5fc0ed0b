// The life of a group as people live it, from the shell. What is refused on the way is in GroupRefusalTests.

import Testing

extension OneNetwork {
  @Suite struct GroupLife {
    let alice = network.member("alice")
    let bob = network.member("bob")
    let carol = network.member("carol")

    /// What `person` sees of one group.
    func line(of group: String, for person: Person) -> String? {
      person.succeeds("list_groups").first { $0.hasPrefix("\(group) ") }
    }

    @Test func `a group is made, joined, passed on and gone`() {
      #expect(alice.succeeds("create_group", "team") == ["created group team"])
      #expect(line(of: "team", for: alice) == "team alice owner 1 0")
      #expect(line(of: "team", for: bob) == "team alice - 1 0")
      #expect(bob.succeeds("join_group", "team") == ["asked to join team: its owner has to accept"])
      carol.succeeds("join_group", "team")
      #expect(line(of: "team", for: bob) == "team alice pending 1 0")
      #expect(alice.succeeds("list_requests", "team") == ["bob", "carol"])

      #expect(alice.succeeds("accept_request", "team", "bob") == ["accepted bob into team"])
      #expect(
        alice.succeeds("reject_request", "team", "carol") == ["rejected carol's request to join team"])
      #expect(alice.succeeds("list_requests", "team") == [])
      #expect(bob.succeeds("list_members", "team") == ["alice owner offline", "bob member online"])
      #expect(bob.succeeds("list_files", "team") == [])
      #expect(line(of: "team", for: bob) == "team alice member 2 0")
      #expect(line(of: "team", for: carol) == "team alice - 2 0")

      #expect(alice.succeeds("leave_group", "team") == ["left team"])
      #expect(line(of: "team", for: bob) == "team bob owner 1 0")
      bob.succeeds("leave_group", "team")
      #expect(line(of: "team", for: bob) == nil)
    }

    @Test func `the longest-standing member inherits, not the first who asked nor the first by name`() {
      carol.succeeds("create_group", "heirs")
      alice.succeeds("join_group", "heirs")
      bob.succeeds("join_group", "heirs")
      carol.succeeds("accept_request", "heirs", "bob")
      carol.succeeds("accept_request", "heirs", "alice")
      carol.succeeds("leave_group", "heirs")
      #expect(line(of: "heirs", for: carol) == "heirs bob - 2 0")
      #expect(alice.succeeds("list_members", "heirs") == ["alice member online", "bob owner offline"])

      // Who comes back begins anew behind the others.
      carol.succeeds("join_group", "heirs")
      bob.succeeds("accept_request", "heirs", "carol")
      bob.succeeds("leave_group", "heirs")
      #expect(line(of: "heirs", for: bob) == "heirs alice - 2 0")
      alice.succeeds("leave_group", "heirs")
      #expect(line(of: "heirs", for: carol) == "heirs carol owner 1 0")
      carol.succeeds("leave_group", "heirs")
    }

    @Test func `who inherits has the owner's rights and requests`() {
      alice.succeeds("create_group", "handed")
      bob.succeeds("join_group", "handed")
      alice.succeeds("accept_request", "handed", "bob")
      carol.succeeds("join_group", "handed")
      alice.succeeds("leave_group", "handed")
      #expect(bob.succeeds("list_requests", "handed") == ["carol"])
      bob.succeeds("accept_request", "handed", "carol")
      #expect(bob.succeeds("remove_member", "handed", "carol") == ["removed carol from handed"])
      #expect(line(of: "handed", for: carol) == "handed bob - 1 0")
    }

    @Test func `a name can be used again, and the new group does not know the old members`() {
      alice.succeeds("create_group", "phoenix")
      for person in [bob, carol] { person.succeeds("join_group", "phoenix") }
      alice.succeeds("accept_request", "phoenix", "bob")
      for person in [bob, alice] { person.succeeds("leave_group", "phoenix") }
      alice.fails(66, "list_members", "phoenix")

      bob.succeeds("create_group", "phoenix")
      #expect(bob.succeeds("list_members", "phoenix") == ["bob owner online"])
      #expect(bob.succeeds("list_requests", "phoenix") == [])
      #expect(line(of: "phoenix", for: alice) == "phoenix bob - 1 0")
      #expect(line(of: "phoenix", for: carol) == "phoenix bob - 1 0")
      carol.succeeds("join_group", "phoenix")
      #expect(bob.succeeds("list_requests", "phoenix") == ["carol"])
    }

    @Test func `asking twice asks once`() {
      alice.succeeds("create_group", "patience")
      for _ in 1...2 { bob.succeeds("join_group", "patience") }
      #expect(alice.succeeds("list_requests", "patience") == ["bob"])
      #expect(line(of: "patience", for: bob) == "patience alice pending 1 0")
    }

    @Test func `leaving takes a pending request back`() {
      alice.succeeds("create_group", "regret")
      bob.succeeds("join_group", "regret")
      bob.succeeds("leave_group", "regret")
      #expect(alice.succeeds("list_requests", "regret") == [])
      #expect(line(of: "regret", for: bob) == "regret alice - 1 0")
      alice.fails(66, "accept_request", "regret", "bob")
    }

    @Test func `who was rejected, removed or has left may ask anew`() {
      alice.succeeds("create_group", "again")
      func bobIsIn() {
        bob.succeeds("join_group", "again")
        alice.succeeds("accept_request", "again", "bob")
        #expect(line(of: "again", for: bob) == "again alice member 2 0")
      }
      bob.succeeds("join_group", "again")
      alice.succeeds("reject_request", "again", "bob")
      bobIsIn()
      alice.succeeds("remove_member", "again", "bob")
      #expect(line(of: "again", for: bob) == "again alice - 1 0")
      bobIsIn()
      bob.succeeds("leave_group", "again")
      bobIsIn()
    }

    @Test func `requests are listed by name, members too`() {
      bob.succeeds("create_group", "sorted")
      for person in [carol, alice] { person.succeeds("join_group", "sorted") }
      #expect(bob.succeeds("list_requests", "sorted") == ["alice", "carol"])
      for name in ["carol", "alice"] { bob.succeeds("accept_request", "sorted", name) }
      #expect(
        bob.succeeds("list_members", "sorted")
          == ["alice member offline", "bob owner online", "carol member offline"])
    }
  }
}

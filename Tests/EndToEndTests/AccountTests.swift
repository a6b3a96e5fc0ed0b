// Accounts: made once, entered by who knows the password, from as many places as he likes.

import Foundation
import Testing

extension OneNetwork {
  @Suite struct Accounts {
    @Test func `an account is made once`() {
      let alice = network.member("alice")
      alice.fails(
        73, "create_user", "alice", "another",
        says: "there is a user alice already: choose another name, or log in with 'p2pfs login alice'")
      alice.fails(73, "create_user", "alice", alice.password)
      network.person("alice", at: "elsewhere").fails(77, "login", "alice", "another")
    }

    @Test func `a wrong password and an unknown user are told apart by nobody`() {
      let known = network.member("alice").name
      let visitor = network.person("visitor")
      let wrong = visitor.fails(77, "login", known, "wrong")
      let unknown = visitor.fails(77, "login", "nosuch", "wrong")
      #expect(wrong == unknown.replacing("nosuch", with: known))
      #expect(
        wrong
          == "wrong user or wrong password: check both, or make an account with 'p2pfs create_user alice'")
    }

    @Test func `after a wrong password nobody is logged in`() {
      let visitor = network.person("visitor", at: "once")
      visitor.fails(77, "login", network.member("alice").name, "wrong")
      visitor.fails(77, "list_groups", says: "you are not logged in: use 'p2pfs login USER'")
    }

    @Test func `a wrong password leaves an earlier login as it was`() {
      let bob = network.member("bob")
      bob.fails(77, "login", "bob", "wrong")
      bob.succeeds("list_groups")
    }

    @Test func `a user is logged in from several machines at once`() {
      let bob = network.member("bob")
      let there = network.person("bob", at: "laptop")
      there.succeeds("login", "bob", bob.password)
      there.succeeds("create_group", "from-laptop")
      #expect(bob.succeeds("list_members", "from-laptop") == ["bob owner online"])
      there.succeeds("logout")
      bob.succeeds("leave_group", "from-laptop")
    }

    @Test func `a login takes the place of another user's`() {
      let shared = network.person("family", at: "sofa")
      for name in ["alice", "bob"] { shared.succeeds("login", name, network.member(name).password) }
      shared.succeeds("create_group", "whose")
      #expect(shared.succeeds("list_members", "whose") == ["bob owner online"])
    }

    @Test func `after logging out nothing is done until the next login`() {
      let bob = network.member("bob")
      let there = network.person("bob", at: "phone")
      there.succeeds("login", "bob", bob.password)
      #expect(there.succeeds("logout") == ["logged out bob"])
      there.fails(77, "list_groups", says: "you are not logged in: use 'p2pfs login USER'")
      there.fails(77, "logout", says: "you are not logged in: use 'p2pfs login USER'")
      there.succeeds("login", "bob", bob.password)
      there.succeeds("list_groups")
      bob.succeeds("list_groups")
    }

    @Test func `a copy of a state directory is worth nothing after logging out`() throws {
      let bob = network.member("bob")
      let (there, thief) = (network.person("bob", at: "tablet"), network.person("bob", at: "stolen"))
      there.succeeds("login", "bob", bob.password)
      try FileManager.default.copyItem(atPath: there.state, toPath: thief.state)
      thief.succeeds("list_groups")
      there.succeeds("logout")
      thief.fails(77, "list_groups", says: Self.ended)
      thief.fails(
        77, "passwd", "--password-file", network.scratch.write("thief", "mine now\n"), says: Self.ended)
      bob.succeeds("list_groups")
      // Who wants to log out of a login that has ended is logged out.
      thief.succeeds("logout")
    }

    @Test func `a new password ends the old one and every other login`() {
      let carl = network.member("carl")
      let there = network.person("carl", at: "laptop")
      there.succeeds("login", "carl", carl.password)
      let file = network.scratch.write("new", "a new one\n")
      #expect(carl.succeeds("passwd", "--password-file", file) == ["changed the password of carl"])
      carl.succeeds("list_groups")
      there.fails(77, "list_groups", says: Self.ended)
      there.fails(77, "login", "carl", carl.password)
      there.succeeds("login", "carl", "a new one")
      there.succeeds("list_groups")
    }

    static let ended =
      "this login has ended (a day passed without it, it was logged out, or the password was changed): "
      + "log in again with 'p2pfs login USER'"
  }
}

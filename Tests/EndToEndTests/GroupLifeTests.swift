// The life of a group as three people live it, from the shell.

import Testing

@Suite(.serialized) struct GroupLifeTests {
  @Test func `a group is made, joined, passed on and gone`() {
    let story = Story()
    story.startTracker()
    let (alice, bob, carol) = (story.member("alice"), story.member("bob"), story.member("carol"))

    alice.succeeds("create_group", "team")
    #expect(bob.succeeds("list_groups") == ["team alice - 1 0"])
    bob.succeeds("join_group", "team")
    carol.succeeds("join_group", "team")
    #expect(bob.succeeds("list_groups") == ["team alice pending 1 0"])
    #expect(alice.succeeds("list_requests", "team") == ["bob", "carol"])

    alice.succeeds("accept_request", "team", "bob")
    alice.succeeds("reject_request", "team", "carol")
    #expect(alice.succeeds("list_requests", "team") == [])
    #expect(bob.succeeds("list_members", "team") == ["alice owner offline", "bob member online"])
    #expect(carol.succeeds("list_groups") == ["team alice - 2 0"])

    alice.succeeds("leave_group", "team")
    #expect(bob.succeeds("list_groups") == ["team bob owner 1 0"])
    bob.succeeds("leave_group", "team")
    #expect(bob.succeeds("list_groups") == [])
  }
}

// The network's authority: shown and saved when it is first seen, held to from then on, and no word of a password for
// anybody else.

import Foundation
import Testing

@Suite(.serialized) struct PinningTests {
  private let canary = "canary-for-impostors-90b2"

  /// A network that alice knows, at whose address another one has been put since.
  private func afterAChange() -> (story: Story, alice: Person, before: String, now: String) {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    let before = story.authority
    story.killTracker()
    story.data = story.scratch.path + "/other-data"
    story.startTracker()
    return (story, alice, before, story.authority)
  }

  @Test func `the authority is shown at first sight, saved, and shown at login`() throws {
    let story = Story()
    story.startTracker()
    let alice = story.person("alice")
    #expect(
      alice.succeeds("create_user", "alice", "secret")
        == ["first sight of this network: its authority is \(story.authority)", "created user alice"])
    let known = try String(contentsOfFile: alice.state + "/known_networks", encoding: .utf8)
    #expect(known.contains("127.0.0.1:\(story.ports[0]) \(story.authority)\n"))
    #expect(
      alice.succeeds("login", "alice", "secret")
        == ["logged in as alice", "the network's authority is \(story.authority)"])
    #expect(alice.succeeds("create_user", "bob", "secret") == ["created user bob"])

    let elsewhere = story.person("alice", at: "elsewhere")
    #expect(
      elsewhere.succeeds("login", "alice", "secret")
        == ["logged in as alice", "the network's authority is \(story.authority)"])
  }

  @Test func `an authority that the list of trackers names needs no showing`() {
    let story = Story()
    story.startTracker()
    let list = story.scratch.write("pinned.txt", "127.0.0.1:\(story.ports[0]) \(story.authority)\n")
    let alice = story.person("alice")
    #expect(alice.succeeds("create_user", "alice", "secret", "--tracker", list) == ["created user alice"])
    #expect(alice.succeeds("login", "alice", "secret", "--tracker", list) == ["logged in as alice"])
    alice.succeeds("list_groups")

    let wrong = "sha256:" + String(repeating: "0", count: 64)
    let wrongList = story.scratch.write("wrong.txt", "127.0.0.1:\(story.ports[0]) \(wrong)\n")
    for words in [["create_user", "bob", "secret"], ["login", "alice", "secret"]] {
      let outcome = alice.run(words + ["--tracker", wrongList])
      expectFailure(outcome, 78, "\(words)")
      #expect(
        outcome.sentence.hasPrefix("the network's authority should be \(wrong) and is \(story.authority): "))
    }
    for words in [["list_groups"], ["serve"], ["passwd", "--password-file", wrongList]] {
      let outcome = alice.run(words + ["--tracker", wrongList])
      expectFailure(outcome, 78, "\(words)")
      #expect(
        outcome.sentence == "the list of trackers names the authority \(wrong), and this login was made with "
          + "\(story.authority): give the list of the login's network with --tracker FILE, or log in to the other "
          + "one with 'p2pfs login USER --tracker FILE'")
    }
    _ = alice.serves()
    for words in [["list_groups"], ["sync"]] {
      alice.succeeds(words[0], "--tracker", list)
      expectFailure(alice.run(words + ["--tracker", wrongList]), 78, "\(words)")
    }
    let bob = story.person("bob")
    let sentence = bob.fails(78, "login", "alice", "secret", "--tracker", wrongList)
    #expect(sentence.contains(wrong) && sentence.contains(story.authority))
  }

  @Test func `a changed authority is refused by every command, and both are named`() {
    let (_, alice, before, now) = afterAChange()
    for words in [
      ["list_groups"], ["create_group", "x"], ["login", "alice", canary], ["create_user", "bob", canary],
      ["passwd", "--password-file", "/etc/hostname"],
    ] {
      let outcome = alice.run(words)
      expectFailure(outcome, 78, "\(words)")
      #expect(outcome.sentence.hasPrefix("the network's authority should be \(before) and is \(now): "))
    }
  }

  @Test func `after logging out a changed authority is still refused`() {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    alice.succeeds("logout")
    story.killTracker()
    story.data = story.scratch.path + "/other-data"
    story.startTracker()
    alice.fails(78, "login", "alice", alice.password)
    alice.fails(78, "create_user", "alice", alice.password)
  }

  @Test func `an announced change is accepted by writing the new authority into the list`() {
    let (story, alice, _, now) = afterAChange()
    let list = story.scratch.write("new.txt", "127.0.0.1:\(story.ports[0]) \(now)\n")
    #expect(alice.succeeds("create_user", "alice", "secret", "--tracker", list) == ["created user alice"])
    #expect(alice.succeeds("login", "alice", "secret", "--tracker", list) == ["logged in as alice"])
    #expect(alice.succeeds("list_groups") == [])
  }

  @Test func `another list of trackers is another network, trusted anew`() {
    let (one, other) = (Story(), Story())
    one.startTracker()
    other.startTracker()
    let alice = one.member("alice")
    #expect(
      alice.succeeds("create_user", "alice", "secret", "--tracker", other.info)
        == ["first sight of this network: its authority is \(other.authority)", "created user alice"])
    alice.succeeds("list_groups")
    alice.fails(78, "list_groups", "--tracker", other.info)
    alice.succeeds("login", "alice", "secret", "--tracker", other.info)
    alice.succeeds("list_groups", "--tracker", other.info)
    alice.fails(78, "list_groups", "--tracker", one.info)
  }

  @Test func `an impostor hears no password, neither at login nor when an account is made`() throws {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    let authority = story.authority
    story.killTracker()
    let impostor = try Impostor(at: story.ports[0])
    for words in [["login", "alice", canary], ["create_user", "bob", canary]] {
      let outcome = alice.run(words)
      expectFailure(outcome, 78, "\(words)")
      #expect(outcome.sentence.contains(authority) && outcome.sentence.contains(impostor.authority))
    }
    let pinned = story.scratch.write("pinned.txt", "127.0.0.1:\(story.ports[0]) \(authority)\n")
    story.person("bob").fails(78, "login", "bob", canary, "--tracker", pinned)
    alice.fails(78, "list_groups")
    #expect(!impostor.heard.contains(canary))

    // That he would be heard: whoever sees this network for the first time is fooled.
    let fooled = story.person("fooled").start(["login", "bob", canary])
    #expect(impostor.hears(canary))
    fooled.signal(SIGKILL)
    fooled.wait()
  }
}

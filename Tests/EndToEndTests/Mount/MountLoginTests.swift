// A login that ends while its daemon runs, and the one that takes its place.

import Foundation
import Testing

@Suite(.serialized) struct MountLoginTests {
  @Test func `what is closed after a login was ended elsewhere is published with the next`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("echo before > team/before")
    bob.sees("before", by: "ls team")
    let desk = team.story.person("alice", at: "desk")
    desk.succeeds("login", "alice", desk.password)
    desk.succeeds("passwd", "--password-file", team.story.scratch.write("new", "a new one\n"))
    alice.person.fails(77, "list_members", "team", says: ended)

    alice.does("echo kept > team/kept; echo changed > team/before; mkdir team/dir; ln -s kept team/link")
    alice.isRefused(EACCES, "rm team/before")
    #expect(alice.attribute("state", of: "team/kept") == "pending")
    #expect(alice.does("cat team/kept team/before; ls team") == "kept\nchanged\nbefore\ndir\nkept\nlink")
    let sentence = alice.person.fails(75, "sync")
    #expect(sentence.contains("this login has ended: log in again"))
    #expect(bob.does("ls team") == "before")
    // A restart is no hindrance, nor is a kill.
    alice.isKilled()
    alice.mountsAgain()
    #expect(alice.does("cat team/kept team/before; ls team") == "kept\nchanged\nbefore\ndir\nkept\nlink")

    alice.person.succeeds("login", "alice", "a new one")
    alice.person.succeeds("list_members", "team")
    alice.person.succeeds("sync")
    bob.sees("kept\nchanged\nkept", by: "cat team/kept team/before team/link")
    bob.sees("before\ndir\nkept\nlink", by: "ls team")
    #expect(team.story.scratch.names(in: "state-alice/recovered").isEmpty)
    // What is closed now goes out at once, and a logout ends this login and no other.
    alice.does("echo now > team/now")
    bob.sees("now", by: "cat team/now")
    alice.person.succeeds("logout")
    desk.succeeds("list_groups")
  }

  @Test func `who has logged out still hears that something waits to be published`() throws {
    let team = try MountedTeam("alice")
    let (story, alice) = (team.story, team[0])
    let desk = story.person("alice", at: "desk")
    desk.succeeds("login", "alice", desk.password)
    desk.succeeds("passwd", "--password-file", story.scratch.write("new", "a new one\n"))
    alice.does("echo kept > team/kept")
    alice.person.succeeds("logout")
    alice.person.fails(
      75, "sync",
      says: "a change waits to be published, and nobody is logged in here: log in with 'p2pfs login USER'")
    alice.person.succeeds("login", "alice", "a new one")
    alice.person.succeeds("sync")
    #expect(desk.succeeds("list_files", "team").count == 1)
  }

  @Test func `a daemon goes on with the next login although its own was ended`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    _ = (alice.serves(), bob.serves())
    team.makeFile("f", bytes: 100_000)
    alice.succeeds("upload_file", "f", "team")
    let desk = team.story.person("alice", at: "desk")
    for round in 1...2 {
      let (old, new) = (round == 1 ? alice.password : "new 1", "new \(round)")
      desk.succeeds("login", "alice", old)
      desk.succeeds("passwd", "--password-file", team.story.scratch.write(new, new + "\n"))
      alice.fails(77, "list_members", "team", says: ended)
      alice.succeeds("login", "alice", new)
      alice.succeeds("list_members", "team")
      alice.comes(to: "one who shares", "list_files", "team") { $0 == ["100000 alice \(round) f"] }
      bob.succeeds("download_file", "team", "f", "copy \(round)")
      #expect(team.isSame("f", "copy \(round)"))
    }
  }

  @Test func `a new password leaves the daemon of its own machine at work`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    for word in ["one", "two", "three"] {
      alice.person.succeeds("passwd", "--password-file", team.story.scratch.write(word, word + "\n"))
      alice.person.succeeds("list_members", "team")
      alice.does("echo \(word) > team/\(word)")
      alice.person.succeeds("sync")
      bob.sees(word, by: "cat team/\(word)")
    }
  }

  private let ended =
    "this login has ended (a day passed without it, it was logged out, or the password was changed): "
    + "log in again with 'p2pfs login USER'"
}

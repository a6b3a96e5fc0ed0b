// What a member with a full disk still sees of his groups, and when he sees the rest.

import Foundation
import Testing

@Suite(.serialized, .enabled(if: Disk.isPossible, "a full disk needs root")) struct MountFullCatalogTests {
  @Test func `who has no room left sees names for a good while, and all of them once there is room`() throws {
    let disk = Disk(.ext4)
    let story = Story()
    story.startTracker()
    let alice = story.member("alice").mounts()
    let poor = story.person("bob")
    poor.environment = ["P2PFS_STATE": disk.path + "/state"]
    poor.succeeds("create_user", "bob", poor.password)
    poor.succeeds("login", "bob", poor.password)
    let bob = poor.mounts()
    alice.does("mkdir team")
    bob.does("echo team > .join")
    alice.sees("bob", by: "cat team/.requests")
    alice.does("echo accept bob > team/.requests")
    bob.sees("team", by: "ls")
    // With what the file system keeps for root.
    disk.fill(leaving: -(128 << 20))

    bob.does("mkdir team/one; ln -s one team/link; mkdir own; mv team/one team/two; rm team/link")
    #expect(bob.does("ls team; ls") == "two\nown\nteam")
    alice.sees("two", by: "ls team")

    // More than was put aside for it.
    alice.does("mkdir team/many{1..1000}", within: 120)
    bob.sees(
      "the catalog cannot be written: there is no room left on its disk; what is decided is not seen here until it can be",
      by: "grep -o 'the catalog .*' .log", within: 60)
    let began = Date()
    bob.isRefused(ENOSPC, "mkdir team/three")
    bob.isRefused(ENOSPC, "ln -s two team/link")
    bob.isRefused(ENOSPC, "mkdir other")
    bob.isRefused(ENOSPC, "rmdir team/two")
    #expect(Date().timeIntervalSince(began) < 2)
    disk.empty()
    bob.sees(alice.does("ls team | sha256sum"), by: "ls team | sha256sum")
    #expect(bob.does("ls team | wc -l") == "1000", "what was removed is gone here too")
    bob.sees("2", by: "grep -c 'the catalog ' .log")
    bob.does("mkdir team/three; rmdir team/three own; tail -n 1 .log | grep -q 'is written again'")
    bob.unmounts()
  }
}

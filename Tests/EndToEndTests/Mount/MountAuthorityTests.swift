// Strangers in the trackers' place, and the daemons that meet them: said at every door, and never taken for a network
// that is away.

import Foundation
import Testing

private let canMount = geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0

@Suite(.serialized, .enabled(if: canMount)) struct MountAuthorityTests {
  private func story() -> (Story, Person) {
    let story = Story()
    story.startTracker()
    return (story, story.member("alice"))
  }

  /// At the address of the one before.
  private func anotherNetwork(_ story: Story) {
    story.killTracker()
    story.data = story.scratch.path + "/other-data"
    story.startTracker()
  }

  @Test func `no daemon is started among strangers, and what it says is what every command says`() {
    let (story, alice) = story()
    let place = story.scratch.path + "/m"
    story.mountPoints.insert(place)
    anotherNetwork(story)
    let sentence = alice.fails(78, "list_groups")
    alice.fails(78, "mount", place, says: sentence)
    alice.fails(78, "mount", place, "-f", says: sentence)
    alice.fails(78, "serve", says: sentence)
    alice.fails(78, "console", "127.0.0.1:0", says: sentence)
    #expect(!MountedDirectory(of: alice).isMounted)

    let wrong = "sha256:" + String(repeating: "0", count: 64)
    let list = story.scratch.write("wrong.txt", "127.0.0.1:\(story.ports[0]) \(wrong)\n")
    let other = alice.fails(78, "list_groups", "--tracker", list)
    alice.fails(78, "mount", place, "--tracker", list, says: other)

    story.killTracker()
    let mount = alice.mountsApart()
    #expect(mount.does("ls -A | head -1") == ".downloads\n")
  }

  @Test func `a daemon that meets them later shows what it has, and says why nothing goes through`() {
    let (story, alice) = story()
    let mount = alice.mountsApart()
    mount.does("mkdir team && echo hello > team/f && cat .groups")
    anotherNetwork(story)
    mount.sees("1\n", by: "grep -c 'authority should be' .log", within: 20)
    let sentence = alice.fails(78, "list_groups")
    #expect(sentence.hasPrefix("the network's authority should be sha256:"))
    #expect(mount.does("cat team/f; cat .groups") == "hello\nteam alice owner 1 1\n")

    mount.fails("mkdir g", EHOSTUNREACH)
    mount.fails("echo g > .join", EHOSTUNREACH)
    mount.fails("rm team/f", EHOSTUNREACH)
    mount.does("echo new > team/g")
    let log = mount.does("cat .log")
    #expect(!log.contains("no tracker answers"))
    for what in [".join: 'g'", "rm team/f", "mkdir g", "team/g is published when a tracker answers"] {
      #expect(log.contains("\(what): \(sentence)\n"), "\(log)")
    }

    let file = story.scratch.write("file", "x")
    for words in [
      ["upload_file", file, "nowhere"], ["create_group", "h"], ["link", "team", "x"], ["sync"],
    ] {
      let outcome = alice.run(words)
      expectFailure(outcome, 78, "\(words)")
      #expect(outcome.sentence == sentence)
    }

    story.killTracker()
    story.data = story.scratch.path + "/data"
    story.startTracker()
    mount.sees("f\ng\n", by: "ls team")
    mount.does("mkdir g")
    alice.succeeds("sync")
  }

  @Test func `where one of the listed is ours, the others do not matter`() {
    let story = Story(trackers: 2)
    story.startTracker(2)
    let alice = story.member("alice")
    story.killTracker(2)
    let ours = story.data
    story.data = story.scratch.path + "/other-data"
    story.startTracker(1)
    story.data = ours
    story.startTracker(2)
    let mount = alice.mountsApart()
    mount.does("mkdir team && echo hello > team/f")
    #expect(alice.succeeds("list_groups") == ["team alice owner 1 1"])
    #expect(!mount.does("cat .log").contains("authority"))
  }
}

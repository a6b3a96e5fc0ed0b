// Two trackers on one data directory: one serves, the other stands by and takes over.

import Foundation
import Testing

@Suite(.serialized) struct TakeoverTests {
  private func twoTrackers() -> Story {
    let story = Story(trackers: 2)
    story.startTracker(1)
    story.startTracker(2)
    return story
  }

  /// What the first tracker's line says of the second: the same, but for number and port.
  private func expectReady(_ story: Story) {
    #expect(
      story.tracker(2).lines() == [
        "tracker 2 standing by on 127.0.0.1:\(story.ports[1])",
        "tracker 2 ready on 127.0.0.1:\(story.ports[1]) ca \(story.tracker(1).text(1).suffix(72).dropLast())",
      ])
  }

  @Test func `the second stands by and says so, and nobody is served by it`() {
    let story = twoTrackers()
    #expect(story.tracker(2).text(1) == "tracker 2 standing by on 127.0.0.1:\(story.ports[1])\n")
    let lines = story.person("alice").succeeds("status").filter { $0.hasPrefix("tracker") }
    #expect(
      lines == [
        "tracker 127.0.0.1:\(story.ports[0]) answers",
        "tracker 127.0.0.1:\(story.ports[1]) takes no connections: it stands by, or is not running",
      ])
    for how in ["quit\n", "SIGTERM"] {
      let tracker = story.tracker(2)
      how == "quit\n" ? tracker.write(how) : tracker.signal(SIGTERM)
      #expect(tracker.wait(within: 5) == 0)
      story.startTracker(2)
    }
  }

  @Test func `within a second of kill -9 the second serves, and a command given meanwhile succeeds`() {
    let story = twoTrackers()
    let alice = story.member("alice")
    alice.succeeds("create_group", "before")
    let began = ContinuousClock.now
    story.tracker(1).signal(SIGKILL)
    let command = alice.start(["create_group", "meanwhile"])
    #expect(story.tracker(2).waitFor(" ready on "))
    let took = ContinuousClock.now - began
    #expect(took < .seconds(1), "\(took)")
    expectReady(story)
    story.tracker(1).wait()
    let outcome = command.finish()
    #expect(outcome.exit == 0, "\(outcome)")
    #expect(alice.succeeds("list_groups") == ["before alice owner 1 0", "meanwhile alice owner 1 0"])

    // And back again.
    story.startTracker(1)
    story.killTracker(2)
    alice.succeeds("create_group", "after")
    #expect(alice.succeeds("list_groups").count == 3)
  }

  @Test func `a tracker that ends cleanly hands over`() {
    let story = twoTrackers()
    let alice = story.member("alice")
    let began = ContinuousClock.now
    story.tracker(1).write("quit\n")
    #expect(story.tracker(2).waitFor(" ready on "))
    #expect(ContinuousClock.now - began < .seconds(1))
    #expect(story.tracker(1).wait(within: 5) == 0)
    alice.succeeds("create_group", "handed-over")
  }

  @Test func `logins that were ended and passwords that were changed stay so after a takeover`() throws {
    let story = twoTrackers()
    let (alice, copy) = (story.member("alice"), story.person("alice", at: "copy"))
    let (bob, there) = (story.member("bob"), story.person("bob", at: "there"))
    there.succeeds("login", "bob", bob.password)
    try FileManager.default.copyItem(atPath: alice.state, toPath: copy.state)
    alice.succeeds("logout")
    bob.succeeds("passwd", "--password-file", story.scratch.write("new", "brand new\n"))
    story.killTracker(1)
    copy.fails(77, "list_groups")
    there.fails(77, "list_groups")
    there.fails(77, "login", "bob", bob.password)
    there.succeeds("login", "bob", "brand new")
    bob.succeeds("list_groups")
  }

  @Test func `a third stands by as well, and each takes its turn`() {
    let story = Story(trackers: 3)
    for number in 1...3 { story.startTracker(number) }
    let alice = story.member("alice")
    story.killTracker(1)
    alice.succeeds("create_group", "one")
    let second = story.tracker(2).text(1).contains(" ready on ") ? 2 : 3
    story.killTracker(second)
    alice.succeeds("create_group", "two")
    #expect(story.tracker(5 - second).text(1).contains(" ready on "))
    #expect(alice.succeeds("list_groups").count == 2)
  }
}

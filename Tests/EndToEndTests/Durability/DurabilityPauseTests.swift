// The tracker that serves is stopped for a while and goes on: a machine that was too busy, or asleep.

import TestSupport
import Foundation
import GroupModel
import Testing

@Suite(.serialized) struct DurabilityPauseTests {
  @Test func `while the tracker is paused everyone waits, and nobody takes over`() throws {
    var random = SeededRandom(for: "pause")
    let story = Story.peopled(trackers: 2)
    story.startTracker(1)
    #expect(story.startTracker(2).waitFor("standing by"))
    let alice = story.member("alice")
    let crowd = try Crowd(of: story.data, to: story.ports, sessions: 12, &random)
    try crowd.settleIn()
    for seconds in [1, 4] {
      crowd.begin()
      usleep(.random(in: 0..<300_000, using: &random))
      story.tracker(1).signal(SIGSTOP)
      let waiting = alice.start(["create_group", "after-\(seconds)"])
      // As long as it takes: nothing must happen in it, so there is no event to wait for.
      sleep(UInt32(seconds))
      #expect(waiting.wait(within: 0) == nil, "a command was answered by nobody")
      #expect(!story.tracker(2).text(1).contains("ready"), "a second tracker serves")
      story.tracker(1).signal(SIGCONT)
      #expect(waiting.finish().exit == 0)
      crowd.rest()
      crowd.waitUntilIdle()
      try crowd.check()
    }
    crowd.begin()
    story.tracker(1).signal(SIGSTOP)
    story.killTracker(1)
    #expect(story.tracker(2).waitFor("ready"))
    crowd.rest()
    crowd.waitUntilIdle()
    try crowd.check(rereadsAll: true)
  }
}

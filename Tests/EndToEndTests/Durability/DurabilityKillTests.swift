// The tracker is killed at any moment, again and again, with two dozen members at work.

import TestSupport
import Foundation
import GroupModel
import Testing

@Suite(.serialized) struct DurabilityKillTests {
  @Test func `what was acknowledged survives kill -9 at any moment`() throws {
    var random = SeededRandom(for: "kill -9")
    let story = Story.peopled()
    let crowd = try Crowd(of: story.data, &random)
    let keeper = try AccountKeeper(try Mint(of: story.data), story.ports)
    let rounds = rounds(24)
    for _ in 0..<rounds {
      try serve(story, crowd, &random)
      crowd.begin()
      usleep(.random(in: 0..<1_000_000, using: &random))
      story.killTracker()
      crowd.waitUntilIdle()
      if random.isTrue(oneIn: 3) { killWhileStarting(story, &random) }
    }
    try serve(story, crowd, &random)
    let accounts = try keeper.finish()
    endWell(story, crowd)
    try serve(story, crowd, &random, rereadsAll: true)
    let counts = crowd.history.counts
    print(
      "kill -9: \(rounds) rounds, \(crowd.audit.changes) changes in \(counts.acknowledged) acknowledged wishes, \(counts.repeated) asked again, "
        + "\(accounts) accounts made and their passwords changed")
    #expect(counts.acknowledged > 100 * rounds)
  }

  private func serve(
    _ story: Story, _ crowd: Crowd, _ random: inout SeededRandom, rereadsAll: Bool = false
  ) throws {
    #expect(story.startTracker().waitFor("ready"), "\(story.tracker().text(2))")
    crowd.reach(story.ports[0])
    try crowd.check(rereadsAll: rereadsAll)
  }

  private func killWhileStarting(_ story: Story, _ random: inout SeededRandom) {
    let child = Child(Programs.tracker, ["--data", story.data, story.info, "1"])
    usleep(.random(in: 0..<40_000, using: &random))
    child.signal(SIGKILL)
    child.wait()
  }

  /// Told to stop in the middle of it all.
  private func endWell(_ story: Story, _ crowd: Crowd) {
    crowd.begin()
    usleep(300_000)
    story.tracker().signal(SIGTERM)
    crowd.waitUntilIdle()
    let outcome = story.tracker().finish()
    #expect(outcome.exit == 0, "\(outcome)")
  }
}

// Two trackers on one data directory; whichever serves is killed, or told to stop, and nobody at a shell and no
// program sees anything of it but a short wait.

import TestSupport
import Foundation
import GroupModel
import Swarm
import Testing

@Suite(.serialized) struct DurabilityTakeoverTests {
  @Test func `when the tracker that serves dies no command fails and nothing is lost`() throws {
    var random = SeededRandom(for: "takeover")
    let story = Story.peopled(trackers: 2)
    var (serving, standingBy) = (1, 2)
    story.startTracker(serving)
    #expect(story.startTracker(standingBy).waitFor("standing by"))
    let crowd = try Crowd(of: story.data, to: story.ports, sessions: 12, &random)
    let shells = ["ann", "ben", "cay"].map { Shell(story.member($0)) }
    let probe = try Mint(of: story.data).patientLine(of: Wishing.users[0], to: story.ports)
    defer { probe.close() }
    var (ready, answered) = (Times(), Times())

    try crowd.settleIn()
    let rounds = rounds(12)
    for round in 0..<rounds {
      crowd.begin()
      usleep(.random(in: 0..<500_000, using: &random))
      let isKilled = round % 3 != 2
      let start = Date()
      story.tracker(serving).signal(isKilled ? SIGKILL : SIGTERM)
      let hasTakenOver = story.tracker(standingBy).waitFor("ready")
      ready.add(since: start)
      #expect(hasTakenOver, "\(story.tracker(standingBy).text(2))")
      #expect(probe.answer(to: .listGroups(after: nil)) != nil)
      answered.add(since: start)
      #expect(story.tracker(serving).wait() == (isKilled ? -SIGKILL : 0), "\(story.tracker(serving).text(2))")
      crowd.rest()
      crowd.waitUntilIdle()
      try crowd.check()
      swap(&serving, &standingBy)
      #expect(story.startTracker(standingBy).waitFor("standing by"))
    }
    let commands = shells.map { $0.finish() }.reduce(0, +)
    let counts = crowd.history.counts
    print(
      "takeover: \(rounds) rounds, \(crowd.audit.changes) changes in \(counts.acknowledged) acknowledged wishes, \(commands) commands, none failed; "
        + "from the death to the ready line \(ready), to the first answer \(answered)")
    #expect(ready.longest < 1, "a standby takes over within a second")
    #expect(commands > 2 * rounds)
  }
}

/// Milliseconds.
private struct Times: CustomStringConvertible {
  private var seconds: [Double] = []

  mutating func add(since start: Date) { seconds.append(-start.timeIntervalSinceNow) }

  var longest: Double { seconds.max() ?? 0 }

  var description: String {
    let sorted = seconds.sorted().map { Int($0 * 1000) }
    guard let first = sorted.first, let last = sorted.last else { return "never" }
    return "\(first) to \(last) ms, median \(sorted[sorted.count / 2]) ms"
  }
}

/// Somebody who gives one command after the other, each of which has to succeed.
///
/// ## Concurrency model
/// A thread of its own; `finish` from another one.
private final class Shell: @unchecked Sendable {
  private let person: Person
  private let lock = NSLock()
  private var isOver = false
  private let ended = Awaited<Int>()
  /// Of the thread, until it has ended.
  private var failures: [String] = []

  init(_ person: Person) {
    self.person = person
    Thread.detachNewThread { [self] in
      var count = 0
      while !lock.withLock({ isOver }) {
        let group = "\(person.name)-\(count)"
        person.succeeds("create_group", group)
        let listed = person.succeeds("list_groups")
        if !listed.contains("\(group) \(person.name) owner 1 0") {
          Issue.record("\(group) is gone: \(listed)")
        }
        person.succeeds("leave_group", group)
        count += 3
      }
      ended.come(count)
    }
  }

  /// How many commands succeeded.
  func finish() -> Int {
    lock.withLock { isOver = true }
    let count = ended.wait() ?? 0
    #expect(failures.isEmpty, "\(failures)")
    return count
  }
}

// A disk that is full, and one that cannot be written: who asks is told, nothing that was acknowledged is lost, and
// the tracker goes on or ends, as the disk can still be trusted or not.

import TestSupport
import Foundation
import GroupModel
import Link
import Swarm
import Testing

@Suite(.serialized) struct DurabilityFullDiskTests {
  @Test(.enabled(if: Disk.isPossible, "needs root, to mount a small disk"))
  func `a full disk refuses changes, and nothing else, until there is room`() throws {
    var random = SeededRandom(for: "full disk")
    let disk = Disk(.memory(mebibytes: 8))
    let story = Story.peopled(on: disk)
    story.startTracker()
    let crowd = try Crowd(of: story.data, &random)
    crowd.reach(story.ports[0])
    let alice = story.member("alice")
    alice.succeeds("create_group", "team")
    try crowd.settleIn()
    crowd.begin()
    usleep(100_000)
    disk.fill()
    #expect(isRefused(alice))

    // With others wishing in vain beside it.
    let reader = try Mint(of: story.data).patientLine(of: Wishing.users[0], to: story.ports)
    defer { reader.close() }
    for _ in 0..<50 { #expect(reader.answer(to: .follow(listening: nil)) == .done) }
    crowd.rest()
    crowd.waitUntilIdle()
    #expect(alice.fails(75, "leave_group", "team").contains("no room"))
    #expect(alice.succeeds("list_members", "team") == ["alice owner online"])
    alice.succeeds("login", "alice", "password of alice")
    try crowd.check()

    disk.empty()
    alice.succeeds("create_group", "more")
    grow(crowd)
    try crowd.check()
    crowd.begin()
    disk.fill()
    #expect(isRefused(alice))
    story.killTracker()
    crowd.waitUntilIdle()
    // Also when it is full at the start.
    serve(story, crowd)
    try crowd.check()
    #expect(alice.succeeds("list_members", "team") == ["alice owner online"])
    disk.empty()
    alice.succeeds("create_group", "still-more")
    grow(crowd)
    story.killTracker()
    serve(story, crowd)
    try crowd.check(rereadsAll: true)
    let counts = crowd.history.counts
    print(
      "full disk: \(crowd.audit.changes) changes in \(counts.acknowledged) acknowledged wishes, none lost, \(counts.full) found no room"
    )
    #expect(counts.full > 0)
  }

  private func serve(_ story: Story, _ crowd: Crowd) {
    #expect(story.startTracker().waitFor("ready"), "\(story.tracker().text(2))")
    crowd.reach(story.ports[0])
  }

  private func grow(_ crowd: Crowd) {
    crowd.begin()
    usleep(100_000)
    crowd.rest()
    crowd.waitUntilIdle()
  }

  /// In the end: what the ledger's files have in reserve is used first.
  private func isRefused(_ person: Person) -> Bool {
    for number in 0..<500 {
      let outcome = person.run(["create_group", "filling-\(number)-\(UInt32.random(in: 0 ... .max))"])
      if outcome.exit == 75 { return true }
      #expect(outcome.exit == 0, "\(outcome)")
    }
    return false
  }

  @Test(.enabled(if: Disk.isPossible, "needs root, to mount a small disk"), arguments: [0, 4, 8, 16, 32, 64])
  func `a first start on a full disk says so, and the next one finds nothing in its way`(kibibytes: Int) {
    let disk = Disk(.memory(mebibytes: 1))
    let story = Story()
    story.belongings = [disk]
    story.data = disk.path + "/data"
    disk.fill(leaving: kibibytes << 10)
    let outcome = Child(Programs.tracker, ["--data", story.data, story.info, "1"]).finish()
    #expect(outcome.exit == 74, "\(outcome)")
    #expect(outcome.output == "")
    #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome)")
    #expect(outcome.errors.contains("No space left") || outcome.errors.contains("no room"), "\(outcome)")
    #expect(outcome.errors.contains(disk.path), "\(outcome)")
    disk.empty()
    #expect(story.startTracker().waitFor("ready"), "\(story.tracker().text(2))")
  }
}

@Suite(.serialized) struct DurabilityBrokenDiskTests {
  /// Whether the sync failed for want of room or for good: what is on the disk, nobody knows.
  @Test(arguments: [EIO, ENOSPC])
  func `when a sync fails the tracker ends, and the next one has all that was acknowledged`(errno: Int32)
    throws
  {
    var random = SeededRandom(for: "sync fails")
    let story = Story.peopled(trackers: 2)
    let fault = SyncFault(for: story)
    #expect(story.startTracker(1, environment: fault.environment).waitFor("ready"))
    #expect(story.startTracker(2).waitFor("standing by"))
    let crowd = try Crowd(of: story.data, to: story.ports, sessions: 12, &random)
    try crowd.settleIn()
    crowd.begin()
    usleep(.random(in: 100_000..<400_000, using: &random))
    fault.fail(with: errno)
    #expect(story.tracker(2).waitFor("ready"))
    let outcome = story.tracker(1).finish()
    #expect(outcome.exit == 74, "\(outcome)")
    #expect(outcome.errors.contains("the ledger cannot be written"), "\(outcome)")
    usleep(100_000)
    crowd.rest()
    crowd.waitUntilIdle()
    try crowd.check(rereadsAll: true)
  }

  /// The tracker was killed while a change was written but not synced. The next one reads it from the kernel's memory,
  /// and acknowledges it when it is asked again.
  @Test(.enabled(if: Disk.isPossible, "needs root and loop devices"), arguments: [Disk.Kind.ext4, .xfs])
  func `a change that another tracker left unsynced is synced before it is acknowledged`(on kind: Disk.Kind)
    throws
  {
    let disk = Disk(kind)
    let story = Story.peopled(on: disk)
    let fault = SyncFault(for: story)
    #expect(story.startTracker(environment: fault.environment).waitFor("ready"))
    let mint = try Mint(of: story.data)
    let line = try mint.patientLine(of: Wishing.users[0], to: story.ports)
    defer { line.close() }
    fault.hang()
    let wish = Proposal(.found, in: GroupName("team")!)
    let answer = Awaited<TrackerAnswer?>()
    line.ask(.propose(RequestID(instance: 7, sequence: 7), wish), within: 30_000) {
      answer.come(try? $0.get())
    }
    #expect(story.tracker().waitFor("a sync hangs", on: 2))
    story.killTracker()
    #expect(story.startTracker().waitFor("ready"))
    guard case .decided(let group, 1)? = answer.wait() else {
      Issue.record("the wish was not granted")
      return
    }
    disk.cutPower()
    story.killTracker()
    disk.restorePower()
    #expect(story.startTracker().waitFor("ready"))
    guard case .groups(let groups, _)? = line.answer(to: .listGroups(after: nil)) else {
      Issue.record("no list")
      return
    }
    #expect(groups.map(\.id) == [group])
  }
}

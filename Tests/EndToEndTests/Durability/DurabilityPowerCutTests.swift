// The power goes at a random moment, on real file systems. That this would show a commit which does not wait for the
// disk, the canary proves: kill -9 alone never does.

import TestSupport
import Catalog
import Foundation
import GroupModel
import Synchronization
import Testing

@testable import Tracker

@Suite(.serialized, .enabled(if: Disk.isPossible, "needs root and loop devices"))
struct DurabilityPowerCutTests {
  @Test(arguments: [Disk.Kind.ext4, .xfs])
  func `what was acknowledged survives the loss of power`(on kind: Disk.Kind) throws {
    var random = SeededRandom(for: "power cut on \(kind)")
    let disk = Disk(kind)
    let story = Story.peopled(on: disk)
    let crowd = try Crowd(of: story.data, &random)
    let rounds = rounds(6)
    for _ in 0..<rounds {
      try serve(story, crowd)
      crowd.begin()
      usleep(.random(in: 0..<800_000, using: &random))
      crowd.history.stopListening()
      disk.cutPower()
      story.killTracker()
      crowd.waitUntilIdle()
      crowd.history.listen()
      disk.restorePower()
    }
    try serve(story, crowd, rereadsAll: true)
    story.killTracker()
    let counts = crowd.history.counts
    print(
      "power cut on \(kind): \(rounds) rounds, \(crowd.audit.changes) changes in \(counts.acknowledged) acknowledged wishes, none lost"
    )
    #expect(counts.acknowledged > 50 * rounds)
  }

  private func serve(_ story: Story, _ crowd: Crowd, rereadsAll: Bool = false) throws {
    #expect(story.startTracker().waitFor("ready"), "\(story.tracker().text(2))")
    crowd.reach(story.ports[0])
    try crowd.check(rereadsAll: rereadsAll)
  }

  @Test(arguments: [Disk.Kind.ext4, .xfs])
  func `a first start that was followed by a loss of power is not forgotten`(on kind: Disk.Kind) {
    let disk = Disk(kind)
    let story = Story()
    story.belongings = [disk]
    story.data = disk.path + "/made/on/the/way"
    #expect(story.startTracker().waitFor("ready"))
    let promise = story.tracker().text(1)
    let alice = story.member("alice")
    disk.cutPower()
    story.killTracker()
    disk.restorePower()
    #expect(story.startTracker().waitFor("ready"))
    #expect(story.tracker().text(1) == promise, "the authority is another one")
    #expect(alice.succeeds("list_groups") == [])
  }

  @Test(arguments: [Disk.Kind.ext4, .xfs])
  func `a ledger that waits for the disk loses nothing when the power goes`(on kind: Disk.Kind) throws {
    var random = SeededRandom(for: "ledger on \(kind)")
    var (acknowledged, lost) = (0, 0)
    for _ in 0..<rounds(4) {
      let cut = try LedgerUnderLoad(kind, .powerCut).run(
        forMicroseconds: .random(in: 50_000..<400_000, using: &random))
      acknowledged += cut.acknowledged
      lost += cut.lost
    }
    print("ledger on \(kind), synchronous=FULL: \(acknowledged) commits acknowledged, \(lost) lost")
    #expect(lost == 0)
  }

  @Test(arguments: [Disk.Kind.ext4, .xfs])
  func `the canary: a ledger that does not wait loses something`(on kind: Disk.Kind) throws {
    var random = SeededRandom(for: "canary on \(kind)")
    for round in 1...8 {
      let cut = try LedgerUnderLoad(kind, .processCrash)
        .run(forMicroseconds: .random(in: 50_000..<400_000, using: &random))
      guard cut.lost > 0 else { continue }
      print(
        "canary on \(kind), synchronous=NORMAL: lost \(cut.lost) of \(cut.acknowledged) in round \(round)")
      return
    }
    Issue.record("nothing was lost in 8 rounds: this kind of power cut proves nothing")
  }
}

/// The tracker's ledger in this process, one commit after the other, on a disk whose power goes.
private final class LedgerUnderLoad {
  private let disk: Disk
  private let path: String
  private let durability: Database.Durability

  init(_ kind: Disk.Kind, _ durability: Database.Durability) throws {
    disk = Disk(kind)
    path = disk.path + "/ledger.sqlite"
    self.durability = durability
  }

  func run(forMicroseconds time: UInt32) throws -> (acknowledged: Int, lost: Int) {
    let acknowledged = Mutex(0)
    let begun = Awaited<Bool>()
    let ended = Awaited<Bool>()
    Thread.detachNewThread { [path, durability] in
      Self.commitUntilItFails(path, durability, acknowledged, begun)
      ended.come(true)
    }
    #expect(begun.wait() == true, "no ledger can be made")
    usleep(time)
    let count = acknowledged.withLock { $0 }
    disk.cutPower()
    _ = ended.wait()
    disk.restorePower()
    let left = try SQLiteLedger(path: path).revocations(after: 0)
    let there = Set(left.map { Int($0.lineage) })
    // One more may be there: its commit was done, but nobody had been told.
    #expect(there.isSubset(of: 1...acknowledged.withLock { $0 } + 1))
    return (count, (1...count).count { !there.contains($0) })
  }

  private static func commitUntilItFails(
    _ path: String, _ durability: Database.Durability, _ acknowledged: borrowing Mutex<Int>,
    _ begun: Awaited<Bool>
  ) {
    guard let ledger = try? SQLiteLedger(path: path, durability: durability) else {
      return begun.come(false)
    }
    for number in 1... {
      do throws(DatabaseError) {
        try ledger.commit { () throws(DatabaseError) in
          try ledger.put(Revocation(lineage: UInt64(number), until: 1))
        }
      } catch { return }
      acknowledged.withLock { $0 = number }
      if number == 1 { begun.come(true) }
    }
  }
}

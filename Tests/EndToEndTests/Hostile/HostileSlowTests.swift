// Those who are slow: who say nothing, say it a byte at a time, or do not read. Each is cut off in its time, all of
// them at once, and nobody waits for them.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

/// Somebody slow: what he does each second, and when the tracker is to have enough of him.
private final class Laggard {
  let what: String
  let plug: Plug
  let secondsMin: Double
  let secondsMax: Double
  let everySecond: () -> Void
  /// Another for one who does not read, and so does not see its own end.
  var isGone: () -> Bool
  let began = Date()
  var lived: Double?

  init(_ what: String, on plug: Plug, _ seconds: Double, everySecond: @escaping () -> Void = {}) {
    self.what = what
    self.plug = plug
    // The test looks ten times a second, on a machine that may be busy.
    secondsMin = seconds - 0.5
    secondsMax = seconds + 8
    self.everySecond = everySecond
    isGone = { plug.isClosedNow }
  }
}

@Suite(.serialized) struct HostileSlowTests {
  private let handshake = Double(LineLimits().openMilliseconds) / 1000
  private let message = Double(LineLimits().messageMilliseconds) / 1000
  private let silence = 3 * Double(LineLimits().heartbeatMilliseconds) / 1000
  private let sending = Double(LineLimits().sendMilliseconds) / 1000

  private func beforeLogin(_ siege: Siege) throws -> [Laggard] {
    let hello = Visitor.clientHello()
    return try (0..<3).flatMap { number in
      let (silent, oneByte, half) = (
        try Plug(to: siege.port), try Plug(to: siege.port), try Plug(to: siege.port)
      )
      oneByte.send([hello[0]])
      half.send(hello)
      let trickle = try Plug(to: siege.port)
      var sent = 0
      return [
        Laggard("connects and says nothing", on: silent, handshake),
        Laggard("says one byte", on: oneByte, handshake),
        Laggard("says half of a handshake", on: half, handshake),
        Laggard("shakes hands a byte a second", on: trickle, handshake) {
          trickle.send([hello[sent]])
          sent += 1
        },
      ]
    }
  }

  private func afterHandshake(_ siege: Siege, _ id: GroupID) throws -> [Laggard] {
    let frame = Visitor.frame(.request, TrackerKind.listGroups, 1, [0])
    let (stranger, member) = (try siege.stranger(), try siege.member(carol))
    let (slowStranger, slowMember) = (try siege.stranger(), try siege.member(carol))
    let deaf = try Visitor(to: siege.port, as: siege.mint.credential(bob), receiveBytes: 4096, patience: 0.2)
    let owner = try siege.member(alice)
    var sent = 0
    var asked = 0
    // Asks for far more than the kernels hold between them, in the first seconds.
    let notReading = Laggard("asks a lot and does not read", on: deaf.plug, sending) {
      guard asked < 100 else { return }
      for _ in 0..<50 { deaf.begin(.catchUp(id, after: CatchUpMark(number: 0))) }
      asked += 50
    }
    var wasThere = false
    notReading.isGone = {
      let isOffline = self.isOffline(bob, asking: owner)
      if !isOffline { wasThere = true }
      return isOffline && wasThere
    }
    return [
      Laggard("shakes hands and says nothing", on: stranger.plug, silence) { _ = stranger },
      Laggard("logs in and says nothing", on: member.plug, silence) { _ = member },
      Laggard("asks a byte a second", on: slowStranger.plug, message) {
        if sent < frame.count - 1 { slowStranger.send([frame[sent]]) }
      },
      Laggard("asks a byte a second, logged in", on: slowMember.plug, message) {
        if sent < frame.count - 1 { slowMember.send([frame[sent]]) }
        sent += 1
      },
      notReading,
    ]
  }

  @Test func `who is slow is cut off in its time, and nobody else waits`() throws {
    let siege = try Siege()
    let id = try siege.makeTeam()
    try fill(team, of: siege, entries: 300)
    let before = siege.log.count
    let laggards = try beforeLogin(siege) + afterHandshake(siege, id)
    try siege.withstands("\(laggards.count) who are slow") {
      let end = Date(timeIntervalSinceNow: max(silence, message, sending) + 20)
      var turns = 0
      while laggards.contains(where: { $0.lived == nil }), Date() < end {
        for laggard in laggards where laggard.lived == nil {
          if laggard.isGone() {
            laggard.lived = -laggard.began.timeIntervalSinceNow
          } else if turns % 10 == 0 {
            laggard.everySecond()
          }
        }
        turns += 1
        usleep(100_000)
      }
    }
    for laggard in laggards {
      let lived = laggard.lived ?? .infinity
      #expect((laggard.secondsMin...laggard.secondsMax).contains(lived), "\(laggard.what): \(lived) s")
    }
    #expect(siege.log.count - before <= laggards.count, "\(siege.log.suffix(20).joined(separator: "\n"))")
  }

  private func isOffline(_ user: UserName, asking member: Visitor) -> Bool {
    guard case .members(let members, _)? = try? member.ask(.listMembers(team, after: nil)) else {
      return false
    }
    return members.contains { $0.user == user && !$0.isOnline }
  }

  /// Entries with paths so long that a page of them is as large as any.
  private func fill(_ name: GroupName, of siege: Siege, entries: Int, from first: Int = 0) throws {
    let owner = try siege.member(alice)
    let asked = (first..<first + entries).map { number in
      owner.begin(.propose(.random, Proposal(longDirectory(number), in: name)))
    }
    for exchange in asked { _ = try owner.answer(to: exchange) }
  }

  private func longDirectory(_ number: Int) -> Proposal.Wish {
    let path = "\(number)-" + String(repeating: "n", count: 240)
    return .publish(try! FilePath(path), .directory, modified: 0, over: nil)
  }

  @Test func `a follower who does not read is cut off, and those who do miss nothing`() throws {
    let siege = try Siege()
    _ = try siege.makeTeam()
    let deaf = try Visitor(to: siege.port, as: siege.mint.credential(bob), receiveBytes: 4096)
    try deaf.follow()
    let readers = try (0..<3).map { _ in try siege.follower(bob) }
    let entries = 24_000
    let heard = Heard()
    for reader in readers {
      Thread.detachNewThread {
        var decisions = 0
        while decisions < entries, let push = try? reader.nextPush() {
          if case .decision = push { decisions += 1 }
        }
        heard.note(decisions)
      }
    }
    try siege.withstands("a follower that does not read") {
      var done = 0
      while done < entries {
        try fill(team, of: siege, entries: 200, from: done)
        done += 200
      }
      #expect(heard.wait(for: readers.count) == readers.map { _ in entries })
    }
    // What it had been sent is still in its kernel; then comes the end.
    #expect(deaf.plug.isClosedByOther())
    #expect(siege.log.count { $0.contains("does not read") } == 1)
  }
}

/// What several threads have heard.
private final class Heard: @unchecked Sendable {
  private let lock = NSCondition()
  private var counts: [Int] = []

  func note(_ count: Int) {
    lock.withLock { counts.append(count) }
    lock.broadcast()
  }

  func wait(for number: Int) -> [Int] {
    lock.lock()
    defer { lock.unlock() }
    while counts.count < number { lock.wait() }
    return counts
  }
}

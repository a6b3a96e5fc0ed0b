// Downloads whose sources go, stall or come back, and downloads that are themselves interrupted.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

@Suite(.serialized) struct LossTests {
  private static let mebibyte = 1 << 20

  @Test func `two who fetch complete each other when the origin is killed`() throws {
    let team = try Team("alice", "bob", "carol", "dave", "erin")
    let (alice, bob, carol) = (team[0], team[1], team[2])
    team.makeFile("big", bytes: 64 * Self.mebibyte)
    let origin = alice.serves("--up-limit", "16M")
    alice.succeeds("upload_file", "big", "team")
    let (source, group) = (try HashedSource(team.path("big")), try team.id)
    bob.serves("--up-limit", "4M")
    carol.serves("--up-limit", "4M")
    let onlookers = [try Onlooker("dave", in: team), try Onlooker("erin", in: team)]
    let downloads = [bob.begins("big", to: "bobs"), carol.begins("big", to: "carols")]
    for (person, onlooker) in zip([bob, carol], onlookers) {
      try person.waits(forBytes: 1, of: "team/big")
      try onlooker.watches(person, source, in: group)
    }
    // Killed as soon as the two have it all between them.
    let deadline = Date(timeIntervalSinceNow: 30)
    while Date() < deadline {
      let held = onlookers.reduce(into: BlockRuns()) { $0.formUnion($1.held(of: source.layout)) }
      guard held.count < source.layout.blockCount else { break }
      usleep(20_000)
    }
    origin.isKilled()
    let had = try [bob, carol].map { try $0.status.fetched.kept }
    #expect(had.allSatisfy { $0 < source.bytes.count }, "both were done before the origin was killed: \(had)")

    for download in downloads { #expect(download.finish().exit == 0) }
    #expect(team.isSame("big", "bobs") && team.isSame("big", "carols"))
    for (person, had) in zip([bob, carol], had) {
      let fetched = try person.status.fetched
      #expect(
        fetched.kept == source.bytes.count && fetched.twice < Self.mebibyte, "\(fetched), \(had) before")
    }
  }

  @Test(arguments: [SIGKILL, SIGTERM])
  func `a download that is interrupted goes on, and fetches nothing again`(signal: Int32) throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    let total = 192 * Self.mebibyte
    team.makeFile("big", bytes: total)
    alice.serves()
    alice.succeeds("upload_file", "big", "team")
    let first = bob.serves("--down-limit", "64M")
    let download = bob.begins("big", to: "copy")
    try bob.waits(forBytes: total / 2, of: "team/big")
    let kept = try bob.status.fetched.kept
    first.signal(signal)
    #expect(first.wait() == (signal == SIGKILL ? -SIGKILL : 0))
    #expect(download.finish().exit == 69, "its daemon has gone")
    #expect(!FileManager.default.fileExists(atPath: team.path("copy")), "half a file in its place")

    bob.serves("--down-limit", "64M")
    // It goes on by itself; who asks for it again only waits with it.
    bob.succeeds("download_file", "team", "big", "copy")
    #expect(team.isSame("big", "copy"))
    let fetched = try bob.status.fetched
    #expect(fetched.kept <= total - kept, "\(kept) before, \(fetched) after, of \(total)")
    #expect(fetched.twice == 0 && fetched.received <= total - kept, "\(fetched)")
  }

  @Test func `a seed that is stopped costs a moment, and nothing when it wakes`() throws {
    let team = try Team("alice", "bob", "carol")
    let (alice, bob, carol) = (team[0], team[1], team[2])
    let total = 96 * Self.mebibyte
    team.makeFile("big", bytes: total)
    link(team.path("big"), team.path("same"))
    let sleeper = alice.serves("--up-limit", "24M")
    alice.succeeds("upload_file", "big", "team")
    bob.serves("--up-limit", "24M")
    bob.succeeds("upload_file", "same", "team")
    carol.serves()
    let download = carol.begins("big", to: "copy")
    try carol.waits(forBytes: total / 4, of: "team/big")
    sleeper.signal(SIGSTOP)
    let began = Date()
    let outcome = download.finish()
    let seconds = Date().timeIntervalSince(began)
    sleeper.signal(SIGCONT)
    #expect(outcome.exit == 0, "\(outcome)")
    // Three quarters of it at 24 MiB a second take three.
    #expect(seconds < 8, "\(seconds) s with one seed asleep")
    #expect(team.isSame("big", "copy"))

    team.makeFile("more", bytes: 8 * Self.mebibyte)
    alice.succeeds("upload_file", "more", "team")
    carol.succeeds("download_file", "team", "more", "more-copy")
    #expect(team.isSame("more", "more-copy"))
    #expect(team.isSame("big", "copy"))
    let fetched = try carol.status.fetched
    #expect(fetched.kept == total + 8 * Self.mebibyte && fetched.thrown == 0, "\(fetched)")
    #expect(sleeper.wait(within: 0) == nil, "it did not survive its sleep: \(sleeper.text(2))")
  }

  @Test func `a seed that sleeps alone is given up in time, and goes on when it wakes`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    team.makeFile("big", bytes: 32 * Self.mebibyte)
    let sleeper = alice.serves("--up-limit", "8M")
    alice.succeeds("upload_file", "big", "team")
    bob.serves("--read-timeout", "2")
    let download = bob.begins("big", to: "copy")
    try bob.waits(forBytes: 8 * Self.mebibyte, of: "team/big")
    sleeper.signal(SIGSTOP)
    let began = Date()
    let outcome = download.finish()
    #expect(outcome.exit == 75 && Date().timeIntervalSince(began) < 8, "\(outcome)")
    sleeper.signal(SIGCONT)
    bob.succeeds("download_file", "team", "big", "copy")
    #expect(team.isSame("big", "copy"))
    #expect(try bob.status.fetched.kept == 32 * Self.mebibyte)
  }
}

// A member who is removed while he downloads.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

@Suite(.serialized) struct RemovalTests {
  @Test func `a removed member's download ends, and says why`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    team.makeFile("big", bytes: 64 << 20)
    alice.serves("--up-limit", "8M")
    alice.succeeds("upload_file", "big", "team")
    bob.serves()
    let download = bob.begins("big", to: "copy")
    try bob.waits(forBytes: 8 << 20, of: "team/big")
    alice.succeeds("remove_member", "team", "bob")
    let began = Date()
    let outcome = download.finish()
    #expect(Date().timeIntervalSince(began) < 2)
    expectFailure(outcome, 77, "bob's download")
    let sent = try alice.status.sent
    bob.fails(77, "download_file", "team", "big", "copy")
    bob.fails(77, "list_files", "team")
    #expect(try alice.status.sent == sent)
    #expect(bob.succeeds("show_downloads") == [])
    #expect(!FileManager.default.fileExists(atPath: team.path("copy")))
  }

  /// One who is deaf to the tracker goes on asking over the line that he has.
  @Test func `who goes on asking gets nothing more within two seconds, on an open line too`() throws {
    let team = try Team("alice", "eve")
    let alice = team[0]
    // For the sake of another group the line stays.
    alice.succeeds("create_group", "other")
    alice.admits(team[1], to: "other")
    team.makeFile("big", bytes: 64 << 20)
    alice.serves("--up-limit", "8M")
    alice.succeeds("upload_file", "big", "team")
    let (source, group) = (try HashedSource(team.path("big")), try team.id)
    let eve = try HostileMember("eve", in: team)
    try eve.dials(alice)
    let key = source.key(in: group)
    func ask() {
      let first = UInt64.random(in: 0..<UInt64(source.pieceCount)) * 32
      eve.peer.ask(
        .blocks(BlocksRequest(key: key, first: first, count: 32, uncles: nil, urgency: .now)))
    }
    eve.peer.ask(.join(key, size: UInt64(source.bytes.count)))
    for _ in 0..<16 { ask() }
    try eve.peer.record.wait(for: "some blocks") { record in
      record.answers.contains { $0.kind == PeerKind.blocks }
    }
    alice.succeeds("remove_member", "team", "eve")
    let cut = Date()
    while Date().timeIntervalSince(cut) < 1.9 {
      ask()
      usleep(100_000)
    }
    let before = eve.peer.record.now
    for _ in 0..<8 { ask() }
    usleep(500_000)
    let after = eve.peer.record.now
    let late = after.answers.dropFirst(before.answers.count)
    #expect(late.allSatisfy { $0.kind == PeerKind.refusal && $0.body[0] == Refusal.notMember.code })
    #expect(late.count >= 8 && after.ends.isEmpty, "\(late.count) refused, \(after.ends)")
    #expect(after.pushes == before.pushes)
  }
}

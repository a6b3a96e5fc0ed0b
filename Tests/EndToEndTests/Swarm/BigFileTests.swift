// A large file from one seed, from four, and from four that have a quarter each: whole, bit for bit, with work for
// everybody and nothing fetched twice.

import Foundation
import GroupModel
import Testing

@Suite(.serialized) struct BigFileTests {
  /// P2PFS_STORY_MIB scales it.
  private static let bytes =
    (ProcessInfo.processInfo.environment["P2PFS_STORY_MIB"].flatMap { Int($0) } ?? 1024) << 20

  /// The last member of the team fetches the file; what it had of each other member.
  private func fetch(_ team: Team, kept: Int = bytes) throws -> [String: Int] {
    let reader = team.people[team.people.count - 1]
    reader.serves()
    let began = Date()
    reader.succeeds("download_file", "team", "big", "copy")
    let seconds = Date().timeIntervalSince(began)
    let from = reader.receivedFrom()
    #expect(team.isSame("big", "copy"))
    let fetched = try reader.status.fetched
    #expect(fetched.kept == kept)
    #expect(fetched.twice == 0, "\(fetched)")
    #expect(fetched.thrown == 0)
    print("\(kept >> 20) MiB in \(String(format: "%.2f", seconds)) s from \(from)")
    return from
  }

  @Test func `from one seed`() throws {
    let team = try Team("alice", "bob")
    team.makeFile("big", bytes: Self.bytes)
    team[0].serves()
    team[0].succeeds("upload_file", "big", "team")
    let from = try fetch(team)
    #expect(from == ["alice": Self.bytes])
  }

  @Test func `from four seeds, each of which does its part`() throws {
    let team = try Team("alice", "bob", "carol", "dave", "erin")
    team.makeFile("big", bytes: Self.bytes)
    for seed in team.people.dropLast() {
      seed.serves()
      // The same bytes under a name of each one's own are one content, and lie on the disk once.
      let name = seed === team[0] ? "big" : "big-\(seed.name)"
      if seed !== team[0] { link(team.path("big"), team.path(name)) }
      seed.succeeds("upload_file", name, "team")
    }
    let from = try fetch(team)
    #expect(from.values.reduce(0, +) == Self.bytes)
    #expect(from.count == 4 && from.values.allSatisfy { $0 > Self.bytes / 20 }, "\(from)")
  }

  @Test func `from four that have a quarter each`() throws {
    let team = try Team("owner", "alice", "bob", "carol", "dave", "erin")
    team.makeFile("big", bytes: Self.bytes)
    let origin = team[0].serves()
    team[0].succeeds("upload_file", "big", "team")
    origin.isKilled()
    let source = try HashedSource(team.path("big"))
    let group = try team.id
    let quarters = team.people.dropFirst().dropLast()
    for (number, seed) in quarters.enumerated() {
      let pieces = source.pieceCount * number / 4..<source.pieceCount * (number + 1) / 4
      try seed.holds(pieces, of: source, as: "big", in: group, at: team.path("big-\(seed.name)"))
      // Their own downloads crawl on beside it.
      seed.serves("--down-limit", "1K")
    }
    let from = try fetch(team)
    #expect(from.values.reduce(0, +) == Self.bytes)
    #expect(
      from.count == 4 && from.values.allSatisfy { abs($0 - Self.bytes / 4) < Self.bytes / 100 }, "\(from)")
  }
}

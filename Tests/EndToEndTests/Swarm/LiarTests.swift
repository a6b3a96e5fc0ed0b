// Members who claim to have a file and answer with something else, or with nothing: what comes out is the file, and the
// liar is named.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

/// How one answers who has a real certificate, claims to have everything, and means no good.
enum Manners: String, CaseIterable, CustomTestStringConvertible {
  case wrongBytes = "right proofs and wrong bytes"
  case oneWrongBit = "one bit in each block is wrong"
  case wrongProofs = "wrong proofs"
  case otherBlocks = "another block than the one asked for"
  case tooShort = "an answer that is cut short"
  case tooLong = "an answer that does not end where it should"
  case nobodyAsked = "answers that nobody asked for"
  case beyondTheEnd = "blocks that the file does not have"
  case manyRuns = "more than may be said of a file"
  case nothing = "never a word"
  case noThanks = "a refusal of everything"
  case rubbish = "no message at all"

  var testDescription: String { rawValue }

  /// One that proves that it lies, and is cut off for it.
  var isCutOff: Bool { self != .nothing && self != .noThanks }

  func answers(_ source: HashedSource) -> RawPeer.Asked {
    { line, request, exchange in
      switch request {
      case .join: join(line, exchange, source)
      case .blocks(let blocks): answer(line, blocks, exchange, source)
      case .hashes: line.refuse(exchange, .busy)
      }
    }
  }

  private func join(_ line: Connection, _ exchange: UInt32, _ source: HashedSource) {
    switch self {
    case .nothing: break
    case .beyondTheEnd: line.answerJoin(exchange, .some([0..<UInt64(source.layout.blockCount) + 1]))
    case .manyRuns: line.answerJoin(exchange, .some((0..<5000).map { $0 * 2..<$0 * 2 + 1 }))
    default: line.answerJoin(exchange, .all)
    }
  }

  private func answer(_ line: Connection, _ blocks: BlocksRequest, _ exchange: UInt32, _ source: HashedSource)
  {
    func say(_ body: [UInt8]) { line.answer(exchange, PeerKind.blocks, body) }
    switch self {
    case .wrongBytes, .beyondTheEnd, .manyRuns:
      say(source.answer(to: blocks, bytes: { $0 = [UInt8](repeating: 7, count: $0.count) }))
    case .oneWrongBit:
      say(
        source.answer(
          to: blocks, bytes: { for start in stride(from: 0, to: $0.count, by: 16384) { $0[start] ^= 1 } }))
    case .wrongProofs:
      // Where no proofs are asked for, only bytes can be wrong.
      say(
        source.answer(
          to: blocks, hashes: { if !$0.isEmpty { $0[$0.count - 1] ^= 1 } },
          bytes: { if blocks.uncles == nil { $0[0] ^= 1 } }))
    case .otherBlocks:
      let other = (blocks.first + 32) % UInt64(source.layout.blockCount / 32 * 32)
      let moved = BlocksRequest(
        key: blocks.key, first: other, count: blocks.count, uncles: blocks.uncles, urgency: blocks.urgency)
      say(source.answer(to: moved))
    case .tooShort: say(source.answer(to: blocks).dropLast())
    case .tooLong: say(source.answer(to: blocks) + [0])
    case .nobodyAsked: line.answer(exchange &+ 1000, PeerKind.blocks, source.answer(to: blocks))
    case .nothing: break
    case .noThanks: line.refuse(exchange, .busy)
    case .rubbish: line.answer(exchange, 99, [1, 2, 3])
    }
  }
}

@Suite(.serialized) struct LiarTests {
  private static let mebibyte = 1 << 20

  @Test func `a liar among three seeds is named and dropped, and the file is whole`() throws {
    let team = try Team("alice", "bob", "eve", "dave")
    let (alice, bob, dave) = (team[0], team[1], team[3])
    team.makeFile("big", bytes: 48 * Self.mebibyte)
    link(team.path("big"), team.path("same"))
    for (seed, file) in [(alice, "big"), (bob, "same")] {
      seed.serves("--up-limit", "16M")
      seed.succeeds("upload_file", file, "team")
    }
    let (source, group) = (try HashedSource(team.path("big")), try team.id)
    let eve = try HostileMember("eve", in: team, whenAsked: Manners.oneWrongBit.answers(source))
    try eve.claims(source, in: group)

    let daemon = dave.serves()
    dave.succeeds("download_file", "team", "big", "copy")
    #expect(team.isSame("big", "copy"))
    let fetched = try dave.status.fetched
    #expect(fetched.kept == source.bytes.count)
    // What eve sent before the first of it was looked at, and nothing later.
    #expect(fetched.thrown > 0 && fetched.thrown < 16 * Self.mebibyte, "\(fetched)")
    #expect(dave.receivedFrom().keys.sorted() == ["alice", "bob"])
    #expect(daemon.waitFor("p2pfs: eve at 127.0.0.1:", on: 2), "\(daemon.text(2))")
    #expect(daemon.text(2).contains("was cut off: malformed: bytes that are not the content's"))
    #expect(!daemon.text(2).contains("alice at") && !daemon.text(2).contains("bob at"))
    let asked = eve.peer.record.now.asked.count
    team.makeFile("more", bytes: 4 * Self.mebibyte)
    alice.succeeds("upload_file", "more", "team")
    try eve.claims(HashedSource(team.path("more")), in: group)
    dave.succeeds("download_file", "team", "more", "more-copy")
    #expect(team.isSame("more", "more-copy"))
    #expect(eve.peer.record.now.asked.count == asked, "a liar was asked again")
  }

  @Test(arguments: Manners.allCases)
  func `whatever one of two answers, the file is whole and soon here`(manners: Manners) throws {
    let team = try Team("alice", "eve", "dave")
    let (alice, dave) = (team[0], team[2])
    team.makeFile("big", bytes: 12 * Self.mebibyte + 5)
    alice.serves("--up-limit", "8M")
    alice.succeeds("upload_file", "big", "team")
    let (source, group) = (try HashedSource(team.path("big")), try team.id)
    let eve = try HostileMember("eve", in: team, whenAsked: manners.answers(source))
    try eve.claims(source, in: group)
    let daemon = dave.serves()
    let began = Date()
    dave.succeeds("download_file", "team", "big", "copy")
    let seconds = Date().timeIntervalSince(began)
    print("\(manners.rawValue): \(String(format: "%.1f", seconds)) s")
    #expect(seconds < 10)
    #expect(team.isSame("big", "copy"))
    #expect(try dave.status.fetched.kept == source.bytes.count)
    #expect(!eve.peer.record.now.asked.isEmpty, "eve was never asked")
    if manners.isCutOff {
      #expect(daemon.waitFor("p2pfs: eve at 127.0.0.1:", on: 2), "\(daemon.text(2))")
      #expect(daemon.text(2).contains("was cut off: malformed: "))
    }
  }

  @Test func `with nobody but a liar the download fails, and nothing of his is kept`() throws {
    let team = try Team("alice", "eve", "dave")
    let (alice, dave) = (team[0], team[2])
    team.makeFile("big", bytes: 4 * Self.mebibyte)
    let origin = alice.serves()
    alice.succeeds("upload_file", "big", "team")
    let (source, group) = (try HashedSource(team.path("big")), try team.id)
    origin.isKilled()
    let eve = try HostileMember("eve", in: team, whenAsked: Manners.wrongBytes.answers(source))
    try eve.claims(source, in: group)
    dave.serves()
    dave.fails(75, "download_file", "team", "big", "copy")
    #expect(!FileManager.default.fileExists(atPath: team.path("copy")))
    #expect(try dave.status.fetched.kept == 0)
    alice.serves()
    dave.succeeds("download_file", "team", "big", "copy")
    #expect(team.isSame("big", "copy"))
  }

  @Test func `a seed whose disk has gone wrong lies to nobody`() throws {
    let team = try Team("alice", "bob", "dave")
    let (alice, bob, dave) = (team[0], team[1], team[2])
    team.makeFile("big", bytes: 8 * Self.mebibyte)
    #expect(Child("/bin/cp", [team.path("big"), team.path("same")]).finish().exit == 0)
    alice.serves("--up-limit", "8M")
    alice.succeeds("upload_file", "big", "team")
    let daemon = bob.serves()
    bob.succeeds("upload_file", "same", "team")
    // A byte in each piece, behind the back of whoever looks at times.
    let times = try #require(FileTimes(of: team.path("same")))
    let file = open(team.path("same"), O_RDWR)
    for piece in 0..<16 {
      var byte: UInt8 = 0
      pread(file, &byte, 1, piece << 19)
      byte ^= 0xFF
      pwrite(file, &byte, 1, piece << 19)
    }
    close(file)
    times.restore(to: team.path("same"))
    dave.serves()
    dave.succeeds("download_file", "team", "big", "copy")
    #expect(team.isSame("big", "copy"))
    #expect(try dave.status.fetched.thrown == 0, "bob has served what is not the file's")
    #expect(daemon.waitFor("is no longer shared from", on: 2), "\(daemon.text(2))")
  }
}

private struct FileTimes {
  private let times: [timespec]

  init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    times = [status.st_atim, status.st_mtim]
  }

  func restore(to path: String) { utimensat(AT_FDCWD, path, times, 0) }
}

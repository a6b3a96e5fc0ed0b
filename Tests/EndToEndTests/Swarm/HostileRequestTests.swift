// What a real daemon is asked for by members and by strangers who mean no good, beside a member who fetches a file from
// it meanwhile and notices nothing.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

@Suite(.serialized) struct HostileRequestTests {
  private static let mebibyte = 1 << 20

  /// alice serves a file to bob while `attack` lasts, and bob gets it whole.
  private func serves(
    _ what: String, growthMiB: Int = 64,
    _ attack: (_ team: Team, _ source: HashedSource, _ group: GroupID, _ alice: Child) throws -> Void
  ) throws {
    let team = try Team("alice", "bob", "eve", "mallory")
    let (alice, bob, mallory) = (team[0], team[1], team[3])
    mallory.succeeds("create_group", "other")
    mallory.succeeds("leave_group", "team")
    team.makeFile("big", bytes: 16 * Self.mebibyte + 3)
    let daemon = alice.serves("--up-limit", "16M")
    alice.succeeds("upload_file", "big", "team")
    let (source, group) = (try HashedSource(team.path("big")), try team.id)
    bob.serves()
    let before = Figures(of: daemon.pid)
    let download = bob.begins("big", to: "copy")
    try attack(team, source, group, daemon)
    let outcome = download.finish()
    #expect(outcome.exit == 0, "\(what): \(outcome)")
    #expect(team.isSame("big", "copy"))
    #expect(try bob.status.fetched.thrown == 0)
    let after = Figures(of: daemon.pid)
    print(
      "\(what): RSS \(before.residentKiB >> 10) -> \(after.residentKiB >> 10) MiB, \(after.threads) threads")
    #expect(after.residentKiB - before.residentKiB < growthMiB << 10)
    #expect(alice.succeeds("peers").contains { $0.hasPrefix("bob ") })
  }

  private func body(_ write: (inout WireWriter) -> Void) -> [UInt8] {
    var writer = WireWriter()
    write(&writer)
    return writer.bytes
  }

  private func blocks(
    _ key: ContentKey, _ first: UInt64, _ count: UInt8, uncles: UInt8 = 255, urgency: UInt8 = 0
  )
    -> [UInt8]
  {
    body {
      $0.key(key)
      $0.u64(first)
      $0.u8(count)
      $0.u8(uncles)
      $0.u8(urgency)
    }
  }

  @Test func `what lies outside the file is refused, and absurd counts end the line`() throws {
    try serves("requests outside") { team, source, group, daemon in
      let key = source.key(in: group)
      let end = UInt64(source.layout.blockCount)
      let refused: [(UInt8, [UInt8])] = [
        (2, blocks(key, end, 1)), (2, blocks(key, end - 1, 2)), (2, blocks(key, .max, 1)),
        (2, blocks(key, 1 << 63, 32)), (2, blocks(key, 1, 32)),
        (
          3,
          body {
            $0.key(key)
            $0.u8(200)
            $0.u64(.max)
            $0.u8(0)
            $0.u8(255)
          }
        ),
        (
          1,
          body {
            $0.key(key)
            $0.u64(5)
          }
        ),
      ]
      let eve = try HostileMember("eve", in: team)
      try eve.dials(team[0])
      for (kind, body) in refused { eve.peer.ask(kind, body) }
      let record = try eve.peer.record.wait(for: "answers") { $0.answers.count == refused.count }
      #expect(record.answers.allSatisfy { $0.kind == PeerKind.refusal }, "\(record.answers.map(\.kind))")
      #expect(record.ends.isEmpty)

      let absurd: [(UInt8, [UInt8])] = [
        (2, blocks(key, 0, 0)), (2, blocks(key, 0, 33)), (2, blocks(key, 0, 255)),
        (2, blocks(key, 0, 1, urgency: 3)), (2, [1, 2, 3]), (2, []), (200, []),
        (1, [UInt8](repeating: 0xFF, count: 49)), (3, [UInt8](repeating: 0xFF, count: 100_000)),
      ]
      for (kind, body) in absurd {
        let eve = try HostileMember("eve", in: team)
        try eve.dials(team[0])
        eve.peer.ask(kind, body)
        try eve.peer.record.wait(for: "the end after \(kind) \(body.prefix(60))") { !$0.ends.isEmpty }
      }
      #expect(daemon.waitFor("p2pfs: eve at 127.0.0.1:", on: 2))
      #expect(daemon.text(2).contains("was cut off: malformed: "))
      #expect(!daemon.text(2).contains("bob at"))
    }
  }

  @Test func `pushes that say too much end the line`() throws {
    try serves("pushes") { team, source, group, _ in
      let key = source.key(in: group)
      let absurd: [(UInt8, [UInt8])] = [
        // Four billion runs; runs that overlap; none where some are said.
        (
          64,
          body {
            $0.key(key)
            $0.u8(2)
            $0.u32(.max)
          }
        ),
        (
          64,
          body {
            $0.key(key)
            $0.u8(2)
            $0.u32(2)
            for edge in [0, 9, 5, 12] as [UInt64] { $0.u64(edge) }
          }
        ),
        (
          65,
          body {
            $0.key(key)
            $0.u8(3)
          }
        ),
        (66, [1]), (67, []), (99, [1, 2, 3]),
      ]
      for (kind, body) in absurd {
        let eve = try HostileMember("eve", in: team)
        try eve.dials(team[0])
        eve.peer.onLine { $0.push(kind, body) }
        try eve.peer.record.wait(for: "the end after push \(kind)") { !$0.ends.isEmpty }
      }
    }
  }

  @Test func `many who ask for everything at once and never read hold up nobody`() throws {
    try serves("never read", growthMiB: 96) { team, source, group, _ in
      let key = source.key(in: group)
      let stuck = Semaphore()
      let crowd = try (0..<8).map { _ in
        let eve = try HostileMember("eve", in: team)
        try eve.dials(team[0])
        for number in 0..<400 {
          eve.peer.ask(
            .blocks(
              BlocksRequest(
                key: key, first: UInt64(number % source.pieceCount) * 32, count: 1, uncles: nil, urgency: .now
              )))
        }
        eve.peer.loop.post { stuck.wait() }
        return eve
      }
      usleep(1_500_000)
      for _ in crowd { stuck.signal() }
    }
  }

  @Test func `strangers get no byte and no word`() throws {
    try serves("strangers") { team, source, group, daemon in
      let key = source.key(in: group)
      let mint = team.mint
      let pin = Pin.certificate(mint.authority.certificate)
      let now = secondsSince1970()
      let own = try Authority.make(now: now)
      let bob = try #require(UserName("bob"))
      let trackersKey = try KeyPair.generate()
      let tracker = Credential(
        key: trackersKey, certificate: try mint.authority.issueTracker(publicKey: trackersKey.publicKey),
        authority: mint.authority.certificate)
      let turnedAway: [(String, Credential?)] = [
        ("nobody", nil), ("a tracker", tracker),
        ("one of another authority", try CertificateMint(authority: own).credential(bob)),
        ("one whose certificate has expired", try mint.credential(bob, now: now - 2 * 86_400)),
      ]
      for (who, credential) in turnedAway {
        let stranger = try RawPeer("eve", as: mint.credential(bob), pin: pin)
        try stranger.dial(team[0].address, as: credential, pin: pin)
        stranger.ask(.join(key, size: UInt64(source.bytes.count)))
        let record = try stranger.record.wait(for: "the end for \(who)") { !$0.ends.isEmpty }
        #expect(record.answers.isEmpty && record.pushes.isEmpty, "\(who)")
      }
      #expect(daemon.waitFor("somebody at 127.0.0.1:", on: 2), "\(daemon.text(2))")
      #expect(daemon.text(2).contains("was turned away"))

      // mallory has left the group; the second asks under the name of a group that he is in, and there is nothing.
      let mallory = try HostileMember("mallory", in: team)
      try mallory.dials(team[0])
      let elsewhere = ContentKey(group: GroupID(group.number + 1), root: key.root)
      for key in [key, elsewhere, ContentKey(group: GroupID(.max), root: key.root)] {
        mallory.peer.ask(.join(key, size: UInt64(source.bytes.count)))
        mallory.peer.ask(2, blocks(key, 0, 1))
        mallory.peer.ask(.hashes(HashesRequest(key: key, height: 5, index: 0, base: 0, uncles: 0)))
      }
      let record = try mallory.peer.record.wait(for: "refusals") { $0.answers.count == 9 }
      #expect(
        record.answers.allSatisfy { $0.kind == PeerKind.refusal && $0.body[0] == Refusal.notMember.code },
        "\(record.answers)")
    }
  }

  @Test func `who goes away in the middle of a handshake is no line in the log, and garbage is`() throws {
    let team = try Team("alice")
    let daemon = team[0].serves()
    let port = try team[0].address.port
    let hello = Visitor.clientHello()
    for count in [0, 1, 100, hello.count - 1] {
      let plug = try Plug(to: port)
      plug.send(Array(hello.prefix(count)))
      plug.end()
    }
    // As the daemon of another member that is stopped just then.
    let half = try Plug(to: port)
    half.send(Array(hello.prefix(hello.count / 2)))
    usleep(100_000)
    half.end()
    let garbage = try Plug(to: port)
    garbage.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    #expect(daemon.waitFor("was turned away: no TLS 1.3 handshake (it does not speak TLS)", on: 2))
    #expect(
      daemon.text(2).split(separator: "\n").count { $0.contains("turned away") } == 1, "\(daemon.text(2))")
  }

  @Test func `bytes that are no TLS, and lines on which nothing is said, cost nothing`() throws {
    try serves("plugs") { team, _, _, _ in
      let port = try team[0].address.port
      let silent = try (0..<200).map { _ in try Plug(to: port) }
      for bytes in [
        Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0, count: 70_000), [22, 3, 1, 255, 255],
      ] {
        let plug = try Plug(to: port)
        plug.send(bytes)
      }
      for plug in silent { plug.end() }
    }
  }
}

// Bytes that are no message: each ends its own line, with one line in the log at most.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

/// Frames that are none, by what is wrong with them.
private let badFrames: [(String, [UInt8])] = [
  ("the longest length there is", [0xFF, 0xFF, 0xFF, 0xFF, 1, 7, 0, 0, 0, 0, 0, 1]),
  ("a length that is negative to some", [0x80, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 1]),
  ("a length just beyond what any may have", [0, 0x10, 0, 1, 1, 7, 0, 0, 0, 0, 0, 1]),
  ("an unknown role", [0, 0, 0, 0, 9, 7, 0, 0, 0, 0, 0, 1]),
  ("reserved bits", [0, 0, 0, 0, 1, 7, 0, 1, 0, 0, 0, 1]),
  ("a request without a number", [0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0]),
  ("an answer that nobody asked for", [0, 0, 0, 0, 2, 7, 0, 0, 0, 0, 0, 1]),
  ("a push", [0, 0, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0]),
  ("a ping with a number", [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 1]),
  ("an unknown kind", [0, 0, 0, 0, 1, 200, 0, 0, 0, 0, 0, 1]),
  ("a kind that only pushes have", [0, 0, 0, 0, 1, 64, 0, 0, 0, 0, 0, 1]),
  ("a refusal as a request", [0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0]),
  ("a flag of 7", [0, 0, 0, 1, 1, 7, 0, 0, 0, 0, 0, 1, 7]),
  ("bytes after the end", [0, 0, 0, 2, 1, 7, 0, 0, 0, 0, 0, 1, 0, 0]),
  ("a name longer than its message", [0, 0, 0, 2, 1, 10, 0, 0, 0, 0, 0, 1, 255, 65]),
  ("a list of four billion", [0, 0, 0, 4, 1, 13, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF, 0xFF, 0xFF]),
  ("HTTP inside TLS", Array("GET / HTTP/1.1\r\nHost: tracker\r\n\r\n".utf8)),
]

/// One tracker for all of them, as in life.
@Suite(.serialized, .oneSiege()) struct HostileBytesTests {
  private var siege: Siege { get throws { try Siege.ofSuite } }

  /// Lines that an attack by so many may leave in the log.
  private func expectQuiet(_ siege: Siege, since before: Int, attackers: Int) {
    let said = siege.log.count - before
    #expect(said <= attackers, "\(said) lines for \(attackers): \(siege.log.suffix(3))")
  }

  @Test func `a frame that is none ends its line, before login and after`() throws {
    let siege = try siege
    let before = siege.log.count
    try siege.withstands("bad frames") {
      for (what, bytes) in badFrames {
        for visitor in [try siege.stranger(), try siege.member(bob)] {
          visitor.plug.wait(atMost: 10)
          visitor.send(bytes)
          #expect(visitor.isEndedByOther(), "\(what)")
        }
      }
    }
    expectQuiet(siege, since: before, attackers: 2 * badFrames.count)
  }

  @Test func `a thousand who announce four gigabytes cost no memory`() throws {
    let siege = try siege
    let before = siege.log.count
    let start = Date()
    try siege.withstands("a thousand absurd lengths") {
      for _ in 0..<20 {
        let crowd = try (0..<50).map { _ in try siege.stranger() }
        for visitor in crowd { visitor.send(badFrames[0].1) }
        for visitor in crowd { #expect(visitor.isEndedByOther()) }
      }
    }
    // Ten a second, and one in each that says how many were left out.
    expectQuiet(siege, since: before, attackers: 11 * (Int(-start.timeIntervalSinceNow) + 2))
    #expect(siege.log.contains { $0.contains("more lines like these were left out") })
  }

  @Test func `every kind there is not ends the line, and every kind there is is answered or ends it`() throws
  {
    let siege = try siege
    try siege.withstands("all 256 kinds") {
      for kind in UInt8.min...UInt8.max {
        let visitor = try siege.member(bob)
        visitor.send(Visitor.frame(.request, kind, 1, []))
        let answer = try? visitor.receiveFrame()
        let isKnown = (1...17).contains(kind)
        #expect(answer == nil || isKnown, "kind \(kind)")
        if answer == nil { #expect(visitor.isEndedByOther()) }
      }
    }
  }

  @Test func `a frame cut at any byte is waited for, and its end is the end of that line alone`() throws {
    let siege = try siege
    let whole = try wholeRequest()
    try siege.withstands("a frame cut at each of its \(whole.count) bytes") {
      for cut in 1..<whole.count {
        let visitor = try siege.member(bob)
        visitor.send(Array(whole[..<cut]))
        // Half of them go on and are answered, half go away.
        if cut % 2 == 0 {
          visitor.send(Array(whole[cut...]))
          let answer = try Visitor.decode(visitor.receiveFrame())
          #expect(answer.refusal == .noSuchGroup, "cut at \(cut)")
        }
        visitor.plug.end()
      }
    }
  }

  private func wholeRequest() throws -> [UInt8] {
    var writer = WireWriter()
    let wish = Proposal.Wish.publish(try FilePath("photos/a.jpg"), .directory, modified: 1, over: 7)
    let request = TrackerRequest.propose(.random, Proposal(wish, in: GroupName("nowhere")!))
    request.write(to: &writer)
    return Visitor.frame(.request, request.kind, 1, writer.bytes)
  }

  @Test(arguments: [
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "login alice secret\n", "\u{0}\u{0}\u{0}\u{0}",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "\u{16}\u{3}\u{1}\u{0}\u{5}hello",
  ])
  func `who speaks no TLS is hung up on`(text: String) throws {
    let siege = try siege
    let before = siege.log.count
    try siege.withstands("plain text") {
      for _ in 0..<20 {
        let plug = try Plug(to: siege.port, patience: 10)
        plug.send(Array(text.utf8))
        #expect(plug.isClosedByOther())
      }
    }
    expectQuiet(siege, since: before, attackers: 20)
  }

  @Test func `TLS 1.2 gets no further than its first word`() throws {
    let siege = try siege
    let before = siege.log.count
    try siege.withstands("TLS 1.2") {
      for _ in 0..<20 {
        let visitor = Visitor(silentlyOn: try Plug(to: siege.port, patience: 10), tls12: true)
        #expect(!visitor.shakeHands())
        #expect(visitor.plug.isClosedByOther())
      }
    }
    expectQuiet(siege, since: before, attackers: 20)
  }

  @Test func `a certificate that is none of ours gets nobody in`() throws {
    let siege = try siege
    let other = CertificateMint(authority: try Authority.make(now: secondsSince1970()))
    let now = secondsSince1970()
    let certificates: [(String, Credential)] = [
      ("of another authority", try other.credential(bob)),
      ("expired", try siege.mint.credential(bob, now: now - 3 * 86_400)),
      ("not yet valid", try siege.mint.credential(bob, now: now + 3 * 86_400)),
    ]
    try siege.withstands("bad certificates") {
      for (what, credential) in certificates {
        let visitor = Visitor(silentlyOn: try Plug(to: siege.port, patience: 10), as: credential)
        // TLS 1.3 tells a client only after its part of the handshake is done.
        _ = visitor.shakeHands()
        visitor.begin(.listGroups(after: nil))
        #expect(visitor.isEndedByOther(), "\(what)")
      }
    }
    // One of a generation that is no more, and of somebody who never was, are good certificates of nobody.
    for credential in [
      try siege.mint.credential(bob, generation: 9), try siege.mint.credential(UserName("nobody")!),
    ] {
      let visitor = try Visitor(to: siege.port, as: credential)
      #expect(try visitor.ask(.listGroups(after: nil)).refusal == .loginEnded)
    }
  }
}

// Honest conversations with bytes changed, played to a real tracker before and after login. P2PFS_SEED=… repeats a
// run, P2PFS_HOSTILE_SECONDS=… makes it longer.

import TestSupport
import Foundation
import GroupModel
import Link
import Testing
import Visitors

@Suite(.serialized) struct HostileMutationTests {
  private let seconds = getenv("P2PFS_HOSTILE_SECONDS").flatMap { Double(String(cString: $0)) } ?? 8
  private static let mallory = UserName("mallory")!

  /// Everything that a client may say, as frames; but for what would end the login that the next round needs.
  private func conversation(_ siege: Siege, _ id: GroupID) throws -> [[UInt8]] {
    let visitor = try siege.member(alice)
    visitor.isNotingWhatItSays = true
    let key = ContentKey(group: id, root: ContentRoot(Digest(hashing: [1].span.bytes)))
    let path = try FilePath("docs/a")
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    let file = Entry.Kind.file(FileContent(size: 9, root: key.root, isExecutable: true)!)
    let link = Entry.Kind.symlink(LinkTarget(Array("../b".utf8), at: path)!)
    let wishes: [Proposal.Wish] = [
      .found, .join, .leave, .accept(carol), .reject(carol), .remove(carol),
      .publish(try FilePath("docs"), .directory, modified: 0, over: nil),
      .publish(path, file, modified: .max, over: 3), .publish(path, link, modified: .min, over: nil),
      .unpublish(path), .rename(from: path, to: try FilePath("docs/c"), replacing: true),
    ]
    for wish in wishes { _ = try visitor.propose(wish, in: GroupName("conversation")!) }
    let requests: [TrackerRequest] = [
      .listGroups(after: nil), .listGroups(after: team), .listMyGroups(after: nil),
      .listMembers(team, after: nil),
      .listRequests(team, after: bob), .catchUp(id, after: CatchUpMark(number: 1, row: 1, begun: 1)),
      .follow(listening: PeerAddress(ip: [127, 0, 0, 1], port: 1)),
      .announce([Holding(key: key, pieces: .some([0..<4, 8..<9])), Holding(key: key, pieces: .all)]),
      .locate(key), .countSharers(id, [key.root, key.root]), .setSharing(.random, team, path, isOn: true),
      .stopWatching(key), .renew(certificateRequest: request),
      .login(Self.mallory, password: [1, 2], certificateRequest: request),
    ]
    for request in requests { _ = try visitor.ask(request) }
    return visitor.said + [Visitor.frame(.ping), Visitor.frame(.pong)]
  }

  @Test func `changed conversations crash nothing, hang nothing and cost nothing`() throws {
    let siege = try Siege(people: [alice, bob, carol, Self.mallory])
    let id = try siege.makeTeam()
    let frames = try conversation(siege, id)
    var random = SeededRandom(for: "changed conversations")
    let credential = try siege.mint.credential(Self.mallory)
    let memory = siege.figures.residentKiB
    var rounds = 0
    // Hashes for those who try to log in are the most that it may cost.
    try siege.withstands("changed conversations", .init(growthMiB: 400)) {
      let end = Date(timeIntervalSinceNow: seconds)
      while Date() < end {
        rounds += 1
        let isMember = rounds % 4 != 0
        let visitor = try Visitor(to: siege.port, as: isMember ? credential : nil, patience: 10)
        for _ in 0..<Int.random(in: 1...12, using: &random) {
          visitor.send(Mutation.of(frames, using: &random))
        }
        // Whatever it made of that, it takes our goodbye, or has gone before.
        visitor.sayGoodbye()
        guard visitor.isEndedByOther() else {
          Issue.record("round \(rounds) hangs")
          return
        }
      }
    }
    print("  \(rounds) rounds; RSS \(memory >> 10) MiB before, \(siege.figures.residentKiB >> 10) after")
    #expect(rounds > 100)
    siege.tracker.write("quit\n")
    #expect(siege.tracker.finish().exit == 0)
  }
}

/// What becomes of a frame on its way.
private enum Mutation {
  static func of(_ frames: [[UInt8]], using random: inout SeededRandom) -> [UInt8] {
    var bytes = frames.randomElement(using: &random)!
    for _ in 0..<Int.random(in: 0...3, using: &random) { change(&bytes, frames, &random) }
    // Often with a length that fits, so that what is changed is looked at, and not only the envelope.
    if !random.isTrue(oneIn: 4), bytes.count >= FrameHeader.bytes { fitLength(&bytes) }
    return bytes
  }

  private static func change(_ bytes: inout [UInt8], _ frames: [[UInt8]], _ random: inout SeededRandom) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    let interesting: [UInt8] = [0, 1, 2, 0x7F, 0x80, 0xFE, 0xFF]
    switch Int.random(in: 0..<8, using: &random) {
    case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[place] = interesting.randomElement(using: &random)!
    case 2: bytes.removeSubrange(place...)
    case 3: bytes.insert(.random(in: 0...255, using: &random), at: place)
    case 4: bytes.remove(at: place)
    case 5: bytes.insert(contentsOf: bytes[place...].prefix(64), at: place)
    case 6:
      let other = frames.randomElement(using: &random)!
      bytes.replaceSubrange(place..., with: other.suffix(Int.random(in: 0...other.count, using: &random)))
    default:
      for offset in place..<min(place + 4, bytes.count) { bytes[offset] = 0xFF }
    }
  }

  private static func fitLength(_ bytes: inout [UInt8]) {
    let length = UInt32(bytes.count - FrameHeader.bytes)
    withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(0..<4, with: $0) }
    // Of a request with a number, whatever had become of those.
    bytes[4] = FrameRole.request.rawValue
    bytes[6] = 0
    bytes[7] = 0
  }
}

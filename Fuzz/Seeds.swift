// Writes what fuzzing begins from: valid bytes for each target, in a folder of the target's name.
// Usage: seeds FOLDER

import Glibc
import GroupModel

@main
enum Seeds {
  static func main() throws {
    let folder = CommandLine.arguments[1]
    for (target, seeds) in try all() {
      mkdir("\(folder)/\(target)", 0o755)
      for (number, seed) in seeds.enumerated() { write(seed, to: "\(folder)/\(target)/seed-\(number)") }
    }
  }

  private static func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { fatalError("cannot write \(path)") }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
  }

  private static func all() throws -> [String: [[UInt8]]] {
    [
      "Requests": WireSamples.requests.map { [$0.kind] + $0.bytes },
      "Answers": WireSamples.answers.map { [$0.answer.kind(answering: $0.kind)] + $0.answer.bytes },
      "Pushes": WireSamples.pushes.map { [$0.kind] + $0.bytes },
      "Frames": frames, "Decisions": decisions, "Names": names, "Certificates": try certificates(),
      "Texts": texts, "Proofs": proofs, "PeerMessages": peerMessages, "DaemonMessages": daemonMessages,
    ]
  }

  private static func frame(_ role: FrameRole, _ kind: UInt8, _ exchange: UInt32, _ body: [UInt8]) -> [UInt8]
  {
    var bytes: [UInt8] = []
    FrameHeader(bodyBytes: body.count, role: role, kind: kind, exchange: exchange).append(to: &bytes)
    return bytes + body
  }

  private static var frames: [[UInt8]] {
    let requests = WireSamples.requests.map { frame(.request, $0.kind, 1, $0.bytes) }
    let pushes = WireSamples.pushes.map { frame(.push, $0.kind, 0, $0.bytes) }
    let answers = WireSamples.answers.map {
      frame(.answer, $0.answer.kind(answering: $0.kind), 2, $0.answer.bytes)
    }
    let beats = frame(.ping, 0, 0, []) + frame(.pong, 0, 0, [])
    return [beats, requests.flatMap { $0 }, pushes.flatMap { $0 }, answers.flatMap { $0 }] + requests + pushes
  }

  private static var decisions: [[UInt8]] {
    let decision = Decision(group: GroupID(1), number: 2, changes: WireSamples.changes)
    var seeds: [[UInt8]] = [[0] + written { $0.decision(decision) }]
    for change in WireSamples.changes {
      seeds.append([1] + written { $0.change(change) })
      if case .published(let entry) = change { seeds.append([2] + written { $0.entry(entry) }) }
    }
    return seeds
      + WireSamples.wishes.map { wish in
        [3] + written { $0.proposal(Proposal(wish, in: WireSamples.team)) }
      }
  }

  private static func written(_ write: (inout WireWriter) -> Void) -> [UInt8] {
    var writer = WireWriter()
    write(&writer)
    return writer.bytes
  }

  private static var peerMessages: [[UInt8]] {
    let key = ContentKey(group: GroupID(9), root: ContentRoot(Digest(hashing: [1, 2, 3].span.bytes)))
    let requests: [PeerRequest] = [
      .join(key, size: 1 << 50),
      .blocks(BlocksRequest(key: key, first: 77, count: 32, uncles: nil, urgency: .now)),
      .blocks(BlocksRequest(key: key, first: 1 << 36, count: 7, uncles: 31, urgency: .ahead)),
      .hashes(HashesRequest(key: key, height: 13, index: 4, base: 0, uncles: 12)),
    ]
    let held: [HeldBlocks] = [.none, .all, .some([0..<1, 5..<9]), .some([3..<1 << 30])]
    let pushes: [PeerPush] =
      held.map { .gained(key, $0) } + [.lost(key, .all), .cancel(exchange: 7), .part(key)]
    return requests.map { request in [0, request.kind] + written { request.write(to: &$0) } }
      + pushes.map { push in [1, push.kind] + written { push.write(to: &$0) } }
      + held.map { held in [2, 1] + written { $0.held(held) } }
  }

  /// A list of words, one of flags, a directory and no trackers; a reload; then a reply of each form.
  private static var daemonMessages: [[UInt8]] {
    let two: [UInt8] = [0, 0, 0, 2, 0, 2, 0x6C, 0x73, 0, 0]
    let text: [UInt8] = [0, 1, 0x2F]
    let none: [UInt8] = [0, 0, 0, 0]
    let number = [UInt8](repeating: 1, count: 8)
    return [
      [0, 0] + two + none + text + none, [0, 1], [1, 0] + text, [1, 1, 0, 0, 0, 1] + text + [1],
      [1, 2] + two,
      [1, 3] + text + number + number + number + [0], [1, 4] + none + text,
    ]
  }

  private static var names: [[UInt8]] {
    [
      "a", "alice\u{0}b", "photos/a.jpg\u{0}../b/./c", ".requests", "a/../b", "x\n\u{1B}[1m\u{9B}",
      "\u{E9}/e\u{301}",
    ]
    .map { Array($0.utf8) }
  }

  private static func certificates() throws -> [[UInt8]] {
    let authority = try Authority.make(now: 1_800_000_000)
    let key = try KeyPair.generate()
    let request = try CertificateRequest(signedBy: key)
    let member = try authority.issueMember(
      user: WireSamples.alice, generation: 1, lineage: 2, request: request, now: 1_800_000_000)
    let tracker = try authority.issueTracker(publicKey: key.publicKey)
    return [[0] + authority.certificate.der, [0] + member.der, [0] + tracker.der]
      + [[1] + request.der, [2] + (try member.pem()), [3] + (try key.pem())]
  }

  private static var texts: [[UInt8]] {
    let hex = String(repeating: "0123456789abcdef", count: 4)
    let hash = "scrypt$17$8$1$\(hex.prefix(32))$\(hex)"
    let info =
      "# our trackers\n192.0.2.1:9002 sha256:\(hex)\n[2001:db8::1]:9002\nhost.example:1 sha256:\(hex)\n"
    let seeds: [(UInt8, String)] = [
      (0, hash), (1, "sha256:\(hex)"), (1, hex), (2, "192.0.2.1:9002"), (2, "[2001:db8::1]:1"), (3, info),
      (4, hex),
    ]
    return seeds.map { [$0] + Array($1.utf8) }
  }

  /// Numbers only: what they mean, the target decides.
  private static var proofs: [[UInt8]] {
    (0..<12).map { seed in (0..<200).map { UInt8(truncatingIfNeeded: ($0 &* 37) ^ ($0 >> 3) &* seed) } }
      + (0..<3).map { target in [target] + [UInt8](repeating: 0, count: 100) }
  }
}

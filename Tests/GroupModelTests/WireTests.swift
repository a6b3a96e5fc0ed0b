// The protocol's bytes: what is written is read again as the same, in one form only, and each bound holds.

import Testing

@testable import GroupModel

@Suite struct WireTests {
  @Test(arguments: WireSamples.requests)
  func `a request is read as it was written`(request: TrackerRequest) {
    #expect(TrackerRequest.parsed(kind: request.kind, request.bytes) == request)
  }

  @Test func `an answer is read as it was written`() {
    for (kind, answer) in WireSamples.answers {
      #expect(TrackerAnswer.parsed(kind: answer.kind(answering: kind), answer.bytes) == answer)
    }
  }

  @Test(arguments: WireSamples.pushes)
  func `a push is read as it was written`(push: TrackerPush) {
    #expect(TrackerPush.parsed(kind: push.kind, push.bytes) == push)
  }

  @Test func `every kind is among the samples`() {
    let requests = Set(WireSamples.requests.map(\.kind))
    #expect(requests == Set(TrackerKind.createUser...TrackerKind.saw))
    #expect(Set(WireSamples.pushes.map(\.kind)) == Set(TrackerKind.decisionPush...TrackerKind.holderPush))
    #expect(WireSamples.refusals.count == 26)
  }

  /// A message's bytes, and what they are read and written as again.
  private typealias Message = (bytes: [UInt8], again: ([UInt8]) -> [UInt8]?)

  private var all: [Message] {
    let requests: [Message] = WireSamples.requests.map { request in
      (request.bytes, { TrackerRequest.parsed(kind: request.kind, $0)?.bytes })
    }
    let answers: [Message] = WireSamples.answers.map { kind, answer in
      let kind = answer.kind(answering: kind)
      return (answer.bytes, { TrackerAnswer.parsed(kind: kind, $0)?.bytes })
    }
    let pushes: [Message] = WireSamples.pushes.map { push in
      (push.bytes, { TrackerPush.parsed(kind: push.kind, $0)?.bytes })
    }
    return requests + answers + pushes
  }

  @Test func `a message that is cut short, or has something after it, is none`() {
    for (bytes, again) in all {
      for beginning in eachBeginning(bytes) { #expect(again(beginning) == nil) }
      #expect(again(bytes + [0]) == nil)
    }
  }

  @Test func `one message has one form: what is read at all is written as it was`() {
    for (bytes, again) in all {
      for changed in eachBitFlipped(bytes) {
        if let written = again(changed) { #expect(written == changed) }
      }
    }
  }

  @Test func `a kind that there is not is no message`() {
    for kind in UInt8.min...UInt8.max where !(1...17).contains(kind) {
      #expect(TrackerRequest.parsed(kind: kind, []) == nil)
    }
    for kind in UInt8.min...UInt8.max where !(64...66).contains(kind) {
      #expect(TrackerPush.parsed(kind: kind, WireSamples.pushes[0].bytes) == nil)
    }
  }

  @Test func `only who is to wait is told how long`() {
    let busy = TrackerAnswer.refused(.busy).bytes
    #expect(busy == [21, 0, 0])
    #expect(TrackerAnswer.parsed(kind: TrackerKind.refusal, [21, 0, 1]) == nil)
    #expect(TrackerAnswer.parsed(kind: TrackerKind.refusal, [22, 0, 1]) == .refused(.throttled(seconds: 1)))
    #expect(TrackerAnswer.parsed(kind: TrackerKind.refusal, [0, 0, 0]) == nil)
    #expect(TrackerAnswer.parsed(kind: TrackerKind.refusal, [25, 0, 0]) == nil)
  }
}

// The bounds.
extension WireTests {
  private func request(_ kind: UInt8, _ write: (inout WireWriter) -> Void) -> TrackerRequest? {
    var writer = WireWriter()
    write(&writer)
    return TrackerRequest.parsed(kind: kind, writer.bytes)
  }

  @Test func `a password and a certificate request are no longer than they may be`() {
    for (bytes, isTaken) in [(1024, true), (1025, false)] {
      let read = request(TrackerKind.createUser) {
        $0.request(WireSamples.id)
        $0.name(WireSamples.alice)
        $0.blob([UInt8](repeating: 1, count: bytes))
      }
      #expect((read != nil) == isTaken)
    }
    for (bytes, isTaken) in [(4096, true), (4097, false)] {
      #expect((request(TrackerKind.renew) { $0.blob([UInt8](repeating: 1, count: bytes)) } != nil) == isTaken)
    }
  }

  @Test func `an announcement has so many contents, and each so many runs of pieces`() {
    let holding = Holding(key: WireSamples.key, pieces: .none)
    for (count, isTaken) in [(256, true), (257, false)] {
      let announced = TrackerRequest.announce([Holding](repeating: holding, count: count))
      #expect((TrackerRequest.parsed(kind: announced.kind, announced.bytes) != nil) == isTaken)
      let runs = (0..<UInt32(count)).map { 2 * $0..<2 * $0 + 1 }
      let one = TrackerRequest.announce([Holding(key: WireSamples.key, pieces: .some(runs))])
      #expect((TrackerRequest.parsed(kind: one.kind, one.bytes) != nil) == isTaken)
    }
  }

  @Test(
    arguments: [
      [0..<0], [5..<5], [0..<2, 1..<3], [0..<2, 2..<3], [4..<5, 0..<1], [0..<1, 0..<1],
    ] as [[Range<UInt32>]])
  func `runs of pieces are sorted, apart and not empty`(runs: [Range<UInt32>]) {
    let announced = TrackerRequest.announce([Holding(key: WireSamples.key, pieces: .some(runs))])
    #expect(TrackerRequest.parsed(kind: announced.kind, announced.bytes) == nil)
  }

  @Test func `a list that says it is longer than its message is refused before memory is taken`() {
    for count in [2, 1024, 1025, UInt32.max] {
      let read = request(TrackerKind.countSharers) {
        $0.u64(1)
        $0.u32(count)
        $0.root(WireSamples.root)
      }
      #expect(read == nil)
    }
  }

  @Test func `more changes than a page holds are none`() {
    for (count, isTaken) in [(Decision.changesMax, true), (Decision.changesMax + 1, false)] {
      let decision = Decision(
        group: GroupID(1), number: 1, changes: [Change](repeating: .ended, count: count))
      let push = TrackerPush.decision(decision)
      #expect((TrackerPush.parsed(kind: push.kind, push.bytes) != nil) == isTaken)
    }
  }

  @Test(arguments: [
    "", "-a", ".a", "a b", "a/b", "a\n", "\u{E9}", "a\u{0}", String(repeating: "a", count: 65),
  ])
  func `what is no name is none on the wire`(text: String) {
    let read = request(TrackerKind.listRequests) {
      $0.short(text.utf8)
      $0.flag(false)
    }
    #expect(read == nil)
  }

  @Test(
    arguments: [
      "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "./a", ".requests", ".members", ".shares", "a\u{0}b",
      String(repeating: "a", count: 256), String(repeating: "a/", count: 2048) + "a",
    ])
  func `what is no path is none on the wire`(text: String) {
    let read = request(TrackerKind.setSharing) {
      $0.request(WireSamples.id)
      $0.name(WireSamples.team)
      $0.blob(text.utf8)
      $0.flag(true)
    }
    #expect(read == nil)
  }

  @Test(arguments: [[0xFF], [0xC3], [0x61, 0xC0, 0xAF], [0xED, 0xA0, 0x80]] as [[UInt8]])
  func `a path that is no UTF-8 is none`(bytes: [UInt8]) {
    let read = request(TrackerKind.setSharing) {
      $0.request(WireSamples.id)
      $0.name(WireSamples.team)
      $0.blob(bytes)
      $0.flag(true)
    }
    #expect(read == nil)
  }

  @Test(arguments: ["", "/etc/passwd", "../../..", "../../../x", "a/../../../../b", "a\u{0}"])
  func `a link that leaves its group is none`(target: String) {
    let read = request(TrackerKind.propose) {
      $0.request(WireSamples.id)
      $0.name(WireSamples.team)
      $0.u8(6)
      $0.path(WireSamples.deep)
      $0.u8(2)
      $0.blob(target.utf8)
      $0.i64(0)
      $0.flag(false)
    }
    #expect(read == nil)
  }

  @Test(arguments: [(0, true), (1, false), ((1 << 50) + 1, true), (.max, true)] as [(UInt64, Bool)])
  func `a size that does not fit its content is none`(size: UInt64, hasRoot: Bool) {
    let read = request(TrackerKind.propose) {
      $0.request(WireSamples.id)
      $0.name(WireSamples.team)
      $0.u8(6)
      $0.path(WireSamples.deep)
      $0.u8(0)
      $0.u64(size)
      $0.flag(false)
      $0.optional(hasRoot ? WireSamples.root : nil) { $0.root($1) }
      $0.i64(0)
      $0.flag(false)
    }
    #expect(read == nil)
  }

  @Test(arguments: [0, 3, 5, 15, 17, 255])
  func `an address has 4 bytes or 16`(count: Int) {
    let read = request(TrackerKind.follow) {
      $0.flag(true)
      $0.short([UInt8](repeating: 1, count: count))
      $0.u16(80)
    }
    #expect(read == nil)
  }
}

// The envelope.
extension WireTests {
  private func header(_ bytes: [UInt8], max: Int = FrameHeader.bodyBytesMax) -> FrameHeader? {
    var reader = WireReader(bytes.span.bytes)
    return try? FrameHeader(reading: &reader, bodyBytesMax: max)
  }

  @Test func `a frame's header is read as it was written`() {
    for (role, exchange) in [(FrameRole.push, 0), (.request, 1), (.answer, UInt32.max)] {
      let written = FrameHeader(bodyBytes: 1 << 20, role: role, kind: 200, exchange: exchange)
      var bytes: [UInt8] = []
      written.append(to: &bytes)
      #expect(bytes.count == FrameHeader.bytes)
      #expect(header(bytes) == written)
      #expect(header(bytes, max: 1 << 20 - 1) == nil)
      for beginning in eachBeginning(bytes) { #expect(header(beginning) == nil) }
    }
  }

  @Test func `a frame's header has one form`() {
    let bytes: [UInt8] = [0, 0, 0, 5, 1, 9, 0, 0, 0, 0, 0, 7]
    for changed in eachBitFlipped(bytes) {
      guard let header = header(changed) else { continue }
      var written: [UInt8] = []
      header.append(to: &written)
      #expect(written == changed)
    }
  }
}

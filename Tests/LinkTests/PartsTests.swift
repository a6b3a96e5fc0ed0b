// The parts of a line that are values: timers, awaited answers, what waits to be sent or to be whole.

import TestSupport
import GroupModel
import Testing

@testable import Link

@Suite struct PartsTests {
  @Test func `timers come out in order, whatever the order in which they went in`() {
    var random = SeededRandom(for: "timers")
    var timers = Timers<UInt64>()
    let all = (0..<1000).map { _ in UInt64.random(in: 0...500, using: &random) }
    for due in all { timers.add(at: Instant(nanoseconds: due), due) }
    timers.removeAll { $0 % 3 == 0 }
    var out: [UInt64] = []
    while let due = timers.popDue(Instant(nanoseconds: 400)) { out.append(due) }
    #expect(out == all.filter { $0 % 3 != 0 && $0 <= 400 }.sorted())
    #expect(timers.next > Instant(nanoseconds: 400))
  }

  @Test func `strangers have a few lines a second in a log, and the rest is counted`() {
    var strangers = StrangerLines()
    let shown = (0..<500).count { _ in strangers.admit(at: 7).isShown }
    #expect(shown == StrangerLines.aSecond)
    let next = strangers.admit(at: 8)
    #expect(next.isShown)
    #expect(next.leftOut == 500 - StrangerLines.aSecond)
    #expect(strangers.admit(at: 8).leftOut == 0)
    #expect(strangers.admit(at: 60).leftOut == 0)
  }

  @Test func `an answer is matched once, then late, then unknown`() {
    var awaited = AwaitedAnswers()
    for exchange in 1...3 as ClosedRange<UInt32> {
      awaited.add(exchange, until: Instant(nanoseconds: UInt64(exchange) * 10), .short { _ in })
    }
    guard case .awaited = awaited.match(2) else { Issue.record("2 was awaited"); return }
    guard case .unknown = awaited.match(2) else { Issue.record("2 was answered"); return }
    #expect(awaited.popLate(Instant(nanoseconds: 9)) == nil)
    #expect(awaited.popLate(Instant(nanoseconds: 25)) != nil)
    #expect(awaited.popLate(Instant(nanoseconds: 25)) == nil)
    guard case .late = awaited.match(1) else { Issue.record("1 is late"); return }
    guard case .unknown = awaited.match(1) else { Issue.record("1 came already"); return }
    #expect(awaited.takeAll().count == 1)
  }

  @Test func `answers that came in time leave nothing behind`() {
    var awaited = AwaitedAnswers()
    for exchange in 1...10_000 as ClosedRange<UInt32> {
      awaited.add(exchange, until: Instant(nanoseconds: 1_000_000), .short { _ in })
      _ = awaited.match(exchange)
    }
    #expect(awaited.remembered < 200)
  }

  private func buffer(of count: Int, _ byte: UInt8) -> BulkBuffer {
    let buffer = pool.take(count)
    for index in 0..<count { buffer.room[index] = byte }
    return buffer
  }

  /// Some of what lies together.
  private func bite(_ outbox: inout Outbox, _ random: inout SeededRandom) -> [UInt8] {
    guard !outbox.isEmpty else { return [] }
    let bytes = outbox.withUnsent { bytes in
      Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
    }
    outbox.drop(bytes.count)
    return bytes
  }

  private let pool = BulkPool()

  @Test func `an outbox gives back what went in, in whatever bites it is taken`() {
    var random = SeededRandom(for: "outbox")
    var outbox = Outbox()
    var expected: [UInt8] = []
    var got: [UInt8] = []
    for number in 0..<300 {
      let body = [UInt8](repeating: UInt8(number & 0xFF), count: Int.random(in: 0...3000, using: &random))
      let header = FrameHeader(bodyBytes: body.count, role: .push, kind: 1, exchange: 0)
      var bulk: BulkBuffer?
      if number % 3 == 0 {
        bulk = buffer(of: Int.random(in: 1...200_000, using: &random), UInt8(number & 0xFF))
      }
      outbox.append(header, body, bulk: bulk)
      header.append(to: &expected)
      expected += body
      if let bulk { expected += bulk.bytes }
      for _ in 0..<Int.random(in: 0...8, using: &random) { got += bite(&outbox, &random) }
    }
    while !outbox.isEmpty { got += bite(&outbox, &random) }
    #expect((got == expected) == true)
    #expect(outbox.isEmpty)
  }

  @Test func `instants are added without overflow`() {
    #expect(Instant(nanoseconds: 5) + .max == .never)
    #expect(Instant.never + 1 == .never)
    #expect(Instant(nanoseconds: 7) + -1 == Instant(nanoseconds: 7))
    #expect(Instant(nanoseconds: 1_500_001).milliseconds(after: Instant(nanoseconds: 500_000)) == 2)
    #expect(Instant.never.milliseconds(after: Instant(nanoseconds: 0)) == Int(Int32.max))
  }

  @Test func `addresses are written as people write them`() {
    #expect(SocketAddress(ip: [127, 0, 0, 1], port: 80).description == "127.0.0.1:80")
    #expect(SocketAddress(ip: [UInt8](repeating: 0, count: 15) + [1], port: 9).description == "[::1]:9")
    let resolved = SocketAddress.resolve(host: "127.0.0.1", port: 7)
    #expect(resolved == [SocketAddress(ip: [127, 0, 0, 1], port: 7)])
    #expect(SocketAddress.resolve(host: "no such host", port: 7) == [])
  }
}

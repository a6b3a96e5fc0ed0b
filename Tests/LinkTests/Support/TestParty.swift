// Whoever has a line in these tests: does what it was told to do when something comes, and notes what came.

import Visitors
import GroupModel

@testable import Link

/// What a party, or all parties of a server, have lived to see.
struct Record {
  var opened = 0
  var holders: [Holder?] = []
  var asked = 0
  var pushes: [(kind: UInt8, body: [UInt8])] = []
  var ends: [LineEnd] = []

  var end: LineEnd? { ends.last }
}

/// Touched on its loop's thread only, but for what it notes.
final class TestParty: Party, @unchecked Sendable {
  typealias Asked = (Connection, UInt8, UInt32, [UInt8]) throws(Malformed) -> Void
  typealias Pushed = (Connection, UInt8, [UInt8]) throws(Malformed) -> Void

  let record: Awaitable<Record>
  var line: Connection?
  var whenOpened: (Connection) -> Void = { _ in }
  /// Answers with what was asked.
  var whenAsked: Asked = { line, kind, exchange, body in line.answer(exchange, kind, body) }
  var whenPushed: Pushed = { _, _, _ in }
  var whenEnded: (Connection, LineEnd) -> Void = { _, _ in }

  init(noting record: Awaitable<Record> = Awaitable(Record())) { self.record = record }

  func lineOpened(_ line: Connection) {
    self.line = line
    let holder = line.holder
    record.change {
      $0.opened += 1
      $0.holders.append(holder)
    }
    whenOpened(line)
  }

  func line(
    _ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan
  ) throws(Malformed) {
    record.change { $0.asked += 1 }
    try whenAsked(line, kind, exchange, body.withUnsafeBytes { Array($0) })
  }

  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {
    let bytes = body.withUnsafeBytes { Array($0) }
    record.change { $0.pushes.append((kind, bytes)) }
    try whenPushed(line, kind, bytes)
  }

  func lineEnded(_ line: Connection, because end: LineEnd) {
    self.line = nil
    whenEnded(line, end)
    record.change { $0.ends.append(end) }
  }
}

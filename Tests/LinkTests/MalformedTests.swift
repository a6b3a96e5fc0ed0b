// Bytes that are no messages, inside TLS and in place of it: they end the line that they came by, and no other.

import TestSupport
import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct MalformedTests {
  let network: TestNetwork

  init() throws { network = try TestNetwork() }

  struct Junk: CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
  }

  static let junk = [
    Junk(testDescription: "an absurd length", bytes: [0xFF, 0xFF, 0xFF, 0xFF, 1, 1, 0, 0, 0, 0, 0, 1]),
    Junk(testDescription: "one byte more than he may", bytes: [0, 0, 0x20, 1, 1, 1, 0, 0, 0, 0, 0, 1]),
    Junk(testDescription: "an unknown role", bytes: [0, 0, 0, 0, 5, 1, 0, 0, 0, 0, 0, 1]),
    Junk(testDescription: "reserved bits", bytes: [0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1]),
    Junk(testDescription: "a heartbeat with a kind", bytes: [0, 0, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0]),
    Junk(testDescription: "a heartbeat with a content", bytes: [0, 0, 0, 1, 3, 0, 0, 0, 0, 0, 0, 0, 9]),
    Junk(testDescription: "a push that wants an answer", bytes: [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]),
    Junk(testDescription: "a request without its number", bytes: [0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]),
    Junk(testDescription: "an answer nobody asked for", bytes: [0, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 1]),
    Junk(testDescription: "a web browser", bytes: Array("GET / HTTP/1.1\r\nHost: tracker\r\n\r\n".utf8)),
  ]

  @Test(arguments: junk)
  func `what is no message ends the line, and no other`(junk: Junk) throws {
    let server = try TestServer(network)
    let other = try RawClient(server)
    let raw = try RawClient(server)
    raw.send(junk.bytes)
    #expect(raw.readToEnd() == .goodbye)
    try server.record.wait(for: "its end") { !$0.ends.isEmpty }
    guard case .malformed = server.record.now.end else {
      Issue.record("\(server.record.now.ends)")
      return
    }
    #expect(server.record.now.asked == 0)
    other.send(.request, 1, 1, [6])
    #expect(other.receiveFrame()?.body == [6])
  }

  @Test func `a message that the party does not understand ends the line`() throws {
    let server = try TestServer(network)
    server.prepare = { party in
      party.whenAsked = { _, _, _, _ throws(Malformed) in throw Malformed("no such question") }
    }
    let raw = try RawClient(server)
    raw.send(RawClient.bytes(.request, 1, 1) + RawClient.bytes(.request, 1, 2))
    #expect(raw.readToEnd() == .goodbye)
    try server.record.wait(for: "its end") { $0.ends == [.malformed("no such question")] }
    #expect(server.record.now.asked == 1)
  }

  @Test func `a line that is cut after any byte of a message ends alone`() throws {
    let server = try TestServer(network)
    let message = RawClient.bytes(.request, 1, 1, [1, 2, 3, 4, 5])
    for count in 0..<message.count {
      let cut = try RawClient(server)
      cut.send(Array(message.prefix(count)))
      if count % 2 == 0 { cut.hangUp() } else { cut.reset() }
    }
    let next = try RawClient(server)
    next.send(message)
    #expect(next.receiveFrame()?.body == [1, 2, 3, 4, 5])
    try server.record.wait(for: "all ends") { $0.ends.count == message.count }
    #expect(server.record.now.asked == 1)
  }

  @Test func `a message may come a byte at a time`() throws {
    let server = try TestServer(network)
    let raw = try RawClient(server)
    let messages = (1...3).flatMap { RawClient.bytes(.request, 1, $0, [8, 9]) }
    for byte in messages { raw.send([byte]) }
    for exchange in 1...3 { #expect(raw.receiveFrame()?.exchange == UInt32(exchange)) }
  }

  @Test func `who may say more may say it from the next message on`() throws {
    let server = try TestServer(network)
    server.prepare = { party in
      party.whenAsked = { line, kind, exchange, body in
        line.limits.bodyBytesMax = FrameHeader.bodyBytesMax
        line.answer(exchange, kind, [UInt8(body.count & 0xFF)])
      }
    }
    let long = [UInt8](repeating: 0, count: 10_000)
    let raw = try RawClient(server)
    raw.send(RawClient.bytes(.request, 1, 1) + RawClient.bytes(.request, 1, 2, long))
    #expect(raw.receiveFrame()?.exchange == 1)
    #expect(raw.receiveFrame()?.exchange == 2)
  }

  @Test func `random bytes inside the line never do more than end it`() throws {
    var random = SeededRandom(for: "random bytes inside the line")
    let server = try TestServer(network)
    for _ in 0..<60 {
      let raw = try RawClient(server)
      var bytes = (0..<Int.random(in: 12...400, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      // Most lengths would be too long, and end it at the first four bytes.
      if Bool.random(using: &random) {
        bytes.replaceSubrange(0..<8, with: [0, 0, 0, bytes[3], bytes[4] % 5, 0, 0, 0])
      }
      raw.send(bytes)
      raw.sayGoodbye()
    }
    try server.record.wait(for: "all ends") { $0.ends.count == 60 }
    let raw = try RawClient(server)
    raw.send(.request, 1, 1)
    #expect(raw.receiveFrame()?.role == .answer)
  }

  @Test func `random bytes in place of TLS never do more than end the line`() throws {
    var random = SeededRandom(for: "random bytes in place of TLS")
    let server = try TestServer(network)
    server.limits.openMilliseconds = 500
    for _ in 0..<100 {
      let raw = try RawClient(to: server.address)
      let bytes = (0..<Int.random(in: 1...600, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      // As the beginning of a handshake, so that OpenSSL looks at more than the first byte.
      raw.sendPlain(
        Bool.random(using: &random) ? [22, 3, 1, 0, UInt8(bytes.count & 0xFF), 1] + bytes : bytes)
      raw.hangUp()
    }
    try server.record.wait(for: "all ends") { $0.ends.count == 100 }
    #expect(try RawClient(server).send(.request, 1, 1))
  }

  @Test func `a flood of key updates ends the line and keeps nobody waiting`() throws {
    let server = try TestServer(network)
    let raw = try RawClient(server)
    raw.updateKeys()
    raw.send(.request, 1, 1, [3])
    #expect(raw.receiveFrame()?.body == [3])
    for _ in 0..<200 { raw.updateKeys() }
    try server.record.wait(for: "its end") { $0.ends == [.malformed("a flood of key updates")] }
  }

  /// OpenSSL 3.0 cannot answer a key update in the middle of a record that the kernel does not take. No member's
  /// or tracker's program asks for one; whoever does must not be able to stop the loop by it.
  @Test func `a key update at the worst moment ends the line at most`() throws {
    let server = try TestServer(network)
    server.limits.unsentBytesMax = .max
    server.limits.unsentBytesPause = .max
    let raw = try RawClient(server, receiveBytes: 4096)
    try server.record.wait(for: "the line") { $0.opened == 1 }
    server.onLoop { server in
      for _ in 0..<8 { server.lines[0].push(1, [UInt8](repeating: 5, count: 1 << 20)) }
    }
    // The turn in which that was pushed is over, and the kernel has taken what it takes.
    server.onLoop { #expect(!$0.lines[0].outbox.isEmpty) }
    for _ in 0..<5 { raw.updateKeys() }
    let other = try RawClient(server)
    other.send(.request, 1, 1)
    #expect(other.receiveFrame()?.role == .answer)
    while raw.receiveFrame() != nil {}
    try server.record.wait(for: "its end") { !$0.ends.isEmpty }
    guard case .malformed = server.record.now.end else {
      Issue.record("\(server.record.now.ends)")
      return
    }
  }
}

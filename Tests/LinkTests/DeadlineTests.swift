// What does not come in time. Where a test waits, it waits for the line to notice.

import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct DeadlineTests {
  let network: TestNetwork

  init() throws { network = try TestNetwork() }

  @Test func `an answer that does not come in time fails alone, and may still come late`() throws {
    let server = try TestServer(network)
    let held = Awaitable<[(Connection, UInt32)]>([])
    server.prepare = { party in
      party.whenAsked = { line, kind, exchange, body in
        if kind == 1 {
          held.change { $0.append((line, exchange)) }
        } else {
          line.answer(exchange, kind, body)
        }
      }
    }
    let client = try TestClient(to: server, network)
    #expect(client.ask(1, [], within: 20).end == .timedOut(.answer))
    #expect(client.ask(2, [8]).body == [8])
    server.onLoop { _ in for (line, exchange) in held.now { line.answer(exchange, 1, [1]) } }
    #expect(client.ask(2, [9]).body == [9])
  }

  @Test func `one who answers nothing, however often he is asked, is let go`() throws {
    let server = try TestServer(network)
    server.limits.unansweredMax = .max
    server.prepare = { $0.whenAsked = { _, _, _, _ in } }
    let client = try TestClient(to: server, network)
    client.onLoop { line in for _ in 0..<5_000 { line.ask(1, [], within: 1) { _ in } } }
    #expect(try client.waitForEnd() == .timedOut(.answer))
  }

  @Test func `who connects and says nothing is let go`() throws {
    let server = try TestServer(network)
    server.limits.openMilliseconds = 50
    let silent = try RawClient(to: server.address)
    #expect(silent.waitUntilClosed())
    try server.record.wait(for: "its end") { $0.ends == [.timedOut(.handshake)] }
  }

  @Test func `who shakes hands a byte at a time is let go in the same time`() throws {
    let server = try TestServer(network)
    server.limits.openMilliseconds = 100
    let slow = try RawClient(to: server.address)
    // The beginning of a handshake's record that announces 512 bytes.
    for byte in [22, 3, 1, 2, 0, 1, 0, 1, 0xFC] as [UInt8] { slow.sendPlain([byte]) }
    #expect(slow.waitUntilClosed())
    try server.record.wait(for: "its end") { $0.ends == [.timedOut(.handshake)] }
  }

  @Test func `a server that takes the connection and says nothing is given up`() throws {
    let port = try ListeningPort(at: .loopback4)
    try port.open()
    var limits = LineLimits()
    limits.openMilliseconds = 50
    let client = try TestClient(to: port.address, network.clientContext(), limits: limits)
    #expect(try client.waitForEnd() == .timedOut(.handshake))
  }

  @Test func `a port that nobody listens on is unreachable`() throws {
    let port = try ListeningPort(at: .loopback4)
    do {
      let client = try TestClient(to: port.address, network.clientContext())
      guard case .unreachable = try client.waitForEnd() else {
        Issue.record("somebody answered")
        return
      }
    } catch is SocketError {}
  }

  @Test func `a message that is begun is finished in time, or the line ends`() throws {
    let server = try TestServer(network)
    server.limits.messageMilliseconds = 50
    let raw = try RawClient(server)
    raw.send(Array(RawClient.bytes(.request, 1, 1, [1, 2, 3]).dropLast()))
    #expect(raw.readToEnd() == .goodbye)
    try server.record.wait(for: "its end") { $0.ends == [.timedOut(.message)] }
  }

  @Test func `each message has its own time, so that many slow ones are no offence`() throws {
    let server = try TestServer(network)
    server.limits.messageMilliseconds = 2_000
    let raw = try RawClient(server)
    let began = Instant.now
    var exchange: UInt32 = 0
    // Always one message whole and the next begun, for longer than one message may take.
    raw.send(Array(RawClient.bytes(.request, 1, 1).prefix(6)))
    while Instant.now < began + 2_500 {
      exchange += 1
      let next = RawClient.bytes(.request, 1, exchange + 1).prefix(6)
      raw.send(RawClient.bytes(.request, 1, exchange).suffix(6) + next)
      #expect(raw.receiveFrame()?.exchange == exchange)
    }
    #expect(server.record.now.ends.isEmpty)
  }
}

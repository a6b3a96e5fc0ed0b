// A line on which nothing is said: whether somebody is still there.

import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct HeartbeatTests {
  let network: TestNetwork

  init() throws { network = try TestNetwork() }

  @Test func `one who is silent is asked, and let go when he does not answer`() throws {
    let server = try TestServer(network)
    server.limits.heartbeatMilliseconds = 50
    let raw = try RawClient(server)
    #expect(raw.receiveFrame() == RawClient.Frame(role: .ping, kind: 0, exchange: 0, body: []))
    #expect(raw.receiveFrame()?.role == .ping)
    #expect(raw.readToEnd() == .goodbye)
    try server.record.wait(for: "its end") { $0.ends == [.timedOut(.heartbeat)] }
  }

  @Test func `one who is idle and answers heartbeats stays`() throws {
    let server = try TestServer(network)
    server.limits.heartbeatMilliseconds = 100
    let raw = try RawClient(server)
    for _ in 0..<10 {
      #expect(raw.receiveFrame()?.role == .ping)
      raw.send(.pong)
    }
    raw.send(.request, 1, 1, [5])
    #expect(raw.receiveFrame()?.body == [5])
    #expect(server.record.now.ends.isEmpty)
  }

  @Test func `who asks whether we are there is told so`() throws {
    let server = try TestServer(network)
    let raw = try RawClient(server)
    raw.send(.ping)
    #expect(raw.receiveFrame() == RawClient.Frame(role: .pong, kind: 0, exchange: 0, body: []))
  }

  @Test func `who talks is not asked`() throws {
    let server = try TestServer(network)
    server.limits.heartbeatMilliseconds = 1_000
    let raw = try RawClient(server)
    let began = Instant.now
    var exchange: UInt32 = 0
    while Instant.now < began + 1_200 {
      exchange += 1
      raw.send(.request, 1, exchange)
      #expect(raw.receiveFrame()?.role == .answer)
    }
  }

  @Test func `who waits for our answer is not held for dead, nor are we`() throws {
    let server = try TestServer(network)
    server.limits.heartbeatMilliseconds = 50
    server.limits.unansweredMax = 1
    let held = Awaitable<[(Connection, UInt32)]>([])
    server.prepare = {
      $0.whenAsked = { line, _, exchange, _ in held.change { $0.append((line, exchange)) } }
    }
    let raw = try RawClient(server)
    raw.send(.request, 1, 1)
    raw.send(.request, 1, 2)
    // It reads nothing now, so it hears no pong; and says for longer than three heartbeats that it is there.
    for _ in 0..<6 { #expect(raw.receiveFrame()?.role == .ping) }
    server.onLoop { _ in held.now[0].0.answer(held.now[0].1, 1, []) }
    #expect(raw.receiveFrame()?.exchange == 1)
    try held.wait(for: "the second request") { $0.count == 2 }
    #expect(server.record.now.ends.isEmpty)
  }
}

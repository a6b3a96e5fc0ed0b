// How lines end, and what each end is told of it.

import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct EndTests {
  let network: TestNetwork

  init() throws { network = try TestNetwork() }

  @Test func `a goodbye is told apart from a connection that was cut`() throws {
    let server = try TestServer(network)
    let polite = try RawClient(server)
    polite.sayGoodbye()
    try server.record.wait(for: "the goodbye") { $0.ends == [.goodbye] }
    let rude = try RawClient(server)
    rude.hangUp()
    try server.record.wait(for: "the cut") { $0.ends == [.goodbye, .lost(errno: 0)] }
    let broken = try RawClient(server)
    broken.reset()
    try server.record.wait(for: "the reset") { $0.ends.count == 3 }
    guard case .lost = server.record.now.end else {
      Issue.record("\(server.record.now.ends)")
      return
    }
  }

  @Test func `who closes says goodbye`() throws {
    let server = try TestServer(network)
    let raw = try RawClient(server)
    try server.record.wait(for: "the line") { $0.opened == 1 }
    server.onLoop { $0.lines[0].close() }
    #expect(raw.readToEnd() == .goodbye)
    #expect(server.record.now.ends == [.closed])
  }

  @Test func `awaited answers fail before the end is told`() throws {
    let server = try TestServer(network)
    server.prepare = { $0.whenAsked = { line, _, _, _ in line.close() } }
    let client = try TestClient(to: server, network)
    let told = Awaitable<[String]>([])
    client.party.whenEnded = { _, _ in told.change { $0.append("end") } }
    client.onLoop { line in
      for number in 1...3 {
        line.ask(1, [], within: 30_000) { answer in told.change { $0.append("\(number) \(answer.end!)") } }
      }
    }
    let all = try told.wait(for: "the end") { $0.last == "end" }
    #expect(all == (1...3).map { "\($0) the other side closed it" } + ["end"])
  }

  @Test func `who is done may leave, and all that he said still arrives`() throws {
    let server = try TestServer(network)
    let raw = try RawClient(server, receiveBytes: 4096)
    try server.record.wait(for: "the line") { $0.opened == 1 }
    let body = [UInt8](repeating: 5, count: 1 << 20)
    server.onLoop { server in
      server.lines[0].limits.unsentBytesMax = .max
      for _ in 0..<6 { server.lines[0].push(1, body) }
      server.lines[0].closeWhenSent()
    }
    // What nobody will read does not hurt what is still to be read.
    for exchange in 1...50 { raw.send(.request, 1, UInt32(exchange), [UInt8](repeating: 0, count: 1000)) }
    #expect(server.record.now.ends.isEmpty)
    for _ in 0..<6 { try #require(raw.receiveFrame()?.body == body) }
    #expect(raw.readToEnd() == .goodbye)
    raw.hangUp()
    try server.record.wait(for: "the end") { $0.ends == [.closed] }
    #expect(server.record.now.asked == 0)
  }

  @Test func `who leaves and is not read is gone in the end all the same`() throws {
    let server = try TestServer(network)
    server.limits.sendMilliseconds = 100
    let raw = try RawClient(server, receiveBytes: 4096)
    try server.record.wait(for: "the line") { $0.opened == 1 }
    server.onLoop { server in
      server.lines[0].limits.unsentBytesMax = .max
      for _ in 0..<12 { server.lines[0].push(1, [UInt8](repeating: 5, count: 1 << 20)) }
      server.lines[0].closeWhenSent()
    }
    try server.record.wait(for: "the end") { $0.ends == [.doesNotRead] }
    withExtendedLifetime(raw) {}
  }

  @Test func `who leaves waits a moment for the other to hang up, and no longer`() throws {
    let server = try TestServer(network)
    server.limits.lingerMilliseconds = 50
    let raw = try RawClient(server)
    try server.record.wait(for: "the line") { $0.opened == 1 }
    server.onLoop { $0.lines[0].closeWhenSent() }
    try server.record.wait(for: "the end") { $0.ends == [.closed] }
    #expect(raw.readToEnd() == .goodbye)
  }

  @Test func `a loop that stops says goodbye on every line`() throws {
    let loop = EventLoop(name: "stopping")
    loop.start()
    let server = try TestServer(network)
    let record = Awaitable(Record())
    let (address, context) = (server.address, try network.clientContext())
    for _ in 0..<5 {
      onThread(of: loop) {
        _ = try? Connection.connect(to: address, on: loop, context, for: TestParty(noting: record))
      }
    }
    try record.wait(for: "all lines") { $0.opened == 5 }
    try server.record.wait(for: "all lines") { $0.opened == 5 }
    loop.stop()
    #expect(record.now.ends == [LineEnd](repeating: .closed, count: 5))
    try server.record.wait(for: "all goodbyes") { $0.ends == [LineEnd](repeating: .goodbye, count: 5) }
    #expect(!loop.post {})
  }

  @Test func `a line that has ended is let go of by its loop, its timers and its party`() throws {
    let server = try TestServer(network)
    let client = try TestClient(to: server, network)
    #expect(client.ask(1, []).body == [])
    weak let line = server.onLoop { $0.lines[0] }
    client.onLoop { $0.close() }
    try server.record.wait(for: "the end") { !$0.ends.isEmpty }
    server.onLoop { $0.forgetLines() }
    // One turn later nothing on the loop's own stack holds it either.
    server.onLoop { _ in }
    #expect(line == nil)
  }
}

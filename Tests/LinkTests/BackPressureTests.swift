// What one line can cost: those who do not read, ask without reading, or send without end.

import Glibc
import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct BackPressureTests {
  let network: TestNetwork

  init() throws { network = try TestNetwork() }

  @Test func `who is pushed to and does not read costs no more than the limit, and is let go`() throws {
    let server = try TestServer(network)
    let raw = try RawClient(server, receiveBytes: 4096)
    try server.record.wait(for: "the line") { $0.opened == 1 }
    let most = Awaitable(0)
    server.onLoop { server in
      let line = server.lines[0]
      for _ in 0..<200 where line.isOpen {
        line.push(1, [UInt8](repeating: 1, count: 1 << 18))
        let unsent = line.outbox.count
        most.change { $0 = max($0, unsent) }
      }
    }
    try server.record.wait(for: "its end") { $0.ends == [.doesNotRead] }
    #expect(most.now <= LineLimits().unsentBytesMax + 1 << 18 + 12)
    withExtendedLifetime(raw) {}
  }

  @Test func `who takes nothing for too long is let go`() throws {
    let server = try TestServer(network)
    server.limits.sendMilliseconds = 100
    server.limits.unsentBytesMax = .max
    let raw = try RawClient(server, receiveBytes: 4096)
    try server.record.wait(for: "the line") { $0.opened == 1 }
    server.onLoop { server in
      for _ in 0..<12 { server.lines[0].push(1, [UInt8](repeating: 1, count: 1 << 20)) }
    }
    try server.record.wait(for: "its end") { $0.ends == [.doesNotRead] }
    withExtendedLifetime(raw) {}
  }

  /// Where the system's own choice does not pace, it is left alone from the beginning.
  @Test func `small answers in a row leave at once, much and what follows a rest as the system wants it`()
    throws
  {
    let server = try TestServer(network)
    server.limits.unsentBytesMax = .max
    let raws = try (0..<3).map { _ in try RawClient(server) }
    try server.record.wait(for: "the lines") { $0.opened == 3 }
    let system = Socket.pacing
    func control(of line: Int) -> String? { server.onLoop { $0.lines[line].socket?.congestionControl } }
    func push(_ bytes: Int, on line: Int) {
      server.onLoop { $0.lines[line].push(1, [UInt8](repeating: 1, count: bytes)) }
    }
    #expect(control(of: 0) == (system == nil ? control(of: 1) : "reno"))
    for _ in 0..<10 { push(17_000, on: 0) }
    #expect(system == nil || control(of: 0) == "reno")

    for _ in 0..<8 { push(1 << 20, on: 1) }
    #expect(system == nil || control(of: 1) == system)

    push(17_000, on: 2)
    usleep(200_000)
    push(1_000, on: 2)
    usleep(200_000)
    #expect(system == nil || control(of: 2) == "reno", "what Reno sends at once is no matter")
    push(17_000, on: 2)
    #expect(system == nil || control(of: 2) == system)
    withExtendedLifetime(raws) {}
  }

  /// Every request is answered with so much.
  private static let answer = [UInt8](repeating: 7, count: 64 << 10)

  private func serverWithLongAnswers() throws -> TestServer {
    let server = try TestServer(network)
    server.prepare = {
      $0.whenAsked = { line, kind, exchange, _ in line.answer(exchange, kind, Self.answer) }
    }
    return server
  }

  @Test func `who asks without reading is held back, and gets every answer once he reads`() throws {
    let server = try serverWithLongAnswers()
    let raw = try RawClient(server, receiveBytes: 4096)
    let count = 400
    for exchange in 1...count { raw.send(.request, 1, UInt32(exchange)) }
    try server.record.wait(for: "the first request") { $0.asked > 0 }
    #expect(server.onLoop { $0.lines[0].outbox.count } <= 256 << 10 + Self.answer.count + 12)
    for exchange in 1...count {
      let frame = raw.receiveFrame()
      try #require(frame?.exchange == UInt32(exchange) && frame?.body == Self.answer)
    }
    #expect(server.record.now.asked == count)
  }

  @Test func `requests of one record, held back again and again, are all answered`() throws {
    let server = try serverWithLongAnswers()
    let raw = try RawClient(server, receiveBytes: 4096)
    raw.send((1...300).flatMap { RawClient.bytes(.request, 1, $0) })
    for exchange in 1...300 { try #require(raw.receiveFrame()?.exchange == UInt32(exchange)) }
  }

  @Test func `who asks faster than we answer is held back, and goes on with every answer`() throws {
    let server = try TestServer(network)
    server.limits.unansweredMax = 3
    let held = Awaitable<[(Connection, UInt32)]>([])
    server.prepare = {
      $0.whenAsked = { line, _, exchange, _ in held.change { $0.append((line, exchange)) } }
    }
    let raw = try RawClient(server)
    raw.send((1...50).flatMap { RawClient.bytes(.request, 1, $0) })
    for exchange in 1...50 {
      try held.wait(for: "request \(exchange)") { !$0.isEmpty }
      #expect(held.now.count <= 3)
      server.onLoop { _ in
        let (line, number) = held.now[0]
        held.change { $0.removeFirst() }
        line.answer(number, 1, [])
      }
      #expect(raw.receiveFrame()?.exchange == UInt32(exchange))
    }
  }

  @Test func `limits that are raised let go on at once`() throws {
    let server = try TestServer(network)
    server.limits.unansweredMax = 1
    server.prepare = { $0.whenAsked = { _, _, _, _ in } }
    let raw = try RawClient(server)
    raw.send((1...9).flatMap { RawClient.bytes(.request, 1, $0) })
    try server.record.wait(for: "the first request") { $0.asked == 1 }
    server.onLoop { $0.lines[0].limits.unansweredMax = 100 }
    try server.record.wait(for: "the others") { $0.asked == 9 }
  }

  @Test func `who resets the connection while he is held back is noticed at once`() throws {
    let server = try TestServer(network)
    server.limits.unansweredMax = 1
    server.prepare = { $0.whenAsked = { _, _, _, _ in } }
    let raw = try RawClient(server)
    raw.send(.request, 1, 1)
    raw.send(.request, 1, 2)
    try server.record.wait(for: "the first request") { $0.asked == 1 }
    raw.reset()
    try server.record.wait(for: "its end") { !$0.ends.isEmpty }
    guard case .lost = server.record.now.end else {
      Issue.record("\(server.record.now.ends)")
      return
    }
  }

  @Test func `one in full flow does not keep the others of its loop waiting`() throws {
    let server = try TestServer(network)
    server.limits = .wide
    let noisy = try TestClient(to: server, network)
    let quiet = try TestClient(to: server, network)
    let body = [UInt8](repeating: 1, count: 1 << 19)
    noisy.party.whenPushed = { line, _, _ in line.push(1, body) }
    server.onLoop { server in
      let line = server.lines[0]
      line.limits.unsentBytesMax = .max
      for _ in 0..<4 { line.push(1, body) }
    }
    for number in 0..<200 { #expect(quiet.ask(1, [UInt8(number)]).body == [UInt8(number)]) }
    try noisy.record.wait(for: "the flow") { $0.pushes.count >= 4 }
  }
}

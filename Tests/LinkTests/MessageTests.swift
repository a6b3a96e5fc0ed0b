// Requests, answers and pushes between two parties that mean well.

import GroupModel
import Testing
import Visitors

@testable import Link

@Suite struct MessageTests {
  let network: TestNetwork

  init() throws { network = try TestNetwork() }

  @Test(arguments: [SocketAddress.loopback4, .loopback6])
  func `a request is answered, over either Internet protocol`(address: SocketAddress) throws {
    let server = try TestServer(network, at: address)
    let client = try TestClient(to: server, network)
    let answer = try client.ask(9, [1, 2, 3]).get()
    #expect(answer.kind == 9 && answer.body == [1, 2, 3])
    #expect(client.onLoop { $0.remote.ip } == address.ip)
    #expect(server.onLoop { $0.lines[0].remote.ip } == address.ip)
  }

  @Test func `both ends may ask`() throws {
    let server = try TestServer(network)
    let client = try TestClient(to: server, network)
    #expect(client.ask(1, [4]).body == [4])
    let answers = Awaitable<[[UInt8]?]>([])
    server.onLoop { server in
      server.lines[0].ask(2, [5], within: 30_000) { answer in answers.change { $0.append(answer.body) } }
    }
    try answers.wait(for: "the client's answer") { $0 == [[5]] }
  }

  @Test func `thousands of requests at once each get their own answer, in whatever order`() throws {
    let server = try TestServer(network)
    server.limits.unansweredMax = 100_000
    let held = Awaitable<[(Connection, UInt32, [UInt8])]>([])
    server.prepare = {
      $0.whenAsked = { line, _, exchange, body in held.change { $0.append((line, exchange, body)) } }
    }
    let client = try TestClient(to: server, network)
    let count = 5_000
    let answers = Awaitable<[Int: [UInt8]]>([:])
    client.onLoop { line in
      for number in 0..<count {
        line.ask(1, Self.bytes(of: number), within: 30_000) { answer in
          answers.change { $0[number] = answer.body }
        }
      }
    }
    try held.wait(for: "all requests") { $0.count == count }
    server.onLoop { _ in for (line, exchange, body) in held.now.reversed() { line.answer(exchange, 1, body) }
    }
    let all = try answers.wait(for: "all answers") { $0.count == count }
    #expect(all.allSatisfy { $0.value == Self.bytes(of: $0.key) })
  }

  private static func bytes(of number: Int) -> [UInt8] { withUnsafeBytes(of: number) { Array($0) } }

  @Test func `pushes arrive in order, both ways`() throws {
    let server = try TestServer(network)
    server.prepare = { $0.whenPushed = { line, kind, body in line.push(kind, body + [0]) } }
    let client = try TestClient(to: server, network)
    client.onLoop { line in for number in 0..<200 { line.push(UInt8(number), [UInt8(number)]) } }
    let came = try client.record.wait(for: "the pushes' echo") { $0.pushes.count == 200 }
    #expect(came.pushes.map(\.kind) == (0..<200).map { UInt8($0) })
    #expect(came.pushes.map(\.body) == (0..<200).map { [UInt8($0), 0] })
  }

  @Test func `the longest messages go both ways at once`() throws {
    let server = try TestServer(network)
    server.limits = .wide
    let client = try TestClient(to: server, network)
    let body = (0..<FrameHeader.bodyBytesMax).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let answers = Awaitable<[Bool]>([])
    client.onLoop { line in
      Self.ask(line, body, times: 20, answers)
      Self.ask(line, body, times: 20, answers)
    }
    let all = try answers.wait(for: "all answers") { $0.count == 40 }
    #expect(all.allSatisfy { $0 })
  }

  private static func ask(_ line: Connection, _ body: [UInt8], times: Int, _ answers: Awaitable<[Bool]>) {
    guard times > 0 else { return }
    line.ask(1, body, within: 30_000) { answer in
      answers.change { $0.append(answer.body == body) }
      ask(line, body, times: times - 1, answers)
    }
  }

  @Test func `empty messages are messages`() throws {
    let server = try TestServer(network)
    let client = try TestClient(to: server, network)
    #expect(client.ask(0, []).body == [])
  }

  @Test func `a party may ask, push and end the line in the middle of what it is told`() throws {
    let server = try TestServer(network)
    server.prepare = { party in
      party.whenOpened = { line in line.push(1, [1]) }
      party.whenAsked = { line, _, exchange, _ in
        line.push(2, [2])
        line.answer(exchange, 0, [3])
        line.closeWhenSent()
        line.push(4, [4])
        line.answer(exchange, 0, [])
      }
    }
    let client = try TestClient(to: server, network)
    client.onLoop { line in
      for _ in 0..<3 { line.ask(0, [], within: 30_000) { _ in } }
    }
    #expect(try client.waitForEnd() == .goodbye)
    #expect(client.record.now.pushes.map(\.kind) == [1, 2])
    try server.record.wait(for: "the server's end") { $0.ends == [.closed] }
    #expect(server.record.now.asked == 1)
  }

  @Test func `asking on a line that has ended fails at once`() throws {
    let server = try TestServer(network)
    let client = try TestClient(to: server, network)
    client.onLoop { $0.end(because: .closed) }
    #expect(client.ask(1, []).end == .closed)
  }

  @Test func `a party that lets go of everything in the middle of a message brings nothing down`() throws {
    let server = try TestServer(network)
    server.prepare = { party in party.whenAsked = { line, _, _, _ in line.end(because: .crowdedOut) } }
    let client = try TestClient(to: server, network)
    #expect(client.ask(1, []).end == .goodbye)
    #expect(try TestClient(to: server, network).ask(1, []).end == .goodbye)
    try server.record.wait(for: "both ends") { $0.ends == [.crowdedOut, .crowdedOut] }
  }
}

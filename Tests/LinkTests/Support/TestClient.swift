// One line to a server, with a loop of its own, asked from the test's thread.

import GroupModel
import Testing
import Visitors

@testable import Link

final class TestClient: @unchecked Sendable {
  typealias Answer = Result<(kind: UInt8, body: [UInt8]), LineEnd>

  let loop = EventLoop(name: "client")
  let party = TestParty()
  var record: Awaitable<Record> { party.record }
  private(set) var line: Connection!

  /// Begins to connect; what comes of it, the record says.
  init(
    to address: SocketAddress, _ context: TLSContext, limits: LineLimits = .wide,
    prepare: (TestParty) -> Void = { _ in }
  ) throws {
    prepare(party)
    loop.start()
    let party = party
    let began = onThread(of: loop) { [loop] in
      Result { try Connection.connect(to: address, on: loop, context, limits: limits, for: party) }
    }
    do { line = try began.get() } catch {
      loop.stop()
      throw error
    }
  }

  convenience init(to server: TestServer, _ network: TestNetwork, as credential: Credential? = nil) throws {
    try self.init(to: server.address, network.clientContext(as: credential))
    try waitUntilOpen()
  }

  deinit { loop.stop() }

  func waitUntilOpen() throws {
    try record.wait(for: "the line to open") { $0.opened == 1 || !$0.ends.isEmpty }
    try #require(record.now.ends.isEmpty)
  }

  func waitForEnd() throws -> LineEnd {
    try #require(try record.wait(for: "the line's end") { !$0.ends.isEmpty }.end)
  }

  @discardableResult
  func onLoop<Result>(_ body: @escaping (Connection) -> Result) -> Result {
    onThread(of: loop) { [self] in body(line) }
  }

  func ask(_ kind: UInt8, _ body: [UInt8], within milliseconds: Int = 30_000) -> Answer {
    let answers = Awaitable<[Answer]>([])
    onLoop { line in
      line.ask(kind, body, within: milliseconds) { answer in answers.change { $0.append(answer) } }
    }
    let all = try? answers.wait(for: "an answer") { !$0.isEmpty }
    return all?.first ?? .failure(.timedOut(.answer))
  }
}

extension LineLimits {
  static var wide: LineLimits {
    var limits = LineLimits()
    limits.bodyBytesMax = FrameHeader.bodyBytesMax
    return limits
  }
}

extension Result where Success == (kind: UInt8, body: [UInt8]), Failure == LineEnd {
  var body: [UInt8]? { (try? get())?.body }
  var end: LineEnd? { if case .failure(let end) = self { end } else { nil } }
}

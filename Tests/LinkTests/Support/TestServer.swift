// A server on a free port of this machine with a loop of its own: each line gets a party, all note in one record.

import GroupModel
import Testing
import Visitors

@testable import Link

final class TestServer: @unchecked Sendable {
  let loop = EventLoop(name: "server")
  let record = Awaitable(Record())
  let address: SocketAddress
  private let context: TLSContext
  private var listener: Listener?
  /// The lines that are accepted get these, and a party set up by this. To be changed before anybody connects.
  var limits = LineLimits()
  var prepare: (TestParty) -> Void = { _ in }
  /// On the loop's thread only.
  private(set) var lines: [Connection] = []

  convenience init(_ network: TestNetwork, at address: SocketAddress = .loopback4) throws {
    try self.init(network.serverContext(), at: address)
  }

  init(_ context: TLSContext, at address: SocketAddress = .loopback4) throws {
    self.context = context
    let port = try ListeningPort(at: address)
    port.beginUnpaced()
    try port.open()
    self.address = port.address
    loop.start()
    listener = Listener(port, on: loop) { [unowned self] socket, remote in take(socket, from: remote) }
    onLoop { $0.listener?.start() }
  }

  deinit { loop.stop() }

  private func take(_ socket: Socket, from remote: SocketAddress) {
    let party = TestParty(noting: record)
    prepare(party)
    lines.append(Connection.accept(socket, from: remote, on: loop, context, limits: limits, for: party))
  }

  func forgetLines() { lines = [] }

  /// Runs on the loop's thread, and waits for it.
  @discardableResult
  func onLoop<Result>(_ body: @escaping (TestServer) -> Result) -> Result {
    onThread(of: loop) { [self] in body(self) }
  }
}

/// Runs on the loop's thread, and waits for it.
func onThread<Result>(of loop: EventLoop, _ body: @escaping () -> Result) -> Result {
  nonisolated(unsafe) var result: Result?
  nonisolated(unsafe) let body = body
  let done = Semaphore()
  loop.post {
    result = body()
    done.signal()
  }
  done.wait()
  return result!
}

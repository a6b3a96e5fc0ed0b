// A shell and a daemon that is slow, silent, or gone.

import Glibc
import GroupModel
import Link
import Testing

@testable import p2pfs

@Suite struct DaemonCallTests {
  private let scratch = Scratch()

  /// Takes one shell, hears what it wants, and does with it what the test says.
  private func daemon(_ serve: @escaping @Sendable (LocalStream) -> Void) throws -> LocalListener {
    let listener = try LocalListener(at: Daemon.socketPath(in: scratch.path))
    WorkerThread("daemon") {
      guard let stream = listener.accept(), (try? stream.receive()) != nil else { return }
      serve(stream)
    }.detach()
    return listener
  }

  private func report() throws(Failure) -> Status {
    try DaemonCall.report(in: scratch.path, waitingAtMost: 300)
  }

  @Test func `one that takes its time and gives signs of life is waited for`() throws {
    let listener = try daemon { stream in
      for _ in 0..<12 {
        usleep(100_000)
        try? stream.send(DaemonReply.alive.bytes)
      }
      for reply in DaemonReply.replies(with: .status(StatusSample.full)) { try? stream.send(reply.bytes) }
      try? stream.send(DaemonReply.ended(0, "").bytes)
    }
    #expect(try report() == StatusSample.full)
    listener.close()
  }

  @Test func `one that says nothing is not waited for`() throws {
    let listener = try daemon { _ = $0.hasNews(within: 5_000) }
    #expect(throws: Failure.daemonSilent(process: getpid(), log: nil)) { try report() }
    let log = scratch.file("daemon.log", "")
    #expect(throws: Failure.daemonSilent(process: getpid(), log: log)) { try report() }
    listener.close()
  }

  @Test func `one that stops in the middle of a word is not waited for`() throws {
    let listener = try daemon { stream in
      try? stream.send(DaemonReply.replies(with: .status(StatusSample.full))[0].bytes)
      _ = stream.hasNews(within: 5_000)
    }
    #expect(throws: Failure.daemonSilent(process: getpid(), log: nil)) { try report() }
    listener.close()
  }

  @Test func `one that lets nobody in is not waited for`() throws {
    let listener = try LocalListener(at: Daemon.socketPath(in: scratch.path))
    var waiting: [LocalStream] = []
    while let stream = try? LocalStream.connect(to: Daemon.socketPath(in: scratch.path), waitingAtMost: 50) {
      waiting.append(stream)
      try #require(waiting.count < 10_000)
    }
    #expect(throws: Failure.daemonSilent(process: nil, log: nil)) { try report() }
    listener.close()
  }

  @Test func `one that has gone is none`() throws {
    #expect(throws: Failure.noDaemon) { try report() }
    let listener = try daemon { $0.end() }
    #expect(throws: Failure.noDaemon) { try report() }
    listener.close()
  }
}

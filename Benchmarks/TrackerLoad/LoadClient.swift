// One logged-in client of the load program: a line, and what to do with its answers and pushes.

import Glibc
import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// Belongs to its loop, but for `open` and `post`, which any thread may call.
final class LoadClient: Party, @unchecked Sendable {
  typealias Answered = (TrackerAnswer) -> Void

  let loop: EventLoop
  private let context: TLSContext
  private let tracker: SocketAddress
  private var line: Connection?
  private var opened: (@Sendable (Bool) -> Void)?
  var pushed: ((TrackerPush) -> Void)?

  init(on loop: EventLoop, _ context: TLSContext, to tracker: SocketAddress) {
    self.loop = loop
    self.context = context
    self.tracker = tracker
  }

  func open(_ opened: @escaping @Sendable (Bool) -> Void) {
    loop.post { [self] in
      self.opened = opened
      var limits = LineLimits()
      limits.bodyBytesMax = FrameHeader.bodyBytesMax
      limits.openMilliseconds = 60_000
      line = try? .connect(to: tracker, on: loop, context, limits: limits, for: self)
      if line == nil { finishOpening(false) }
    }
  }

  /// On the loop's thread.
  func ask(_ request: TrackerRequest, _ answered: @escaping Answered) {
    var writer = WireWriter()
    request.write(to: &writer)
    line?.ask(request.kind, writer.bytes, within: 120_000) { result in
      // Somebody waits for it: without an answer there is no figure, and no end.
      guard case .success(let answer) = result else {
        let reason = "tracker-load: the tracker left a request without an answer: \(result)\n"
        _ = write(STDERR_FILENO, reason, reason.utf8.count)
        exit(70)
      }
      var reader = WireReader(answer.body.span.bytes)
      guard let answer = try? TrackerAnswer(kind: answer.kind, reading: &reader) else { return }
      answered(answer)
    }
  }

  /// From another thread: waits for the answer.
  func wait(for request: TrackerRequest) -> TrackerAnswer {
    let box = AnswerBox()
    loop.post { [self] in
      ask(request) { answer in
        box.answer.withLock { $0 = answer }
        box.bell.signal()
      }
    }
    box.bell.wait()
    return box.answer.withLock { $0 }
  }

  func close() { loop.post { [self] in line?.close() } }

  private func finishOpening(_ isOpen: Bool) {
    opened?(isOpen)
    opened = nil
  }

  func lineOpened(_ line: Connection) { finishOpening(true) }

  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed) {
    throw Malformed("the tracker asks nothing")
  }

  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {
    guard let pushed else { return }
    var reader = WireReader(body)
    pushed(try TrackerPush(kind: kind, reading: &reader))
  }

  func lineEnded(_ line: Connection, because end: LineEnd) {
    finishOpening(false)
    self.line = nil
  }
}

private final class AnswerBox: Sendable {
  let answer = Mutex<TrackerAnswer>(.done)
  let bell = Semaphore()
}

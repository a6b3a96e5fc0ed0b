// A line to one tracker that does not look for another: when the tracker is gone, what was under way has failed,
// and the test decides whether it is asked again.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// `open` and `ask` are for every thread; `line` belongs to the loop.
final class DirectLine: Party, @unchecked Sendable {
  private let loop: EventLoop
  private let context: TLSContext
  private var line: Connection?
  private var opened: (@Sendable (Bool) -> Void)?

  init(on loop: EventLoop, _ context: TLSContext) {
    self.loop = loop
    self.context = context
  }

  func open(to port: UInt16, _ opened: @escaping @Sendable (Bool) -> Void) {
    loop.post { [self] in
      self.opened = opened
      var limits = LineLimits()
      limits.bodyBytesMax = FrameHeader.bodyBytesMax
      limits.openMilliseconds = 60_000
      let address = SocketAddress(ip: [127, 0, 0, 1], port: port)
      line = try? .connect(to: address, on: loop, context, limits: limits, for: self)
      if line == nil { finishOpening(false) }
    }
  }

  private func finishOpening(_ isOpen: Bool) {
    opened?(isOpen)
    opened = nil
  }

  func close() { loop.post { [self] in line?.close() } }
}

extension DirectLine: Asking {
  /// `answered` is called on the loop's thread; nil when the line ended before there was an answer.
  func ask(_ request: TrackerRequest, _ answered: @escaping @Sendable (TrackerAnswer?) -> Void) {
    loop.post { [self] in
      guard let line else { return answered(nil) }
      var writer = WireWriter()
      request.write(to: &writer)
      line.ask(request.kind, writer.bytes, within: 120_000) { result in
        guard case .success(let message) = result else { return answered(nil) }
        var reader = WireReader(message.body.span.bytes)
        answered(try? TrackerAnswer(kind: message.kind, reading: &reader))
      }
    }
  }
}

extension DirectLine {
  func lineOpened(_ line: Connection) { finishOpening(true) }

  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed) {
    throw Malformed("the tracker asks nothing")
  }

  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {}

  func lineEnded(_ line: Connection, because end: LineEnd) {
    self.line = nil
    finishOpening(false)
  }
}

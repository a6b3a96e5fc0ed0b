// A private line between two parties, with whole messages in and out. It knows nothing of what they mean.

package import GroupModel
internal import Glibc

/// Whoever has a line: told of everything that happens on it, on its loop's thread.
package protocol Party: AnyObject {
  /// The handshake is done; who the other end is, is known.
  func lineOpened(_ line: Connection)
  /// Must be answered, now or later. Throwing ends the line: the message was no message.
  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed)
  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed)
  /// The last thing that is heard of a line. Answers that were awaited have failed just before.
  func lineEnded(_ line: Connection, because end: LineEnd)
}

/// How much a party puts up with. What is bounded here is what one line can cost.
package struct LineLimits: Sendable {
  /// A message may be so long. Raised when the other end has said who it is.
  package var bodyBytesMax = 8 << 10
  /// While so much waits to be sent, nothing more is read from the other end.
  package var unsentBytesPause = 256 << 10
  /// With more than this unsent, the line ends.
  package var unsentBytesMax = 2 << 20
  /// So many requests may wait for our answers before nothing more is read.
  package var unansweredMax = 256
  package var openMilliseconds = 10_000
  /// From a message's first byte to its last.
  package var messageMilliseconds = 30_000
  /// Unsent bytes must move within this time.
  package var sendMilliseconds = 30_000
  /// After so long without a byte we ask whether the other end is there, after three times that it is not.
  package var heartbeatMilliseconds = 10_000

  package init() {}
}

/// ## Concurrency model
/// A connection belongs to its loop: everything here happens on the loop's thread, and others reach it by
/// `loop.post`. `@unchecked Sendable`, so that it can be named in what they post.
package final class Connection: @unchecked Sendable {
  package typealias Answered = (Result<(kind: UInt8, body: [UInt8]), LineEnd>) -> Void

  enum State {
    /// Accepted; nothing is spent on it until its first byte is here.
    case silent
    case connecting
    case shakingHands(TLSLine)
    case open(TLSLine)
    case ended
  }

  struct Awaited {
    let deadline: Instant
    let answered: Answered
  }

  package let loop: EventLoop
  package let remote: SocketAddress
  package var limits: LineLimits
  let context: TLSContext
  var party: (any Party)?
  var socket: Socket?
  var state: State

  var inbox = Inbox()
  var outbox = Outbox()
  var awaited: [UInt32: Awaited] = [:]
  private var lastExchange: UInt32 = 0
  var unanswered = 0

  let began: Instant
  var lastHeard: Instant
  var lastSent: Instant
  var lastPinged: Instant
  var messageBegan: Instant = .never
  var armedFor: Instant = .never
  var interest: Readiness = .readable
  var willFlush = false

  init(
    _ socket: Socket, _ state: State, to remote: SocketAddress, on loop: EventLoop, _ context: TLSContext,
    _ limits: LineLimits, _ party: any Party
  ) {
    self.socket = socket
    self.state = state
    self.remote = remote
    self.loop = loop
    self.context = context
    self.limits = limits
    self.party = party
    began = loop.now
    lastHeard = loop.now
    lastSent = loop.now
    lastPinged = loop.now
  }

  /// Takes over a socket that was accepted. On the loop's thread.
  package static func accept(
    _ socket: Socket, from remote: SocketAddress, on loop: EventLoop, _ context: TLSContext,
    limits: LineLimits = LineLimits(), for party: any Party
  ) -> Connection {
    let line = Connection(socket, .silent, to: remote, on: loop, context, limits, party)
    line.beginWatching(for: .readable)
    return line
  }

  /// Begins to connect; the party hears how it went. On the loop's thread.
  package static func connect(
    to remote: SocketAddress, on loop: EventLoop, _ context: TLSContext, limits: LineLimits = LineLimits(),
    for party: any Party
  ) throws(SocketError) -> Connection {
    let socket = try Socket.connecting(to: remote)
    let line = Connection(socket, .connecting, to: remote, on: loop, context, limits, party)
    line.beginWatching(for: .writable)
    return line
  }

  private func beginWatching(for events: Readiness) {
    interest = events
    socket?.tune()
    loop.watch(socket!.descriptor, events, self)
    armTimer()
  }

  package var isEnded: Bool {
    if case .ended = state { true } else { false }
  }

  package var isOpen: Bool {
    if case .open = state { true } else { false }
  }

  /// Who is at the other end, by its certificate; nil for one that showed none.
  package var holder: Holder? {
    if case .open(let tls) = state { tls.holder } else { nil }
  }

  /// The authority's certificate as the other end sent it. To be asked once.
  package func takeAuthority() -> Certificate? {
    if case .open(let tls) = state { tls.takeAuthority() } else { nil }
  }

  package var localAddress: SocketAddress? { socket?.localAddress }
}

// Saying something.
extension Connection {
  /// `answered` is called once: with the answer, or with why there is none.
  package func ask(
    _ kind: UInt8, _ body: [UInt8], within milliseconds: Int, _ answered: @escaping Answered
  ) {
    guard isOpen else { return answered(.failure(.closed)) }
    lastExchange = lastExchange == .max ? 1 : lastExchange + 1
    let deadline = loop.now + milliseconds
    awaited[lastExchange] = Awaited(deadline: deadline, answered: answered)
    if deadline < armedFor { armTimer(at: deadline) }
    send(.request, kind, lastExchange, body)
  }

  package func answer(_ exchange: UInt32, _ kind: UInt8, _ body: [UInt8]) {
    guard isOpen else { return }
    unanswered -= 1
    send(.answer, kind, exchange, body)
  }

  package func push(_ kind: UInt8, _ body: [UInt8]) { send(.push, kind, 0, body) }

  func send(_ role: FrameRole, _ kind: UInt8, _ exchange: UInt32, _ body: [UInt8]) {
    guard isOpen else { return }
    precondition(body.count <= FrameHeader.bodyBytesMax, "a message longer than any may be")
    if outbox.count == 0 { lastSent = loop.now }
    outbox.append(FrameHeader(bodyBytes: body.count, role: role, kind: kind, exchange: exchange), body)
    guard outbox.count <= limits.unsentBytesMax else { return end(because: .doesNotRead) }
    flushSoon()
  }

  private func flushSoon() {
    guard !willFlush else { return }
    willFlush = true
    loop.atEndOfTurn { [self] in
      willFlush = false
      flush()
    }
  }

  /// Sends what is left to send, as far as that goes at once, and then ends.
  package func close() {
    flush()
    end(because: .closed)
  }

  package func end(because end: LineEnd) {
    guard let socket, !isEnded else { return }
    if case .open(let tls) = state { tls.sayGoodbye() }
    state = .ended
    loop.unwatch(socket.descriptor)
    self.socket = nil
    inbox = Inbox()
    outbox = Outbox()
    failAwaited(because: end)
    let party = self.party
    self.party = nil
    party?.lineEnded(self, because: end)
  }

  private func failAwaited(because end: LineEnd) {
    let failed = awaited
    awaited = [:]
    for exchange in failed.keys.sorted() { failed[exchange]?.answered(.failure(end)) }
  }
}

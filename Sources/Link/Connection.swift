// A private line between two parties, with whole messages in and out. It knows nothing of what they mean.

package import GroupModel

/// Whoever has a line: told of everything that happens on it, on its loop's thread. Whatever a line can be told
/// to do, it can be told in the middle of any of these.
package protocol Party: AnyObject {
  /// The handshake is done; who the other end is, is known. A server that does not want our certificate says so
  /// only after this, by ending the line.
  func lineOpened(_ line: Connection)
  /// Must be answered, now or later. Throwing ends the line: the message was no message.
  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed)
  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed)
  /// Less is unsent than before: for those who say more only when there is room.
  func lineSent(_ line: Connection)
  /// The last thing that is heard of a line. Answers that were awaited have failed just before.
  func lineEnded(_ line: Connection, because end: LineEnd)
}

extension Party {
  package func lineSent(_ line: Connection) {}
}

/// ## Concurrency model
/// A connection belongs to its loop: everything here happens on the loop's thread, and others reach it by
/// `loop.post`. `@unchecked Sendable`, so that it can be named in what they post.
package final class Connection: @unchecked Sendable {
  package typealias Answered = (Result<(kind: UInt8, body: [UInt8]), LineEnd>) -> Void
  package typealias Landed = (Result<(kind: UInt8, body: BulkBuffer), LineEnd>) -> Void

  enum State {
    /// Accepted; nothing is spent on it until its first byte is here.
    case silent
    case connecting
    case shakingHands(TLSLine)
    case open(TLSLine)
    /// We are done; what is left to send is still sent, and nothing that comes is looked at.
    case leaving(TLSLine, until: Instant)
    case ended
  }

  package let loop: EventLoop
  package let remote: SocketAddress
  package var limits: LineLimits {
    didSet { limitsChanged() }
  }
  let context: TLSContext
  var party: (any Party)?
  var socket: Socket?
  var state: State

  var inbox = Inbox()
  var outbox = Outbox()
  var landing: Landing?
  var awaited = AwaitedAnswers()
  private var lastExchange: UInt32 = 0
  var unanswered = 0

  let began: Instant
  var lastHeard: Instant
  var lastSent: Instant
  var lastPinged: Instant
  var messageBegan: Instant = .never
  var armedFor: Instant = .never

  /// What epoll was told to wake us for.
  var interest: Readiness = .readable
  /// Nothing is read, because the other end does not take what it asked for or asks faster than we answer.
  var isPaused = false
  /// OpenSSL has something of its own to say or to hear before it goes on.
  var readWantsWrite = false
  var writeWantsRead = false
  /// When the kernel took something, where `lastSent` is about waiting for that.
  var lastWritten: Instant
  var isPacedBySystem = false
  /// Why nothing can be sent any more; what came before that is still read.
  var sendingFailed: LineEnd?
  var willFlush = false
  var willComeBack = false

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
    lastWritten = loop.now
    lastPinged = loop.now
  }

  /// Takes over a socket that was accepted. On the loop's thread.
  @discardableResult
  package static func accept(
    _ socket: Socket, from remote: SocketAddress, on loop: EventLoop, _ context: TLSContext,
    limits: LineLimits = LineLimits(), for party: any Party
  ) -> Connection {
    let line = Connection(socket, .silent, to: remote, on: loop, context, limits, party)
    socket.tune()
    line.beginWatching(socket, for: .readable)
    return line
  }

  /// Begins to connect; the party hears how it went. On the loop's thread. Small answers of one that is unpaced leave at
  /// once.
  @discardableResult
  package static func connect(
    to remote: SocketAddress, on loop: EventLoop, _ context: TLSContext, limits: LineLimits = LineLimits(),
    isUnpaced: Bool = false, for party: any Party
  ) throws(SocketError) -> Connection {
    let socket = try Socket.connecting(to: remote, isUnpaced: isUnpaced)
    let line = Connection(socket, .connecting, to: remote, on: loop, context, limits, party)
    line.beginWatching(socket, for: .writable)
    return line
  }

  private func beginWatching(_ socket: Socket, for events: Readiness) {
    interest = events
    if context.lineProtocol == .peer { socket.keepUnsentShort() }
    loop.watch(socket.descriptor, events, self)
    armTimer()
  }

  package var isEnded: Bool {
    if case .ended = state { true } else { false }
  }

  /// From now on it is `party` that is told.
  package func handOver(to party: any Party) { self.party = party }

  package var isOpen: Bool {
    if case .open = state { true } else { false }
  }

  /// Who is at the other end, by its certificate; nil for one that showed none.
  package var holder: Holder? { tls?.holder }

  /// When the certificate that the holder showed ends, in seconds since 1970. The line does not end by itself then.
  package var holderNotAfter: Int64 { tls?.holderNotAfter ?? .max }

  /// The authority's certificate as the other end sent it. To be asked once.
  package func takeAuthority() -> Certificate? { tls?.takeAuthority() }

  package var localAddress: SocketAddress? { socket?.localAddress }

  /// Once the handshake is done, and while there is still something to say.
  var tls: TLSLine? {
    switch state {
    case .open(let tls), .leaving(let tls, _): tls
    case .silent, .connecting, .shakingHands, .ended: nil
    }
  }
}

// Saying something.
extension Connection {
  /// `answered` is called once: with the answer, or with why there is none. The exchange's number is for those
  /// who may want to take it back.
  @discardableResult
  package func ask(
    _ kind: UInt8, _ body: [UInt8], within milliseconds: Int, _ answered: @escaping Answered
  ) -> UInt32 {
    ask(kind, body, within: milliseconds, .short(answered))
  }

  /// The same for an answer that may be long: it lands in a buffer of the pool.
  @discardableResult
  package func askForBulk(
    _ kind: UInt8, _ body: [UInt8], into pool: BulkPool, bytesMax: Int, within milliseconds: Int,
    _ landed: @escaping Landed
  ) -> UInt32 {
    ask(kind, body, within: milliseconds, .bulk(BulkAnswer(pool: pool, bytesMax: bytesMax, landed: landed)))
  }

  private func ask(_ kind: UInt8, _ body: [UInt8], within milliseconds: Int, _ awaiting: Awaiting) -> UInt32 {
    guard isOpen else {
      awaiting.fail(because: .closed)
      return 0
    }
    lastExchange = lastExchange == .max ? 1 : lastExchange + 1
    let exchange = lastExchange
    let deadline = loop.now + milliseconds
    awaited.add(exchange, until: deadline, awaiting)
    armTimer(at: deadline)
    send(.request, kind, exchange, body)
    return exchange
  }

  /// With `bulk`, its bytes come behind those of `body`; the buffer is the line's until they are sent.
  package func answer(_ exchange: UInt32, _ kind: UInt8, _ body: [UInt8], bulk: BulkBuffer? = nil) {
    guard isOpen else { return }
    precondition(unanswered > 0, "a request is answered once")
    unanswered -= 1
    send(.answer, kind, exchange, body, bulk: bulk)
    resumeIfPossible()
  }

  /// What the kernel has not taken yet.
  package var unsentBytes: Int { outbox.count }

  package func push(_ kind: UInt8, _ body: [UInt8]) { send(.push, kind, 0, body) }

  func send(
    _ role: FrameRole, _ kind: UInt8, _ exchange: UInt32, _ body: [UInt8], bulk: BulkBuffer? = nil
  ) {
    guard isOpen, sendingFailed == nil else { return }
    let bodyBytes = body.count + (bulk?.count ?? 0)
    precondition(bodyBytes <= FrameHeader.bodyBytesMax, "a message longer than any may be")
    if outbox.isEmpty { lastSent = loop.now }
    let header = FrameHeader(bodyBytes: bodyBytes, role: role, kind: kind, exchange: exchange)
    outbox.append(header, body, bulk: bulk)
    // Only what the kernel does not take counts as unsent, and so it is asked before that is held against anyone.
    if outbox.count > limits.unsentBytesPause, !interest.contains(.writable) { flush() }
    guard outbox.count <= limits.unsentBytesMax else { return end(because: .doesNotRead) }
    flushSoon()
  }

  private func flushSoon() {
    guard !willFlush, !outbox.isEmpty else { return }
    willFlush = true
    loop.atEndOfTurn { [self] in
      willFlush = false
      flush()
    }
  }
}

// Ending.
extension Connection {
  /// Sends what is left to send, as far as that goes at once, and then ends.
  package func close() {
    flush()
    end(because: .closed)
  }

  /// Sends all that is left to send, as long as the other end goes on taking it, and then ends. Nothing that it
  /// says meanwhile is heard any more.
  package func closeWhenSent() {
    guard case .open(let tls) = state else { return end(because: .closed) }
    state = .leaving(tls, until: loop.now + limits.sendMilliseconds)
    inbox = Inbox()
    failAwaited(because: .closed)
    armTimer()
    flush()
  }

  package func end(because end: LineEnd) {
    guard let socket, !isEnded else { return }
    tls?.sayGoodbye()
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
    let landing = self.landing
    self.landing = nil
    landing?.fail(because: end)
    for awaiting in awaited.takeAll() { awaiting.fail(because: end) }
  }
}

// What the loop tells a connection: how it opens, reads, and stops reading for a while. Messages are handed over
// from `readSome` and nowhere else, so that whatever a party does in the middle of one, they come in order.

internal import GroupModel

extension Connection: Watched {
  func ready(_ events: Readiness) {
    switch state {
    case .silent: hearFirstByte()
    case .connecting: finishConnecting()
    case .shakingHands(let tls): shakeHands(tls)
    case .open: goOn(events)
    case .leaving: goOnLeaving(events)
    case .ended: break
    }
  }

  func comesBack() {
    willComeBack = false
    if isOpen { readSome() }
  }

  func loopEnds() { close() }

  private func goOn(_ events: Readiness) {
    if events.contains(.writable) || writeWantsRead { flush() }
    guard isOpen, !willComeBack else { return }
    if isPaused {
      // The kernel says this again and again, and what can still be read are requests that nobody can answer.
      if events.contains(.broken), let socket { end(because: .lost(errno: socket.pendingError)) }
    } else if readWantsWrite || !events.isDisjoint(with: [.readable, .broken]) {
      readSome()
    }
  }
}

// Opening.
extension Connection {
  /// Who only connects, hangs up or does not speak TLS costs no more than this look.
  private func hearFirstByte() {
    guard let socket else { return }
    switch socket.peek() {
    case .byte(TLSLine.firstByte): startTLS()
    case .byte: end(because: .handshakeFailed("it does not speak TLS"))
    case .nothingYet: break
    case .ended(let errno): end(because: .lost(errno: errno))
    }
  }

  private func finishConnecting() {
    guard let socket else { return }
    let error = socket.pendingError
    guard error == 0 else { return end(because: .unreachable(errno: error)) }
    startTLS()
  }

  private func startTLS() {
    guard let socket, let tls = TLSLine(context, on: socket) else {
      return end(because: .handshakeFailed("out of memory"))
    }
    state = .shakingHands(tls)
    shakeHands(tls)
  }

  private func shakeHands(_ tls: TLSLine) {
    switch tls.shakeHands() {
    case .wantsRead: listen(for: .readable)
    case .wantsWrite: listen(for: .writable)
    case .ended(let end): self.end(because: end)
    case .done:
      state = .open(tls)
      lastHeard = loop.now
      armTimer()
      listen(for: .readable)
      party?.lineOpened(self)
      // The first message may have come along with the handshake's last.
      readSome()
    }
  }
}

// What we wait for.
extension Connection {
  func listen(for events: Readiness) {
    guard events != interest, let socket else { return }
    interest = events
    loop.change(socket.descriptor, to: events)
  }

  /// What the loop is to wake us for, as things are now. Never for what is there already and is no help.
  func listenAsNeeded() {
    guard !isEnded else { return }
    var events: Readiness = []
    if !isPaused, !readWantsWrite { events.insert(.readable) }
    if !outbox.isEmpty { events.insert(writeWantsRead ? .readable : .writable) }
    if readWantsWrite { events.insert(.writable) }
    listen(for: events)
  }

  /// Nothing more is read from one who does not take what he asked for, or asks faster than we answer.
  private var isHeldBack: Bool {
    outbox.count > limits.unsentBytesPause || unanswered >= limits.unansweredMax
  }

  private func pause() {
    isPaused = true
    // What is not whole now waits for us, no longer for the other end.
    messageBegan = .never
    listenAsNeeded()
  }

  /// Whenever less is unsent or unanswered than before. What was held back lies in the inbox, in OpenSSL or in
  /// the kernel, and only the last would wake us.
  func resumeIfPossible() {
    guard isPaused, !isHeldBack, isOpen else { return }
    isPaused = false
    // What it said meanwhile, we have not heard.
    lastHeard = loop.now
    comeBackSoon()
  }

  func comeBackSoon() {
    guard !willComeBack else { return }
    willComeBack = true
    loop.comeBack(to: self)
  }

  func limitsChanged() {
    guard isOpen else { return }
    resumeIfPossible()
    armTimer()
  }
}

// Reading.
extension Connection {
  /// So much at a time, so that one line in full flow does not starve the others of its loop.
  private static let turnBytes = 256 << 10

  private func readSome() {
    readWantsWrite = false
    var budget = Self.turnBytes
    if !inbox.isEmpty { takeFromInbox() }
    while budget > 0, !isHeldBack, case .open(let tls) = state {
      switch tls.read(into: landing?.rest ?? loop.scratch) {
      case .bytes(let count):
        budget -= count
        loop.traffic.received.add(count)
        lastHeard = loop.now
        if landing == nil {
          take(UnsafeRawBufferPointer(rebasing: loop.scratch[..<count]).bytes)
        } else {
          land(count)
        }
      case .wantsRead: return allIsRead()
      case .wantsWrite:
        readWantsWrite = true
        return allIsRead()
      case .ended(let end): return self.end(because: end)
      }
    }
    guard isOpen else { return }
    guard isHeldBack else { return comeBackSoon() }
    if let sendingFailed { end(because: sendingFailed) } else { pause() }
  }

  private func allIsRead() {
    if let sendingFailed { end(because: sendingFailed) } else { listenAsNeeded() }
  }

  private func take(_ bytes: RawSpan) {
    guard inbox.isEmpty else {
      inbox.append(bytes)
      return takeFromInbox()
    }
    let taken = deliver(from: bytes)
    if isOpen, taken < bytes.byteCount { inbox.append(bytes.extracting(taken...)) }
    noteBegunMessage()
  }

  private func takeFromInbox() {
    let held = inbox.takeAll()
    let taken = deliver(from: held.span.bytes)
    if isOpen { inbox.restore(held, from: taken) }
    noteBegunMessage()
  }

  private func land(_ count: Int) {
    landing?.received(count)
    guard let landing, landing.isWhole else { return }
    self.landing = nil
    landing.finish()
    noteBegunMessage()
  }

  private func noteBegunMessage() {
    if inbox.isEmpty && landing == nil || isHeldBack || !isOpen {
      messageBegan = .never
    } else if messageBegan == .never {
      messageBegan = loop.now
      armTimer()
    }
  }

  /// Hands over every message that is whole, and says how many bytes they took.
  private func deliver(from bytes: RawSpan) -> Int {
    var taken = 0
    while isOpen, !isHeldBack, bytes.byteCount - taken >= FrameHeader.bytes {
      do throws(Malformed) {
        var reader = WireReader(bytes.extracting(taken...))
        let header = try FrameHeader(reading: &reader, bodyBytesMax: limits.bodyBytesMax)
        if header.role == .answer, let bulk = awaited.takeBulk(header.exchange) {
          taken += FrameHeader.bytes
          taken += try land(header, bulk, with: bytes.extracting(taken...))
          guard landing == nil else { break }
          continue
        }
        guard reader.remaining >= header.bodyBytes else { break }
        taken += FrameHeader.bytes + header.bodyBytes
        // The next message has its own time to arrive in.
        messageBegan = .never
        try deliver(header, try reader.span(header.bodyBytes))
      } catch {
        end(because: .malformed(error.description))
      }
    }
    return taken
  }

  /// Says how many of the bytes were the answer's.
  private func land(_ header: FrameHeader, _ bulk: BulkAnswer, with bytes: RawSpan) throws(Malformed) -> Int {
    messageBegan = .never
    guard var landing = Landing(header, for: bulk) else {
      let error = Malformed("an answer longer than was asked for")
      bulk.landed(.failure(.malformed(error.description)))
      throw error
    }
    let taken = landing.take(bytes)
    if landing.isWhole { landing.finish() } else { self.landing = landing }
    return taken
  }

  private func deliver(_ header: FrameHeader, _ body: RawSpan) throws(Malformed) {
    switch header.role {
    case .ping: send(.pong, 0, 0, [])
    case .pong: break
    case .push: try party?.line(self, pushes: header.kind, body)
    case .request:
      unanswered += 1
      try party?.line(self, asks: header.kind, header.exchange, body)
    case .answer:
      switch awaited.match(header.exchange) {
      case .awaited(.short(let answered)):
        answered(.success((header.kind, body.withUnsafeBytes { Array($0) })))
      case .awaited(.bulk): preconditionFailure("an answer that was to land elsewhere")
      case .late: break
      case .unknown: throw Malformed("an answer that nobody asked for")
      }
    }
  }
}

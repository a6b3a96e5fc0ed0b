// What the loop tells a connection: how it opens, reads, writes and is held back.

internal import GroupModel

extension Connection: Watched {
  func ready(_ events: Readiness) {
    switch state {
    case .silent: startTLS()
    case .connecting: finishConnecting()
    case .shakingHands(let tls): shakeHands(tls)
    case .open:
      if events.contains(.writable) { flush() }
      if !events.isDisjoint(with: [.readable, .broken]) { readSome() }
    case .ended: break
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
      listen(for: .readable)
      party?.lineOpened(self)
      // The first message may have come along with the handshake's last.
      readSome()
    }
  }

  private func listen(for events: Readiness) {
    guard events != interest, let socket else { return }
    interest = events
    loop.change(socket.descriptor, to: events)
  }

  /// Nothing more is read from one who does not take what he asked for, or asks faster than we answer.
  private var isHeldBack: Bool {
    outbox.count > limits.unsentBytesPause || unanswered >= limits.unansweredMax
  }

  /// What the loop is to wake us for, as things are now.
  private func listenAsNeeded() {
    var events: Readiness = isHeldBack ? [] : .readable
    if outbox.count > 0 { events.insert(.writable) }
    listen(for: events)
  }
}

// Reading.
extension Connection {
  /// So much at a time, so that one line in full flow does not starve the others of its loop.
  private static let turnBytes = 256 << 10

  private func readSome() {
    var budget = Self.turnBytes
    while budget > 0, !isHeldBack, case .open(let tls) = state {
      switch tls.read(into: loop.scratch) {
      case .bytes(let count):
        budget -= count
        lastHeard = loop.now
        take(UnsafeRawBufferPointer(rebasing: loop.scratch[..<count]).bytes)
      case .wantsRead, .wantsWrite: return listenAsNeeded()
      case .ended(let end): return self.end(because: end)
      }
    }
    guard case .open = state else { return }
    listenAsNeeded()
    if !isHeldBack { loop.comeBack(to: self) }
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

  private func noteBegunMessage() {
    if inbox.isEmpty {
      messageBegan = .never
    } else if messageBegan == .never {
      messageBegan = loop.now
      armTimer(at: loop.now + limits.messageMilliseconds)
    }
  }

  /// Hands over every message that is whole, and says how many bytes they took.
  private func deliver(from bytes: RawSpan) -> Int {
    var taken = 0
    while isOpen, !isHeldBack, bytes.byteCount - taken >= FrameHeader.bytes {
      do throws(Malformed) {
        var reader = WireReader(bytes.extracting(taken...))
        let header = try FrameHeader(reading: &reader, bodyBytesMax: limits.bodyBytesMax)
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

  private func deliver(_ header: FrameHeader, _ body: RawSpan) throws(Malformed) {
    switch header.role {
    case .ping: send(.pong, 0, 0, [])
    case .pong: break
    case .push: try party?.line(self, pushes: header.kind, body)
    case .request:
      unanswered += 1
      try party?.line(self, asks: header.kind, header.exchange, body)
    case .answer:
      guard let awaiting = awaited.removeValue(forKey: header.exchange) else {
        throw Malformed("an answer that nobody asked for")
      }
      awaiting.answered(.success((header.kind, body.withUnsafeBytes { Array($0) })))
    }
  }
}

// Writing.
extension Connection {
  func flush() {
    while outbox.count > 0, case .open(let tls) = state {
      switch outbox.withUnsent({ tls.write($0) }) {
      case .bytes(let count):
        outbox.drop(count)
        lastSent = loop.now
      case .wantsRead, .wantsWrite:
        armTimer(at: loop.now + limits.sendMilliseconds)
        return listenAsNeeded()
      case .ended(let end): return self.end(because: end)
      }
    }
    guard isOpen else { return }
    let wasHeldBack = !interest.contains(.readable)
    listenAsNeeded()
    if wasHeldBack, !isHeldBack { resumeReading() }
  }

  /// Messages that were held back lie here, in OpenSSL or in the kernel.
  private func resumeReading() {
    if !inbox.isEmpty { takeFromInbox() }
    if isOpen { loop.comeBack(to: self) }
  }
}

// How a connection gets rid of its outbox, and how it leaves when it is done.

internal import GroupModel

extension Connection {
  /// With more than this to send, the kernel is told to wait for the last of it before it makes packets: each
  /// record of TLS is a write of its own, and a packet of its own would wake the other end each time.
  private static let corkBytes = 20 << 10

  /// What a line may send at once after it has rested so long, by Reno.
  private static let windowBytes = 14_000
  private static let restMilliseconds = 150

  private func letSystemPace() {
    if !isPacedBySystem { socket?.goOnAsTheSystemWants() }
    isPacedBySystem = true
  }

  func flush() {
    guard let tls, sendingFailed == nil, !outbox.isEmpty else { return leaveIfSent() }
    writeWantsRead = false
    if outbox.count > Self.windowBytes, lastWritten + Self.restMilliseconds < loop.now { letSystemPace() }
    let isCorked = outbox.count > Self.corkBytes
    if isCorked { socket?.cork(true) }
    let stopped = writeAll(to: tls)
    if isCorked { socket?.cork(false) }
    switch stopped {
    case .wantsRead:
      writeWantsRead = true
      waitToSend()
    case .wantsWrite:
      letSystemPace()
      waitToSend()
    case .ended(let end): return failSending(end)
    case nil:
      resumeIfPossible()
      listenAsNeeded()
      leaveIfSent()
    }
    if isOpen { party?.lineSent(self) }
  }

  private enum Stopped {
    case wantsRead, wantsWrite
    case ended(LineEnd)
  }

  private func writeAll(to tls: TLSLine) -> Stopped? {
    while !outbox.isEmpty {
      switch outbox.withUnsent({ tls.write($0) }) {
      case .bytes(let count):
        outbox.drop(count)
        loop.traffic.sent.add(count)
        (lastSent, lastWritten) = (loop.now, loop.now)
      case .wantsRead: return .wantsRead
      case .wantsWrite: return .wantsWrite
      case .ended(let end): return .ended(end)
      }
    }
    return nil
  }

  private func leaveIfSent() {
    if outbox.isEmpty, case .leaving(let tls, _) = state { hangUp(tls) }
  }

  private func waitToSend() {
    armTimer()
    resumeIfPossible()
    listenAsNeeded()
  }

  /// One who was turned away hears it by his first write; the word that tells why lies still unread before it.
  private func failSending(_ end: LineEnd) {
    guard isOpen else { return self.end(because: end) }
    sendingFailed = end
    outbox = Outbox()
    isPaused = false
    comeBackSoon()
  }
}

// Leaving: a socket that is closed on unread bytes resets the connection, and what was sent on it may be lost.
// So we hang up our side, and throw away what comes until the other end has hung up too.
extension Connection {
  func goOnLeaving(_ events: Readiness) {
    if events.contains(.broken) { return end(because: outbox.isEmpty ? .closed : .lost(errno: 0)) }
    if events.contains(.writable) || writeWantsRead { flush() }
    guard case .leaving = state, events.contains(.readable), let socket else { return }
    guard socket.discard(into: loop.scratch) else { return }
    // It says no more; what is left for it may still be taken.
    if outbox.isEmpty { end(because: .closed) } else { listen(for: .writable) }
  }

  private func hangUp(_ tls: TLSLine) {
    guard let socket, !tls.saidGoodbye else { return }
    tls.sayGoodbye()
    socket.hangUp()
    state = .leaving(tls, until: loop.now + limits.lingerMilliseconds)
    listen(for: .readable)
    armTimer()
  }
}

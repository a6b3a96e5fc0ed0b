// What a connection does when time has passed: gives up on what does not come, asks whether somebody is there.
// One timer at most is armed to good purpose; one that fires early finds nothing due and arms the next.

internal import GroupModel

extension Connection {
  func armTimer() { armTimer(at: nextDue) }

  func armTimer(at due: Instant) {
    guard due < armedFor else { return }
    armedFor = due
    loop.at(due) { [weak self] in self?.timeHasPassed() }
  }

  private func timeHasPassed() {
    guard !isEnded else { return }
    if loop.now >= armedFor { armedFor = .never }
    if let end = overdue { return self.end(because: end) }
    failLateAnswers()
    pingIfQuiet()
    armTimer()
  }

  private var nextDue: Instant {
    switch state {
    case .silent, .connecting, .shakingHands: return began + limits.openMilliseconds
    case .leaving(_, let until): return until
    case .ended: return .never
    case .open: return min(messageDue, sendingDue, heartbeatDue, awaited.nextDeadline)
    }
  }

  private var messageDue: Instant {
    messageBegan == .never ? .never : messageBegan + limits.messageMilliseconds
  }

  private var sendingDue: Instant { outbox.isEmpty ? .never : lastSent + limits.sendMilliseconds }

  private var heartbeatDue: Instant { max(lastHeard, lastPinged) + limits.heartbeatMilliseconds }

  private var overdue: LineEnd? {
    let now = loop.now
    switch state {
    case .ended: return nil
    case .silent, .shakingHands:
      return now >= began + limits.openMilliseconds ? .timedOut(.handshake) : nil
    case .connecting: return now >= began + limits.openMilliseconds ? .timedOut(.connecting) : nil
    case .leaving(_, let until):
      guard now >= until else { return nil }
      return outbox.isEmpty ? .closed : .doesNotRead
    case .open:
      if now >= messageDue { return .timedOut(.message) }
      if now >= sendingDue { return .doesNotRead }
      return isSilentTooLong ? .timedOut(.heartbeat) : nil
    }
  }

  /// While we do not read, silence is our own doing.
  private var isSilentTooLong: Bool {
    !isPaused && loop.now >= lastHeard + 3 * limits.heartbeatMilliseconds
  }

  private func failLateAnswers() {
    while let awaiting = awaited.popLate(loop.now) { awaiting.fail(because: .timedOut(.answer)) }
    if awaited.tooManyAreLate { end(because: .timedOut(.answer)) }
  }

  private func pingIfQuiet() {
    guard isOpen, loop.now >= heartbeatDue else { return }
    lastPinged = loop.now
    send(.ping, 0, 0, [])
  }
}

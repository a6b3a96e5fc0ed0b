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
    if let wait = overdue { return end(because: wait) }
    failLateAnswers()
    pingIfQuiet()
    armTimer()
  }

  private var heartbeatsMax: Int { 3 }

  private var nextDue: Instant {
    guard isOpen else { return began + limits.openMilliseconds }
    var due = max(lastHeard, lastPinged) + limits.heartbeatMilliseconds
    if messageBegan != .never { due = min(due, messageBegan + limits.messageMilliseconds) }
    if outbox.count > 0 { due = min(due, lastSent + limits.sendMilliseconds) }
    for awaited in awaited.values { due = min(due, awaited.deadline) }
    return due
  }

  private var overdue: LineEnd? {
    let now = loop.now
    guard isOpen else {
      guard now >= began + limits.openMilliseconds else { return nil }
      if case .connecting = state { return .timedOut(.connecting) }
      return .timedOut(.handshake)
    }
    if messageBegan != .never, !isHeldBackByUs, now >= messageBegan + limits.messageMilliseconds {
      return .timedOut(.message)
    }
    if outbox.count > 0, now >= lastSent + limits.sendMilliseconds { return .doesNotRead }
    if !isHeldBackByUs, now >= lastHeard + heartbeatsMax * limits.heartbeatMilliseconds {
      return .timedOut(.heartbeat)
    }
    return nil
  }

  /// While we do not read, silence is our own doing.
  private var isHeldBackByUs: Bool { !interest.contains(.readable) }

  private func failLateAnswers() {
    let late = awaited.filter { $0.value.deadline <= loop.now }
    for (exchange, awaiting) in late {
      awaited[exchange] = nil
      awaiting.answered(.failure(.timedOut(.answer)))
    }
  }

  private func pingIfQuiet() {
    guard isOpen, loop.now >= max(lastHeard, lastPinged) + limits.heartbeatMilliseconds else { return }
    lastPinged = loop.now
    send(.ping, 0, 0, [])
  }
}

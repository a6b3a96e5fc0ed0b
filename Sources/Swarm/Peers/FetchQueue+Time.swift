// What happens when nothing happens: answers that are late are asked of others, waits that are too long end.

internal import GroupModel
internal import Link

extension FetchQueue {
  /// When `timePassed` is next needed.
  var nextDue: Instant {
    var next = limitOpens
    for request in requests.values where !request.isLate && !request.hasLanded {
      next = min(next, request.due)
    }
    for content in contents.values {
      for demand in content.demands.values { next = min(next, demand.lastProgress + limits.readMilliseconds) }
    }
    return next
  }

  func timePassed(now: Instant) {
    for (ticket, request) in requests where request.due <= now && !request.isLate && !request.hasLanded {
      hurry(ticket, request, now: now)
    }
    for content in contents.values { failLate(in: content, now: now) }
    pump(now: now)
  }

  /// What nobody waits for is not late while its peer delivers at all.
  private func hurry(_ ticket: Ticket, _ request: BlockRequest, now: Instant) {
    guard let pace = peers[request.peer] else { return }
    let isWaitedFor = request.content.isWaitedFor(request.blocks.indices)
    let patience = pace.patienceSeconds(outstanding: pace.outstandingBytes, waitedFor: isWaitedFor)
    if !isWaitedFor, let heard = pace.lastDelivered, PeerPace.seconds(from: heard, to: now) < 2 {
      requests[ticket]?.due = now + Int(patience * 1000)
      return
    }
    requests[ticket]?.isLate = true
    request.content.lateRequests += 1
    peers[request.peer]?.wasLate()
    release(request.blocks, of: request.content)
  }

  private func failLate(in content: FetchedContent, now: Instant) {
    for (id, demand) in content.demands where demand.lastProgress + limits.readMilliseconds <= now {
      if let sign = lastSign(for: demand, of: content), sign + limits.readMilliseconds > now {
        content.demands[id]?.lastProgress = sign
      } else {
        content.demands[id] = nil
        settled.append((demand.then, .failure(.timedOut)))
      }
    }
  }

  /// Who is asked for it may be busy still with what he was asked for before, and a limit of our own may keep it from
  /// being asked for at all: what counts is when something came last.
  private func lastSign(for demand: Demand, of content: FetchedContent) -> Instant? {
    let asked = content.requests.filter { ticket in
      requests[ticket].map { !$0.hasLanded && $0.blocks.indices.overlaps(demand.blocks) } ?? false
    }
    if asked.isEmpty, downLimit != nil { return peers.values.compactMap(\.lastDelivered).max() }
    return asked.compactMap { isInTurn($0) ? requests[$0].flatMap { peers[$0.peer]?.lastDelivered } : nil }
      .max()
  }

  private func isInTurn(_ ticket: Ticket) -> Bool {
    guard let peer = requests[ticket]?.peer else { return false }
    if let last = peers[peer]?.lastAnswered, last.number < ticket.number { return true }
    return requests.contains { other, request in
      request.peer == peer && other.number < ticket.number && !request.hasLanded && !request.isCancelled
    }
  }

  /// Whoever waits for a block that nobody can bring is told at once.
  func failSourceless(now: Instant) {
    for content in contents.values where !content.demands.isEmpty && !content.isBeingLocated {
      for (id, demand) in content.demands {
        guard isSourceless(demand.toCome, of: content) else { continue }
        content.demands[id] = nil
        settled.append((demand.then, .failure(.noSource)))
      }
    }
  }

  /// Whether there is a block among these, which are not here, that is not on its way, and with nobody who may have it.
  private func isSourceless(_ blocks: BlockRuns, of content: FetchedContent) -> Bool {
    guard let first = blocks.runs.first, let last = blocks.runs.last else { return false }
    var gaps = blocks
    for ticket in content.requests {
      if let request = requests[ticket] { gaps.remove(request.blocks.indices) }
    }
    for holding in content.holdings.values {
      guard !gaps.isEmpty else { return false }
      gaps.subtract(holding.overlap(with: first.lowerBound..<last.upperBound))
    }
    return gaps.runs.contains { run in
      run.contains { block in !content.prospects.contains { $0.mayHold(block) } }
    }
  }
}

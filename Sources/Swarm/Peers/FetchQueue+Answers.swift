// What became of a request: its bytes came and were verified, or not.

internal import GroupModel
internal import Link

extension FetchQueue {
  /// The bytes are here, and will be verified. Says how much may be thrown out to keep them: what was a guess when it
  /// was asked for is none if somebody waits for it now.
  @discardableResult
  func landed(_ ticket: Ticket, now: Instant) -> FetchPurpose {
    guard let request = requests[ticket] else { return .ahead }
    let purpose = request.content.isWaitedFor(request.blocks.indices) ? .demand : request.purpose
    requests[ticket]?.purpose = purpose
    requests[ticket]?.hasLanded = true
    peers[request.peer]?.lastAnswered = ticket
    request.content.counters.received += request.bytes
    peers[request.peer]?.delivered(request.bytes, now: now)
    if request.wasAlone, request.blocks.count <= Self.roundTripBlocks {
      peers[request.peer]?.roundTrip(took: PeerPace.seconds(from: request.asked, to: now))
    }
    return purpose
  }

  /// An answer of more than this takes its time for its bytes.
  private static var roundTripBlocks: Int { 4 }

  func verified(_ ticket: Ticket, _ outcome: PutResult, now: Instant) {
    guard let request = requests[ticket] else { return }
    forget(ticket)
    let content = request.content
    switch outcome {
    case .kept(let newBytes): kept(request, newBytes: newBytes, now: now)
    case .forged:
      content.counters.forged += 1
      content.counters.wasted += request.bytes
      lines.dropLiar(request.peer)
    case .unknownHash: content.counters.wasted += request.bytes
    case .trouble(.full) where request.purpose == .ahead: giveWay(request)
    case .trouble(let trouble): failAll(of: content, because: .disk(trouble))
    }
  }

  /// What was new, the store says: of what it keeps it may have told us before this.
  private func kept(_ request: BlockRequest, newBytes: Int, now: Instant) {
    let content = request.content
    requestTimes.record(since: request.asked, until: now)
    content.counters.verified += newBytes
    content.counters.verifiedBlocks += request.blocks.count
    content.counters.duplicate += request.bytes - newBytes
    keep(request.blocks.indices, of: content, now: now)
    cancelCopies(of: request.blocks, in: content)
  }

  /// There was no room for a guess. Who has begun to wait for the same meanwhile has it asked for anew, and kept.
  private func giveWay(_ request: BlockRequest) {
    let content = request.content
    for (id, demand) in content.demands
    where demand.urgency > .now && demand.blocks.overlaps(request.blocks.indices) {
      content.demands[id] = nil
      settled.append((demand.then, .failure(.disk(.full))))
    }
  }

  private func cancelCopies(of blocks: BlockRange, in content: FetchedContent) {
    for ticket in content.requests {
      guard let other = requests[ticket], !other.hasLanded, other.blocks.clamped(to: blocks) != nil,
        content.held.contains(other.blocks.indices)
      else { continue }
      cancel(ticket)
    }
  }

  /// Why there was no answer with bytes.
  enum Refused {
    /// It does not hold these blocks, although it was believed to.
    case notHeld
    /// It does not serve that content, or not to us.
    case notServed
    /// The line ended, or the answer was taken back.
    case lost
  }

  func refused(_ ticket: Ticket, _ why: Refused) {
    guard let request = requests[ticket] else { return }
    forget(ticket)
    switch why {
    case .notHeld:
      guard !request.isCancelled else { return }
      request.content.holdings[request.peer]?.remove(request.blocks.indices)
      request.content.rarity = nil
    case .notServed: peerParted(request.peer, from: request.content)
    case .lost: break
    }
  }

  /// It is over, however it ended; what of its blocks is still wanted is open again.
  func forget(_ ticket: Ticket) {
    guard let request = requests.removeValue(forKey: ticket) else { return }
    let content = request.content
    content.requests.remove(ticket)
    if request.isLate { content.lateRequests -= 1 }
    inFlightBytes -= request.bytes
    if !request.hasLanded {
      peers[request.peer]?.failed(request.bytes)
      downLimit?.giveBack(request.bytes)
    }
    release(request.blocks, of: content)
  }

  /// They are no longer asked for by one request; they may be by another.
  func release(_ blocks: BlockRange, of content: FetchedContent) {
    content.asked.remove(blocks.indices)
    for ticket in content.requests {
      guard let other = requests[ticket], !other.isLate, !other.isCancelled,
        let still = other.blocks.clamped(to: blocks)
      else { continue }
      content.asked.insert(still.indices)
    }
    guard !content.downloads.isEmpty else { return }
    content.open.formUnion(content.openBlocks(in: blocks.indices))
  }

  private func failAll(of content: FetchedContent, because trouble: FetchTrouble) {
    for demand in content.demands.values { settled.append((demand.then, .failure(trouble))) }
    for download in content.downloads.values { settled.append((download.then, .failure(trouble))) }
    content.demands = [:]
    endDownloads(of: content)
    for ticket in content.requests { cancel(ticket) }
  }
}

// What to ask of whom: first what somebody waits for, of those who will have it here soonest; then what somebody
// will wait for; then, of everybody who has room for more, what is rarest.

internal import GroupModel
internal import Link

extension FetchQueue {
  /// After anything has happened.
  func pump(now: Instant) {
    limitOpens = .never
    for urgency in Urgency.allCases { askForDemands(urgency, now: now) }
    for peer in leastAskedFirst() { askForDownloads(peer, now: now) }
    failSourceless(now: now)
    tellSettled()
  }

  func isReading(_ now: Instant) -> Bool { now < readingUntil }

  /// Where we are slower than all of them together, what may be on its way is shared: the first must not take it all.
  private func leastAskedFirst() -> [PeerID] {
    peers.map { (bytes: $0.value.outstandingBytes, id: $0.key) }.sorted {
      ($0.bytes, $0.id) < ($1.bytes, $1.id)
    }
    .map(\.id)
  }

  private func askForDemands(_ urgency: Urgency, now: Instant) {
    for content in contents.values where !content.demands.isEmpty {
      for id in content.demands.keys.sorted(by: { $0.number < $1.number }) {
        guard let demand = content.demands[id], demand.urgency == urgency else { continue }
        if urgency == .now { readingUntil = max(readingUntil, now + Self.readingMilliseconds) }
        for part in demand.toCome.runs {
          for run in content.openBlocks(in: part).runs { place(run, of: content, urgency, now: now) }
        }
      }
    }
  }

  /// Splits the blocks over those who will have them here first. Who has no room is left out before any block is looked
  /// at: as a rule nobody has, and most of what a fast reader wants waits.
  private func place(_ run: Range<Int>, of content: FetchedContent, _ urgency: Urgency, now: Instant) {
    var free = content.holdings.keys.filter { hasRoom($0, urgency, now) }
    var next = run.lowerBound
    while next < run.upperBound, !free.isEmpty {
      guard mayAsk(urgency, now: now) else { return }
      let candidates = free.filter {
        content.holdings[$0]?.contains(next) == true && !isAsked($0, for: next, of: content)
      }
      let best = candidates.min { (expectedSeconds($0), $0) < (expectedSeconds($1), $1) }
      guard let best, let held = content.holdings[best]?.run(from: next) else {
        next = nextHeld(behind: next, by: free, of: content, run.upperBound)
        continue
      }
      let countMax = share(of: run.count, among: candidates.count, urgency, best)
      let wanted = next..<min(run.upperBound, held.upperBound)
      guard let blocks = BlockPicker.request(wanted, countMax: countMax) else { return }
      ask(best, for: blocks, of: content, urgency, urgency == .now ? .demand : .ahead, now: now)
      next = blocks.end
      if !hasRoom(best, urgency, now) { free.removeAll { $0 == best } }
    }
  }

  /// A snubbed peer is asked when there is nobody else.
  private func expectedSeconds(_ peer: PeerID) -> Double {
    guard let pace = peers[peer] else { return .infinity }
    return pace.expectedSeconds(for: ContentLayout.blockBytes) + (pace.isSnubbed ? 1000 : 0)
  }

  /// Small enough that all who could help do, and that what comes first is verified while the rest comes.
  private func share(of count: Int, among peerCount: Int, _ urgency: Urgency, _ peer: PeerID) -> Int {
    let even = (count + peerCount - 1) / max(1, peerCount)
    if urgency == .now { return max(1, min(even, 8)) }
    return max(1, min(peers[peer]?.requestBlocks(whileReading: true) ?? 1, max(even, 4)))
  }

  /// Where a block that none of them can be asked for now has its end.
  private func nextHeld(
    behind block: Int, by peers: [PeerID], of content: FetchedContent, _ limit: Int
  ) -> Int {
    let starts = peers.compactMap { content.holdings[$0]?.run(from: block + 1)?.lowerBound }
    return min(starts.min() ?? limit, limit)
  }

  private func hasRoom(_ peer: PeerID, _ urgency: Urgency, _ now: Instant) -> Bool {
    guard let pace = peers[peer] else { return false }
    return switch urgency {
    case .now: pace.outstandingRequests < Self.requestsMax
    case .next: pace.hasRoom(whileReading: false)
    case .ahead: pace.hasRoom(whileReading: isReading(now))
    }
  }

  /// The most that one line carries, however urgent: the other end stops reading at 256.
  private static var requestsMax: Int { 200 }

  /// Asking one peer twice for the same would not make it faster.
  private func isAsked(_ peer: PeerID, for block: Int, of content: FetchedContent) -> Bool {
    content.requests.contains { ticket in
      guard let request = requests[ticket] else { return false }
      return request.peer == peer && request.blocks.contains(block)
    }
  }

  private func askForDownloads(_ peer: PeerID, now: Instant) {
    var spent: Set<ContentKey> = []
    while let pace = peers[peer], pace.hasRoom(whileReading: isReading(now)), mayAsk(.ahead, now: now) {
      let next = downloadTurns.next { !spent.contains($0) && contents[$0]?.holdings[peer] != nil }
      guard let key = next, let content = contents[key] else { return }
      guard
        let blocks = pick(for: peer, pace, of: content, now: now) ?? steal(for: peer, of: content, now: now)
      else {
        spent.insert(key)
        continue
      }
      downloadTurns.charge(key, bytes: content.layout.bytes(of: blocks).count)
      ask(peer, for: blocks, of: content, .ahead, now: now)
    }
  }

  private func pick(
    for peer: PeerID, _ pace: PeerPace, of content: FetchedContent, now: Instant
  ) -> BlockRange? {
    guard !content.open.isEmpty, let held = content.holdings[peer] else { return nil }
    let picker = BlockPicker(open: content.open, held: held, rarity: rarity(of: content, now: now))
    let blocks = picker.pick(
      cursor: content.cursors[peer] ?? content.ownStart, chance: .random(in: 0..<1, using: &random),
      countMax: pace.requestBlocks(whileReading: isReading(now)))
    if let blocks { content.cursors[peer] = blocks.end }
    return blocks
  }

  /// Near the end: everything is asked for, but a slower peer has it. Only what would come much sooner.
  private func steal(for peer: PeerID, of content: FetchedContent, now: Instant) -> BlockRange? {
    guard content.open.isEmpty, let pace = peers[peer], pace.outstandingRequests < Self.stolenMax,
      let held = content.holdings[peer]
    else { return nil }
    var best: (request: BlockRequest, gain: Double)?
    for ticket in content.requests {
      guard let request = requests[ticket], request.peer != peer, !request.hasLanded, !request.isCancelled,
        held.contains(request.blocks.indices), !hasCopy(request, of: content)
      else { continue }
      let mine = pace.expectedSeconds(for: request.bytes)
      let theirs = remainingSeconds(request, now)
      let gain = theirs - mine
      if gain > max(0.25, 3 * mine), gain > best?.gain ?? 0 { best = (request, gain) }
    }
    return best?.request.blocks
  }

  /// Guesses, and each may be fetched twice: so only a few at a time.
  private static var stolenMax: Int { 2 }

  /// One that is overdue is expected to take as long again.
  private func remainingSeconds(_ request: BlockRequest, _ now: Instant) -> Double {
    now < request.expected
      ? PeerPace.seconds(from: now, to: request.expected) : PeerPace.seconds(from: request.asked, to: now)
  }

  private func hasCopy(_ request: BlockRequest, of content: FetchedContent) -> Bool {
    var copies = 0
    for ticket in content.requests {
      guard let other = requests[ticket] else { continue }
      if other.blocks.clamped(to: request.blocks) != nil { copies += 1 }
    }
    return copies > 1
  }

  /// Within what all peers together may have on its way, and the limit on what comes in.
  private func mayAsk(_ urgency: Urgency, now: Instant) -> Bool {
    let roomBytes = urgency == .now ? 2 * limits.inFlightBytesMax : limits.inFlightBytesMax
    guard inFlightBytes < roomBytes else { return false }
    guard let opens = downLimit?.opens(now: now) else { return true }
    limitOpens = opens
    return false
  }

  private func ask(
    _ peer: PeerID, for blocks: BlockRange, of content: FetchedContent, _ urgency: Urgency,
    _ purpose: FetchPurpose = .demand, now: Instant
  ) {
    guard let pace = peers[peer] else { return }
    let bytes = content.layout.bytes(of: blocks).count
    if content.isAskedTwice(blocks.indices, late: { requests[$0] }) { content.counters.hedged += 1 }
    let ticket = nextTicket()
    let expected = Int(pace.expectedSeconds(for: bytes) * 1000)
    let patience = pace.patienceSeconds(
      outstanding: pace.outstandingBytes + bytes, waitedFor: content.isWaitedFor(blocks.indices))
    requests[ticket] = BlockRequest(
      peer: peer, content: content, blocks: blocks, bytes: bytes, asked: now,
      wasAlone: pace.outstandingRequests == 0, purpose: purpose, expected: now + expected,
      due: now + Int(patience * 1000))
    content.requests.insert(ticket)
    content.asked.insert(blocks.indices)
    content.open.remove(blocks.indices)
    content.counters.asked += bytes
    inFlightBytes += bytes
    downLimit?.take(bytes, now: now)
    peers[peer]?.asked(bytes, now: now)
    let wanted = WantedBlocks(key: content.key, blocks: blocks, urgency: urgency)
    lines.ask(peer, wanted, ticket)
  }
}

// Who holds what is wanted: the tracker says it, they say it themselves, and now and then one refuses.

internal import GroupModel
internal import Link

extension Fetcher {
  func holders(of key: ContentKey, _ holders: [ContentHolder]) {
    guard let known = wanted[key] else { return }
    // Who has something else to say than before may serve it again.
    for holder in Set(holders).subtracting(known.holders) {
      if case .reached(let session) = roster.reach(holder, now: .now) { known.refusals[session.id] = nil }
    }
    known.holders = holders
    known.content.isBeingLocated = false
    reach(known)
    pumpSoon()
  }

  func holderGone(from key: ContentKey, at address: PeerAddress) {
    guard let known = wanted[key] else { return }
    known.holders.removeAll { $0.address == address }
    reach(known)
    pumpSoon()
  }

  /// Somebody was reached, or could not be.
  func sourcesChanged() {
    for known in wanted.values { reach(known) }
    pumpSoon()
  }

  func reach(_ known: Wanted) {
    let now = Instant.now
    var prospects: [Holding.Pieces] = []
    var free: [ContentHolder] = []
    var lines = 0
    for holder in known.holders where membership.isMember(holder.user, of: known.content.key.group) {
      switch roster.reach(holder, now: now) {
      case .reached(let session):
        lines += 1
        join(session, known, hint: holder.pieces)
        if known.refusals[session.id].map({ $0.count <= Self.refusalsMax })
          ?? (session.joins[known.content.key] == .asked)
        {
          prospects.append(holder.pieces)
        }
      case .dialling:
        lines += 1
        prospects.append(holder.pieces)
      case .free: free.append(holder)
      case .refused(let at):
        lines += 1
        // Each read gives it one more chance.
        if at < known.wantedSince { prospects.append(holder.pieces) }
      case .failed, .unwanted: break
      }
    }
    let room = max(limits.linesPerContent - lines, isStarved(known) ? Self.starvedDials : 0)
    for holder in free.shuffled().prefix(known.content.isWanted || known.lastUsed + 30_000 > now ? room : 0) {
      roster.dial(holder.address)
    }
    prospects += free.map(\.pieces)
    queue.prospects(of: known.content, are: prospects, isBeingLocated: known.content.isBeingLocated)
    if prospects.isEmpty, known.content.holdings.isEmpty { findAgain(known, now) }
  }

  private static let refusalsMax = 5
  private static let starvedDials = 4

  /// Those who were reached do not have all that is wanted.
  func isStarved(_ known: Wanted) -> Bool {
    known.content.demands.values.contains { demand in
      demand.toCome.runs.contains { run in
        !known.content.holdings.values.contains {
          $0.run(from: run.lowerBound).map { $0.overlaps(run) } ?? false
        }
      }
    }
  }

  /// What somebody begins to want and nobody is known to have is looked for once more before he is told so: one who has
  /// just come back may have said meanwhile that he has it.
  private func findAgain(_ known: Wanted, _ now: Instant) {
    guard known.content.isWanted, !known.content.isBeingLocated else { return }
    let isNewlyWanted = known.lastFind < known.wantedSince
    guard isNewlyWanted || known.lastFind + Self.findMilliseconds < now else { return }
    known.lastFind = now
    known.content.isBeingLocated = isNewlyWanted
    finder?.find(known.content.key)
  }

  private static let findMilliseconds = 2_000

  func sessionBegan(_ session: PeerSession) {
    queue.peerCame(session.id)
    sourcesChanged()
  }

  func sessionEnded(_ session: PeerSession) {
    guard roster.sessions[session.id] == nil else { return queue.peerRestarted(session.id) }
    queue.peerLeft(session.id)
    sourcesChanged()
  }

  /// What the tracker says it holds is believed until it says so itself.
  func join(_ session: PeerSession, _ known: Wanted, hint: Holding.Pieces) {
    let key = known.content.key
    guard session.joins[key] == nil, membership.isMember(session.id.user, of: key.group) else { return }
    if let refusal = known.refusals[session.id],
      Instant.now < refusal.until || refusal.count > Self.refusalsMax
    {
      return
    }
    session.lastUsed = .now
    let held = BlockRuns(hint, in: known.content.layout)
    if !held.isEmpty { queue.peerHolds(session.id, held, of: known.content) }
    // What is known of it is enough to ask for blocks.
    guard session.joins.count < limits.joinsMax else { return }
    session.joins[key] = .asked
    let request = PeerRequest.join(key, size: UInt64(known.content.layout.fileBytes))
    var writer = WireWriter()
    request.write(to: &writer)
    let asked = Instant.now
    session.line.ask(request.kind, writer.bytes, within: Self.joinMilliseconds) {
      [weak self, weak session] answer in
      guard let self, let session else { return }
      joined(session, key, answer, asked: asked)
    }
  }

  private static let joinMilliseconds = 15_000

  private func joined(
    _ session: PeerSession, _ key: ContentKey, _ answer: Result<(kind: UInt8, body: [UInt8]), LineEnd>,
    asked: Instant
  ) {
    guard let known = wanted[key], session.joins[key] == .asked, case .success(let message) = answer else {
      return
    }
    if message.kind == PeerKind.join, let held = try? HeldBlocks(answer: message.body.span.bytes),
      let blocks = held.blocks(in: known.content.layout)
    {
      session.joins[key] = .joined
      queue.answered(session.id, after: asked, now: .now)
      queue.peerHolds(session.id, blocks, of: known.content)
    } else if message.kind == PeerKind.refusal {
      refused(by: session, known)
    } else {
      session.line.end(because: .malformed("an answer that does not fit"))
    }
    reach(known)
    pumpSoon()
  }

  /// It may not have heard yet that we are in the group, or be about to share it.
  func refused(by session: PeerSession, _ known: Wanted) {
    let key = known.content.key
    session.joins[key] = nil
    queue.peerParted(session.id, from: known.content)
    let count = (known.refusals[session.id]?.count ?? 0) + 1
    let pause = Self.refusalMilliseconds
    known.refusals[session.id] = (.now + pause, count)
    guard count <= Self.refusalsMax else { return }
    loop.after(milliseconds: pause + 1) { [weak self] in
      guard let self, let known = wanted[key] else { return }
      reach(known)
      pumpSoon()
    }
  }

  private static let refusalMilliseconds = 1_000

  /// Says whether anybody wanted to know.
  func peerGained(_ session: PeerSession, _ blocks: HeldBlocks, of key: ContentKey) -> Bool {
    note(blocks, of: key, from: session) { queue.peerGained(session.id, $0, of: $1) }
  }

  /// The same.
  func peerLost(_ session: PeerSession, _ blocks: HeldBlocks, of key: ContentKey) -> Bool {
    note(blocks, of: key, from: session) { queue.peerLost(session.id, $0, of: $1) }
  }

  private func note(
    _ blocks: HeldBlocks, of key: ContentKey, from session: PeerSession,
    _ tell: (BlockRuns, FetchedContent) -> Void
  ) -> Bool {
    guard let known = wanted[key], session.joins[key] == .joined,
      let blocks = blocks.blocks(in: known.content.layout)
    else { return false }
    tell(blocks, known.content)
    pumpSoon()
    return true
  }

  /// He is no longer in the group: nothing of it is asked of him either, so that he does not learn what we read.
  func cutOff(_ user: UserName, _ group: GroupID) {
    for session in roster.sessions.values where session.id.user == user {
      for key in session.joins.keys where key.group == group {
        if session.joins.removeValue(forKey: key) == .joined { session.push(.part(key)) }
        if let known = wanted[key] { queue.peerParted(session.id, from: known.content) }
      }
    }
    sourcesChanged()
  }

  /// Who joins what we are fetching holds some of it, or soon will.
  func peerJoined(_ session: PeerSession, _ key: ContentKey) {
    guard let known = wanted[key], known.content.isWanted else { return }
    join(session, known, hint: .none)
  }
}

extension BlockRuns {
  fileprivate init(_ pieces: Holding.Pieces, in layout: ContentLayout) {
    self.init()
    switch pieces {
    case .none: break
    case .all: self = BlockRuns(allOf: layout)
    case .some(let runs):
      for run in runs where run.upperBound <= layout.pieceCount {
        let start = Int(run.lowerBound) * ContentLayout.blocksPerPiece
        insert(start..<min(Int(run.upperBound) * ContentLayout.blocksPerPiece, layout.blockCount))
      }
    }
  }
}

// One request for blocks: what is asked along with it, how its answer is taken apart, verified and kept.

internal import GroupModel
internal import Link

extension Fetcher: FetchLines {
  func ask(_ peer: PeerID, _ wish: WantedBlocks, _ ticket: Ticket) {
    guard let session = roster.sessions[peer], session.line.isOpen, let known = wanted[wish.key] else {
      return loop.atEndOfTurn { [self] in
        queue.refused(ticket, .lost)
        pumpSoon()
      }
    }
    let answer = BlocksAnswer(for: wish, of: known.store)
    let request = PeerRequest.blocks(
      BlocksRequest(
        key: wish.key, first: UInt64(wish.blocks.start), count: wish.blocks.count, uncles: answer.uncles,
        urgency: wish.urgency))
    var writer = WireWriter()
    request.write(to: &writer)
    session.lastUsed = .now
    let store = known.store
    session.exchanges[ticket] = session.line.askForBulk(
      request.kind, writer.bytes, into: pool, bytesMax: answer.bytesMax,
      within: Self.answerMilliseconds
    ) { [weak self, weak session] result in
      guard let self, let session else { return }
      session.exchanges[ticket] = nil
      answered(ticket, result, as: answer, store, session)
    }
  }

  /// When it is late, the queue decides; this is only so that no line remembers for ever.
  private static let answerMilliseconds = 600_000

  func cancel(_ peer: PeerID, _ ticket: Ticket) {
    guard let session = roster.sessions[peer], let exchange = session.exchanges[ticket] else { return }
    session.push(.cancel(exchange: exchange))
  }

  func dropLiar(_ peer: PeerID) { roster.ban(peer) }

  private func answered(
    _ ticket: Ticket, _ result: Result<(kind: UInt8, body: BulkBuffer), LineEnd>, as answer: BlocksAnswer,
    _ store: any ContentStoring, _ session: PeerSession
  ) {
    defer { pumpSoon() }
    guard case .success(let message) = result else { return queue.refused(ticket, .lost) }
    guard message.kind == PeerKind.blocks else { return refused(ticket, message, session) }
    guard message.body.count == answer.bytes else {
      queue.refused(ticket, .lost)
      return dropLiar(session.id)
    }
    session.received.add(answer.blockBytes, now: .now)
    if let key = queue.requests[ticket]?.content.key {
      session.receiving.add(answer.blockBytes, of: key, now: .now)
      wanted[key]?.refusals[session.id] = nil
    }
    let purpose = queue.landed(ticket, now: .now)
    let buffer = message.body
    crew.add(isUrgent: answer.isUrgent) { [self] in
      let outcome = answer.keep(buffer, in: store, for: purpose)
      loop.post { self.verified(ticket, outcome, answer.blocks) }
    }
  }

  private func refused(_ ticket: Ticket, _ message: (kind: UInt8, body: BulkBuffer), _ session: PeerSession) {
    var reader = WireReader(message.body.bytes.bytes)
    guard message.kind == PeerKind.refusal, let refusal = try? reader.refusal() else {
      queue.refused(ticket, .lost)
      return session.line.end(because: .malformed("an answer that does not fit"))
    }
    guard refusal == .busy else {
      let key = queue.requests[ticket]?.content.key
      queue.refused(ticket, .notServed)
      if let known = key.flatMap({ wanted[$0] }), session.joins[known.content.key] != .asked {
        refused(by: session, known)
      }
      return sourcesChanged()
    }
    queue.refused(ticket, .notHeld)
  }

  private func verified(_ ticket: Ticket, _ outcome: PutResult, _ blocks: BlockRange) {
    let key = queue.requests[ticket]?.content.key
    queue.verified(ticket, outcome, now: .now)
    if case .kept = outcome, let key {
      server.heldChanged(of: key, gained: BlockRuns(blocks), lost: BlockRuns())
    }
    pumpSoon()
  }
}

/// What the answer to one request for blocks has to look like.
struct BlocksAnswer: Sendable {
  let blocks: BlockRange
  let isUrgent: Bool
  private let layout: ContentLayout
  /// The piece of the blocks, or all of a content that is smaller.
  private let piece: Subtree
  /// nil where the blocks' hashes are known, and none are asked for.
  let uncles: Int?

  init(for wish: WantedBlocks, of store: any ContentStoring) {
    blocks = wish.blocks
    isUrgent = wish.urgency == .now
    layout = store.layout
    let index = blocks.start / ContentLayout.blocksPerPiece
    guard let piece = Subtree(piece: index, in: layout) else {
      preconditionFailure("a block beyond the file's end")
    }
    self.piece = piece
    let leaf = Subtree(block: blocks.start, in: layout)
    let isKnown = leaf.flatMap { store.unclesMissing(of: $0) } == 0
    uncles = isKnown ? nil : store.unclesMissing(of: piece)
  }

  var blockBytes: Int { layout.bytes(of: blocks).count }

  private var hashCount: Int { piece.blocks(in: layout).count }

  private var hashBytes: Int { uncles.map { (hashCount + $0) * Digest.byteCount } ?? 0 }

  var bytes: Int { hashBytes + blockBytes }

  /// A file may be shorter than the words with which it is refused.
  var bytesMax: Int { max(bytes, Refusal.wireBytes) }

  /// Learns the hashes if there are some, and keeps the blocks. On the verifying crew's threads.
  func keep(_ buffer: BulkBuffer, in store: any ContentStoring, for purpose: FetchPurpose) -> PutResult {
    let body = buffer.bytes
    if let uncles {
      let digests = (0..<hashCount + uncles).map { index in
        Digest(body.bytes.extracting(index * Digest.byteCount..<(index + 1) * Digest.byteCount))
      }
      let list = HashList(
        base: 0, hashes: Array(digests[..<hashCount]),
        proof: MerkleProof(of: piece, uncles: Array(digests[hashCount...])))
      guard store.merge(list) else { return .forged(block: blocks.start) }
    }
    return store.put(blocks, body.bytes.extracting(hashBytes...), for: purpose)
  }
}

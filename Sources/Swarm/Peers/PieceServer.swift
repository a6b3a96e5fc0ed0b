// Gives members what they ask for: takes turns between those who ask, has it read by threads of its own, and hands
// it to their lines only as fast as these take it.

internal import GroupModel
internal import Link

/// ## Concurrency model
/// Belongs to the loop of its peers, but for `answer`, which is run by the serving crew.
final class PieceServer: @unchecked Sendable {
  private let loop: EventLoop
  private let shelf: any ContentShelf
  private let membership: any Membership
  private let limits: SwarmLimits
  private let pool: BulkPool
  private let crew: Crew
  private var sessions: [PeerID: PeerSession] = [:]
  private var turns = FairQueue<PeerID>()
  private var upLimit: TokenBucket?
  private var isWaitingForLimit = false
  private var running = 0
  private var willTell = false
  private(set) var refusals = 0
  /// Told of everybody who joins a content here.
  var whoJoined: (PeerSession, ContentKey) -> Void = { _, _ in }
  private(set) var sent: RateMeter

  init(
    on loop: EventLoop, _ shelf: any ContentShelf, _ membership: any Membership, _ limits: SwarmLimits,
    _ pool: BulkPool
  ) {
    self.loop = loop
    self.shelf = shelf
    self.membership = membership
    self.limits = limits
    self.pool = pool
    crew = Crew("serving", threads: limits.servingThreads)
    upLimit = TokenBucket(bytesPerSecond: limits.upRate, now: .now)
    sent = RateMeter(now: .now)
  }

  func start() { crew.start() }

  func stop() { crew.stop() }

  func sessionBegan(_ session: PeerSession) { sessions[session.id] = session }

  func sessionEnded(_ session: PeerSession) {
    guard sessions[session.id] === session else { return }
    sessions[session.id] = nil
    turns.leave(session.id)
  }
}

// Taking requests.
extension PieceServer {
  func take(_ request: PeerRequest, _ exchange: UInt32, from session: PeerSession) {
    guard membership.isMember(session.id.user, of: request.key.group) else {
      return refuse(exchange, .notMember, session)
    }
    if case .join(let key, _) = request {
      guard session.desk.joins.count < limits.joinsMax || session.desk.joins[key] != nil else {
        return refuse(exchange, .limitReached, session)
      }
      // From before its blocks are looked at, so that none slips between the answer and what is told later.
      session.desk.joins[key] = HeldChanges()
      whoJoined(session, key)
    }
    session.desk.add(ServingJob(exchange, request))
    turns.join(session.id)
    dispatch()
  }

  private func refuse(_ exchange: UInt32, _ refusal: Refusal, _ session: PeerSession) {
    refusals += 1
    session.refuse(exchange, refusal)
  }

  func cancel(_ exchange: UInt32, from session: PeerSession) {
    if let job = session.desk.cancel(exchange) { session.refuse(job.exchange, .busy) }
    if !session.desk.isWaiting { turns.leave(session.id) }
  }

  func part(_ key: ContentKey, from session: PeerSession) { session.desk.joins[key] = nil }

  /// He is no longer in the group: nothing of it goes to him from now on. What of it lies in his line cannot be
  /// taken out of it, so that line ends.
  func cutOff(_ user: UserName, _ group: GroupID) {
    for session in sessions.values where session.id.user == user {
      for job in session.desk.takeAll(of: group) { refuse(job.exchange, .notMember, session) }
      for job in session.desk.running.values where job.request.key.group == group { job.isCancelled = true }
      if session.desk.groupsUnsent.contains(group) { session.line.end(because: .closed) }
    }
  }
}

// Serving.
extension PieceServer {
  /// So many that each thread has one to go on with.
  private var runningMax: Int { 2 * limits.servingThreads }

  /// Whenever something is asked, read or sent.
  func dispatch() {
    while running < runningMax, mayServe() {
      guard let id = turns.next(where: { sessions[$0].map(hasRoom) ?? false }), let session = sessions[id],
        let job = session.desk.pop()
      else { return }
      if !session.desk.isWaiting { turns.leave(id) }
      turns.charge(id, bytes: job.bytes)
      upLimit?.take(job.bytes, now: .now)
      serve(job, session)
    }
  }

  private func hasRoom(_ session: PeerSession) -> Bool {
    session.desk.isWaiting && session.line.unsentBytes + session.desk.runningBytes < limits.unsentBytesMax
  }

  private func mayServe() -> Bool {
    guard let opens = upLimit?.opens(now: .now) else { return true }
    guard !isWaitingForLimit else { return false }
    isWaitingForLimit = true
    loop.after(milliseconds: opens.milliseconds(after: .now)) { [self] in
      isWaitingForLimit = false
      dispatch()
    }
    return false
  }

  private func serve(_ job: ServingJob, _ session: PeerSession) {
    running += 1
    let request = job.request
    nonisolated(unsafe) let job = job
    nonisolated(unsafe) let session = session
    crew.add { [self] in
      let served = answer(request)
      loop.post { self.finish(job, served, session) }
    }
  }

  private func finish(_ job: ServingJob, _ served: Served, _ session: PeerSession) {
    running -= 1
    session.desk.finish(job)
    if session.line.isOpen { hand(served, for: job, to: session) }
    dispatch()
  }

  private func hand(_ served: Served, for job: ServingJob, to session: PeerSession) {
    let key = job.request.key
    // Once more: he may have been removed while it was read.
    guard membership.isMember(session.id.user, of: key.group) else {
      session.desk.joins[key] = nil
      return refuse(job.exchange, .notMember, session)
    }
    guard !job.isCancelled else { return session.refuse(job.exchange, .busy) }
    switch served {
    case .refused(let refusal):
      if case .join = job.request { session.desk.joins[key] = nil }
      refuse(job.exchange, refusal, session)
    case .short(let bytes): session.line.answer(job.exchange, job.request.kind, bytes)
    case .blocks(let hashes, let buffer):
      session.desk.groupsUnsent.insert(key.group)
      session.sent.add(buffer.count, now: .now)
      session.sending.add(buffer.count, of: key, now: .now)
      sent.add(buffer.count, now: .now)
      session.line.answer(job.exchange, job.request.kind, hashes, bulk: buffer)
    }
  }
}

// Reading: on the crew's threads, from values and from what may be used by every thread.
extension PieceServer {
  private enum Served {
    case refused(Refusal)
    case short([UInt8])
    case blocks(hashes: [UInt8], BulkBuffer)
  }

  private func answer(_ request: PeerRequest) -> Served {
    guard let content = shelf.content(request.key) else { return .refused(.noSuchFile) }
    switch request {
    case .join(_, let size): return held(content, size)
    case .blocks(let blocks): return read(blocks, of: content)
    case .hashes(let hashes): return list(hashes, of: content)
    }
  }

  private func held(_ content: any ContentStoring, _ size: UInt64) -> Served {
    guard content.layout.fileBytes == Int(exactly: size) else { return .refused(.noSuchFile) }
    var writer = WireWriter()
    writer.held(HeldBlocks(content.heldRuns(), in: content.layout))
    return .short(writer.bytes)
  }

  private func read(_ request: BlocksRequest, of content: any ContentStoring) -> Served {
    let layout = content.layout
    guard let first = Int(exactly: request.first), first < layout.blockCount,
      request.count <= layout.blockCount - first, let blocks = BlockRange(first..<first + request.count),
      blocks.pieces.count == 1
    else { return .refused(.malformed) }
    var writer = WireWriter(reserving: 0)
    if let uncles = request.uncles {
      guard let piece = Subtree(piece: first / ContentLayout.blocksPerPiece, in: layout),
        uncles <= layout.treeHeight - piece.height
      else { return .refused(.malformed) }
      guard let list = content.hashList(of: piece, base: 0, uncleCount: uncles) else {
        return .refused(.busy)
      }
      writer.hashes(list)
    }
    let bytes = layout.bytes(of: blocks)
    let buffer = pool.take(bytes.count)
    let room = UnsafeMutableRawBufferPointer(rebasing: buffer.room[..<bytes.count])
    guard content.read(into: room, at: bytes.lowerBound) == .read(bytes.count) else { return .refused(.busy) }
    return .blocks(hashes: writer.bytes, buffer)
  }

  private func list(_ request: HashesRequest, of content: any ContentStoring) -> Served {
    let layout = content.layout
    guard let index = Int(exactly: request.index),
      let node = Subtree(height: request.height, index: index, in: layout),
      request.base == 0 || request.base == ContentLayout.pieceHeight,
      HashList.count(of: node, base: request.base, in: layout) != nil,
      request.uncles <= layout.treeHeight - node.height
    else { return .refused(.malformed) }
    guard let list = content.hashList(of: node, base: request.base, uncleCount: request.uncles) else {
      return .refused(.busy)
    }
    var writer = WireWriter(reserving: (list.hashes.count + list.proof.uncles.count) * Digest.byteCount)
    writer.hashes(list)
    return .short(writer.bytes)
  }
}

extension WireWriter {
  fileprivate mutating func hashes(_ list: HashList) {
    for hash in list.hashes { hash.withBytes { raw($0) } }
    for uncle in list.proof.uncles { uncle.withBytes { raw($0) } }
  }
}

// Telling.
extension PieceServer {
  /// To those who joined, in a moment: a fast download gains thousands of blocks a second.
  func heldChanged(of key: ContentKey, gained: BlockRuns, lost: BlockRuns) {
    var isWanted = false
    for session in sessions.values where session.desk.joins[key] != nil {
      session.desk.joins[key]?.note(gained: gained, lost: lost)
      isWanted = true
    }
    if isWanted { tellSoon() }
  }

  private func tellSoon() {
    guard !willTell else { return }
    willTell = true
    loop.after(milliseconds: limits.tellMilliseconds) { [self] in
      willTell = false
      for session in sessions.values { tell(session) }
    }
  }

  private func tell(_ session: PeerSession) {
    for (key, changes) in session.desk.joins where !changes.isEmpty {
      // One who does not read hears it later, in one.
      guard session.line.unsentBytes < 2 * limits.unsentBytesMax else { return tellSoon() }
      guard membership.isMember(session.id.user, of: key.group) else {
        session.desk.joins[key] = nil
        continue
      }
      session.desk.joins[key] = HeldChanges()
      for blocks in HeldBlocks.parts(of: changes.lost) { session.push(.lost(key, blocks)) }
      for blocks in HeldBlocks.parts(of: changes.gained) { session.push(.gained(key, blocks)) }
    }
  }
}

extension HeldBlocks {
  /// In as many parts as messages are needed to say them all.
  fileprivate static func parts(of blocks: BlockRuns) -> [HeldBlocks] {
    stride(from: 0, to: blocks.runs.count, by: runsMax).map { start in
      let part = blocks.runs[start..<min(start + runsMax, blocks.runs.count)]
      return .some(part.map { UInt64($0.lowerBound)..<UInt64($0.upperBound) })
    }
  }
}

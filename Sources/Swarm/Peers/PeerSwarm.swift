// All the other members, as those above see them: fetch this, share that, tell how it goes.

package import GroupModel
package import Link
internal import Synchronization

/// ## Concurrency model
/// For every thread. What is asked is done on the loop `peers`, to which roster, server and fetcher belong; disks are
/// read and hashes made by crews. What waits is parked: no thread ever waits for a peer.
package final class PeerSwarm: @unchecked Sendable {
  package typealias Then = @Sendable (Result<Void, FetchTrouble>) -> Void

  private let loop = EventLoop(name: "peers")
  private let port: ListeningPort
  private let roster: Roster
  private let server: PieceServer
  private let fetcher: Fetcher
  private let pool = BulkPool()
  private let sweepMilliseconds: Int
  private var listener: Listener?
  private let lastID = Atomic<UInt64>(0)

  /// nil when the credential is no member's, or its parts do not belong together. `log` is told, on the swarm's own
  /// thread, who was turned away or cut off and why; it must not wait.
  package init?(
    as credential: Credential, trusting pin: Pin, listening port: ListeningPort, shelf: any ContentShelf,
    membership: any Membership, finder: any HolderFinder, limits: SwarmLimits = SwarmLimits(),
    log: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    guard let roster = Roster(as: credential, trusting: pin, among: membership, on: loop, limits, log: log)
    else { return nil }
    self.port = port
    sweepMilliseconds = limits.sweepMilliseconds
    self.roster = roster
    server = PieceServer(on: loop, shelf, membership, limits, pool)
    fetcher = Fetcher(on: loop, roster, server, membership, finder, limits, pool)
    roster.server = server
    roster.fetcher = fetcher
    server.whoJoined = { [unowned fetcher] in fetcher.peerJoined($0, $1) }
  }

  /// Where others can connect.
  package var address: SocketAddress { port.address }

  package func start() throws(SocketError) {
    try port.open()
    server.start()
    fetcher.start()
    loop.start()
    loop.post { [self] in
      listener = Listener(port, on: loop) { [unowned self] socket, remote in
        roster.accept(socket, from: remote)
      }
      listener?.start()
      sweepLater()
    }
  }

  /// Ends all lines; what is waited for fails as cancelled. Not for the swarm's own threads.
  package func stop() {
    loop.post { [self] in
      listener?.stop()
      roster.stop()
    }
    server.stop()
    loop.stop()
    fetcher.stop()
  }

  private func sweepLater() {
    loop.after(milliseconds: sweepMilliseconds) { [weak self] in
      guard let self else { return }
      roster.sweep(now: .now)
      fetcher.sweep(now: .now)
      sweepLater()
    }
  }

  /// A renewed certificate of the same login: for lines from now on.
  package func use(_ credential: Credential) {
    loop.post { [self] in _ = roster.use(credential) }
  }
}

/// Something that was asked for, and may be called off.
package struct FetchHandle: Sendable {
  let id: DemandID
  private weak let swarm: PeerSwarm?

  init(_ id: DemandID, _ swarm: PeerSwarm) {
    self.id = id
    self.swarm = swarm
  }

  /// Whoever waits hears `cancelled`, unless it was done already. Others who wait for the same go on waiting.
  package func cancel() { swarm?.withdraw(id) }
}

// Fetching.
extension PeerSwarm {
  /// `then` is called once, on the swarm's own thread, where it must not wait: when the blocks can be read from
  /// `content`, or with the reason why not.
  @discardableResult
  package func fetch(
    _ blocks: BlockRange, of key: ContentKey, into content: any ContentStoring, _ urgency: Urgency,
    then: @escaping Then
  ) -> FetchHandle {
    let id = newID()
    let isTaken = loop.post { [self] in fetcher.fetch(id, blocks, of: key, content, urgency, then: then) }
    if !isTaken { then(.failure(.cancelled)) }
    return FetchHandle(id, self)
  }

  /// All of it, however long it takes; nothing but a failing disk and `cancel` ends it before.
  @discardableResult
  package func fetchAll(
    _ key: ContentKey, into content: any ContentStoring, then: @escaping Then
  ) -> FetchHandle {
    let id = newID()
    let isTaken = loop.post { [self] in fetcher.fetchAll(id, of: key, content, then: then) }
    if !isTaken { then(.failure(.cancelled)) }
    return FetchHandle(id, self)
  }

  /// Finds those who hold it and opens lines to them, so that the first block need not wait for that.
  package func prepare(_ key: ContentKey, _ content: any ContentStoring) {
    loop.post { [self] in fetcher.want(key, content) }
  }

  func withdraw(_ id: DemandID) {
    loop.post { [self] in fetcher.withdraw(id) }
  }

  private func newID() -> DemandID {
    DemandID(number: lastID.wrappingAdd(1, ordering: .relaxed).newValue)
  }
}

// Being told.
extension PeerSwarm {
  /// All who hold it now, as far as the tracker knows.
  package func holders(of key: ContentKey, _ holders: [ContentHolder]) {
    loop.post { [self] in fetcher.holders(of: key, holders) }
  }

  package func holderGone(from key: ContentKey, at address: PeerAddress) {
    loop.post { [self] in fetcher.holderGone(from: key, at: address) }
  }

  /// Blocks of a content came to this disk or left it, other than by fetching: a file was shared, pieces were
  /// evicted, a share has ended.
  package func heldChanged(of key: ContentKey, gained: BlockRuns, lost: BlockRuns) {
    loop.post { [self] in fetcher.heldChanged(of: key, gained: gained, lost: lost) }
  }

  /// What is here of it stays here, and is no longer for others.
  package func sharingEnded(of key: ContentKey, _ blocks: BlockRuns) {
    loop.post { [self] in server.heldChanged(of: key, gained: BlockRuns(), lost: blocks) }
  }

  /// To be called when `Membership` has changed its answer: from now on nothing of the group goes to the user, on
  /// lines that are open either.
  package func cutOff(_ user: UserName, from group: GroupID) {
    loop.post { [self] in
      server.cutOff(user, group)
      fetcher.cutOff(user, group)
    }
  }
}

extension PeerSwarm {
  /// To be called when no group is shared with the user any longer.
  package func endLines(of user: UserName) {
    loop.post { [self] in roster.endLines(of: user) }
  }
}

// Telling.
extension PeerSwarm {
  /// Waits for the swarm's thread, a moment. nil once it was stopped.
  package func statistics() -> SwarmStatistics? {
    let box = Mutex<SwarmStatistics?>(nil)
    let bell = Semaphore()
    let isTaken = loop.post { [self] in
      let statistics = gather()
      box.withLock { $0 = statistics }
      bell.signal()
    }
    guard isTaken else { return nil }
    bell.wait()
    return box.withLock { $0 }
  }

  private func gather() -> SwarmStatistics {
    let now = Instant.now
    let peers = roster.sessions.values.map { session in
      let pace = fetcher.queue.peers[session.id]
      return PeerStatistics(
        peer: session.id, address: session.line.remote, isDialledByUs: session.isDialledByUs,
        sentBytes: session.sent.total, receivedBytes: session.received.total,
        sendRate: session.sent.bytesPerSecond(now: now),
        receiveRate: session.received.bytesPerSecond(now: now),
        sending: session.sending.rates(now: now), receiving: session.receiving.rates(now: now),
        roundTripMilliseconds: pace?.roundTrip.map { $0 * 1000 }, isSnubbed: pace?.isSnubbed ?? false)
    }
    let contents = fetcher.wanted.map { key, known in
      let sources = known.content.sources
      return ContentStatistics(
        key: key, fileBytes: known.content.layout.fileBytes, heldBlocks: known.content.held.count,
        sources: sources.count,
        sourcesSentBytes: sources.reduce(0) { $0 + (roster.sessions[$1]?.received.total ?? 0) },
        isDownloading: !known.content.downloads.isEmpty,
        isWanted: known.content.isWanted, counters: known.content.counters)
    }
    let counters = contents.reduce(fetcher.pastCounters) { $0 + $1.counters }
    return SwarmStatistics(
      peers: peers.sorted { $0.peer < $1.peer }, contents: contents, counters: counters,
      sentBytes: server.sent.total, refusals: server.refusals, refusedLines: roster.refusedLines,
      lentBytes: pool.lentBytes, liars: roster.liarCount, requestTimes: fetcher.queue.requestTimes,
      traffic: loop.traffic)
  }
}

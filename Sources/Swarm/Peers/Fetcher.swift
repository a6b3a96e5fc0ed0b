// Between the queue, which says what to ask of whom, and the lines on which it is asked: finds out who holds what,
// joins contents, sends the requests, has the answers verified and the waiting told.

internal import GroupModel
internal import Link

/// ## Concurrency model
/// Belongs to the loop of its peers, but for `verify`, which is run by the verifying crew.
final class Fetcher: @unchecked Sendable {
  /// One content that somebody here wants, or has just wanted.
  final class Wanted {
    let store: any ContentStoring
    let content: FetchedContent
    var holders: [ContentHolder] = []
    /// Who does not serve it to us, until when, and how often it has said so.
    var refusals: [PeerID: (until: Instant, count: Int)] = [:]
    var lastUsed: Instant
    var lastFind: Instant
    /// Without a pause.
    var wantedSince: Instant

    init(_ store: any ContentStoring, _ content: FetchedContent, now: Instant) {
      self.store = store
      self.content = content
      lastUsed = now
      lastFind = now
      wantedSince = now
    }

    /// Who is being looked for already is looked for on its behalf.
    func beginWanting() {
      wantedSince = .now
      if content.isBeingLocated { lastFind = wantedSince }
    }
  }

  let loop: EventLoop
  let roster: Roster
  let server: PieceServer
  let membership: any Membership
  weak var finder: (any HolderFinder)?
  let pool: BulkPool
  let limits: SwarmLimits
  let crew: Crew
  private(set) var queue: FetchQueue!
  private(set) var wanted: [ContentKey: Wanted] = [:]
  /// Of contents that are no longer wanted.
  private(set) var pastCounters = FetchCounters()
  /// How many contents there may be before the idle ones of longest ago are let go.
  private var wantedMax = Fetcher.wantedMax
  private var willPump = false
  private var armedFor: Instant = .never

  init(
    on loop: EventLoop, _ roster: Roster, _ server: PieceServer, _ membership: any Membership,
    _ finder: any HolderFinder, _ limits: SwarmLimits, _ pool: BulkPool
  ) {
    self.loop = loop
    self.roster = roster
    self.server = server
    self.membership = membership
    self.finder = finder
    self.limits = limits
    self.pool = pool
    crew = Crew("verifying", threads: limits.verifyingThreads)
    queue = FetchQueue(
      as: roster.me, limits: limits, lines: self, seed: .random(in: 0...UInt64.max), now: .now)
  }

  func start() { crew.start() }

  func stop() {
    crew.stop()
    for content in queue.contents.values {
      for id in content.demands.keys { queue.withdraw(id, now: .now) }
      for id in content.downloads.keys { queue.withdraw(id, now: .now) }
    }
    queue.tellSettled()
  }
}

// Wanting.
extension Fetcher {
  func fetch(
    _ id: DemandID, _ blocks: BlockRange, of key: ContentKey, _ store: any ContentStoring, _ urgency: Urgency,
    then: @escaping FetchQueue.Then
  ) {
    let known = want(key, store)
    noteLost(blocks, of: known)
    if !known.content.isWanted { known.beginWanting() }
    queue.fetch(id, blocks, of: known.content, urgency, now: .now, then: then)
    if isStarved(known) { reach(known) }
    pumpSoon()
  }

  /// Who asks has looked at the disk: what he misses there may have been evicted, and nobody has told us yet.
  private func noteLost(_ blocks: BlockRange, of known: Wanted) {
    var lost = BlockRuns()
    for run in known.content.held.overlap(with: blocks.indices).runs {
      guard let whole = BlockRange(run), !known.store.holds(whole) else { continue }
      for block in run where BlockRange(block..<block + 1).map({ !known.store.holds($0) }) ?? false {
        lost.insert(block..<block + 1)
      }
    }
    guard !lost.isEmpty else { return }
    queue.heldChanged(of: known.content.key, gained: BlockRuns(), lost: lost, now: .now)
  }

  func fetchAll(
    _ id: DemandID, of key: ContentKey, _ store: any ContentStoring, then: @escaping FetchQueue.Then
  ) {
    let content = want(key, store).content
    // What has come or gone while nobody shared it, nobody has told.
    if content.isIdle { content.held = store.heldRuns() }
    queue.fetchAll(id, of: content, then: then)
    pumpSoon()
  }

  func withdraw(_ id: DemandID) {
    queue.withdraw(id, now: .now)
    pumpSoon()
  }

  /// Finds and reaches those who hold it, before anything of it is needed.
  @discardableResult
  func want(_ key: ContentKey, _ store: any ContentStoring) -> Wanted {
    let now = Instant.now
    if let known = wanted[key] {
      known.lastUsed = now
      return known
    }
    let content = queue.open(key, store.layout, held: store.heldRuns(), now: now)
    let new = Wanted(store, content, now: now)
    wanted[key] = new
    if wanted.count > wantedMax { forgetSomeIdle() }
    finder?.find(key)
    for session in likelyHolders(of: key) { join(session, new, hint: .all) }
    return new
  }

  /// Those who serve us something else of the group, perhaps this too: what is needed at once is asked of them while
  /// the tracker is asked who has it. Whoever has not refuses, which takes no longer than the tracker's answer.
  private func likelyHolders(of key: ContentKey) -> ArraySlice<PeerSession> {
    let serving = roster.sessions.values.filter { session in
      session.joins.count < limits.joinsMax
        && session.joins.contains { $0.key.group == key.group && $0.value == .joined }
    }
    return serving.sorted { $0.lastUsed > $1.lastUsed }.prefix(Self.guessedMax)
  }

  private static let guessedMax = 3

  func heldChanged(of key: ContentKey, gained: BlockRuns, lost: BlockRuns) {
    queue.heldChanged(of: key, gained: gained, lost: lost, now: .now)
    server.heldChanged(of: key, gained: gained, lost: lost)
    pumpSoon()
  }

  /// Contents that nobody has wanted for a while are parted from.
  func sweep(now: Instant) {
    for (key, known) in wanted where known.content.isIdle {
      if known.lastUsed + Self.keptMilliseconds < now { forget(key, known) }
    }
    wantedMax = Self.wantedMax
    for known in wanted.values where !known.content.isIdle { known.lastUsed = now }
    sourcesChanged()
  }

  private static let keptMilliseconds = 30_000

  /// Who reads many small files in a row is done with each of them long before that, and a peer takes joins of no more
  /// than some contents.
  private func forgetSomeIdle() {
    let idle = wanted.filter { $0.value.content.isIdle }.sorted { $0.value.lastUsed < $1.value.lastUsed }
    for (key, known) in idle.prefix(wanted.count - Self.wantedMax / 2) { forget(key, known) }
    wantedMax = max(Self.wantedMax, wanted.count + Self.wantedMax / 2)
  }

  private static let wantedMax = 512

  private func forget(_ key: ContentKey, _ known: Wanted) {
    wanted[key] = nil
    queue.contents[key] = nil
    pastCounters = pastCounters + known.content.counters
    for session in roster.sessions.values where session.joins.removeValue(forKey: key) == .joined {
      session.push(.part(key))
    }
    finder?.forget(key)
  }
}

// Turns of the queue.
extension Fetcher {
  /// Once a turn of the loop, however much has happened in it.
  func pumpSoon() {
    guard !willPump else { return }
    willPump = true
    loop.atEndOfTurn { [self] in
      willPump = false
      queue.pump(now: .now)
      arm()
    }
  }

  private func arm() {
    let due = queue.nextDue
    guard due < armedFor else { return }
    armedFor = due
    loop.after(milliseconds: due.milliseconds(after: .now)) { [weak self] in self?.timeHasPassed() }
  }

  private func timeHasPassed() {
    armedFor = .never
    queue.timePassed(now: .now)
    arm()
  }
}

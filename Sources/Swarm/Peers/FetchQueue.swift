// Everything that somebody here wants and that is not here yet, and who is asked for it: what arrives, what is
// late, what to ask next. It holds no line, no disk and no clock; it is told what happened and when, and says what
// is to be done, so that its tests run whole networks in no time at all.

internal import GroupModel
internal import Link

/// Names one request to one peer.
package struct Ticket: Hashable, Sendable {
  let number: UInt64
}

/// Names what somebody wants, for the case that he no longer does.
package struct DemandID: Hashable, Sendable {
  let number: UInt64
}

/// Why something was not fetched.
package enum FetchTrouble: Error, Hashable, Sendable {
  /// Nobody who can be reached has it.
  case noSource
  /// Some should have it, but nothing came.
  case timedOut
  /// What came could not be kept.
  case disk(DiskTrouble)
  case cancelled
}

/// What one request is for.
struct WantedBlocks {
  let key: ContentKey
  let blocks: BlockRange
  let urgency: Urgency
}

/// What a queue has done for it.
protocol FetchLines: AnyObject {
  func ask(_ peer: PeerID, _ wanted: WantedBlocks, _ ticket: Ticket)
  /// Its answer is no longer needed, but may come.
  func cancel(_ peer: PeerID, _ ticket: Ticket)
  /// It sent what is not the content's.
  func dropLiar(_ peer: PeerID)
}

/// ## Concurrency model
/// Belongs to one thread, the loop of its peers. What waits is parked as a closure, which is called on that thread
/// when everything else is in order.
final class FetchQueue {
  typealias Then = (Result<Void, FetchTrouble>) -> Void

  let me: PeerID
  let limits: SwarmLimits
  unowned let lines: any FetchLines
  var contents: [ContentKey: FetchedContent] = [:]
  var peers: [PeerID: PeerPace] = [:]
  var requests: [Ticket: BlockRequest] = [:]
  var inFlightBytes = 0
  var downLimit: TokenBucket?
  /// Which of the contents that are wanted as a whole is asked for next, so that each gets its share of a slow source.
  var downloadTurns = FairQueue<ContentKey>()
  /// When what the limit on what comes in lets through next.
  var limitOpens: Instant = .never
  /// Until then somebody counts as reading: what is fetched ahead is kept short.
  var readingUntil = Instant(nanoseconds: 0)
  var random: Splitmix
  /// From asking for blocks to having them, verified.
  let requestTimes = Histogram()
  private var lastTicket: UInt64 = 0
  /// Called at the end of each turn.
  var settled: [(then: Then, result: Result<Void, FetchTrouble>)] = []

  init(as me: PeerID, limits: SwarmLimits, lines: any FetchLines, seed: UInt64, now: Instant) {
    self.me = me
    self.limits = limits
    self.lines = lines
    random = Splitmix(state: seed)
    downLimit = TokenBucket(bytesPerSecond: limits.downRate, now: now)
  }

  func nextTicket() -> Ticket {
    lastTicket += 1
    return Ticket(number: lastTicket)
  }
}

/// Where two members would otherwise choose the same, they choose by chance; a test's chance is a seed's.
struct Splitmix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}

// Wanting something.
extension FetchQueue {
  /// The content, wanted from now on. `held` is what of it is here.
  func open(_ key: ContentKey, _ layout: ContentLayout, held: BlockRuns, now: Instant) -> FetchedContent {
    if let content = contents[key] { return content }
    let content = FetchedContent(key, layout, held: held, as: me, now: now)
    contents[key] = content
    return content
  }

  /// `then` is called once, with the blocks here or the reason why not.
  func fetch(
    _ id: DemandID, _ blocks: BlockRange, of content: FetchedContent, _ urgency: Urgency, now: Instant,
    then: @escaping Then
  ) {
    let missing = content.held.gaps(in: blocks.indices)
    guard !missing.isEmpty else { return settled.append((then, .success(()))) }
    if urgency < .ahead { readingUntil = max(readingUntil, now + Self.readingMilliseconds) }
    content.demands[id] = Demand(
      blocks: blocks.indices, urgency: urgency, toCome: missing, lastProgress: now, then: then)
    if urgency == .now { hasten(blocks, of: content, now: now) }
  }

  /// What is on its way already, in no hurry, is waited for from now on.
  private func hasten(_ blocks: BlockRange, of content: FetchedContent, now: Instant) {
    for ticket in content.requests {
      guard let request = requests[ticket], let pace = peers[request.peer],
        request.blocks.clamped(to: blocks) != nil
      else { continue }
      let patience = pace.patienceSeconds(outstanding: pace.outstandingBytes, waitedFor: true)
      requests[ticket]?.due = min(request.due, now + Int(patience * 1000))
    }
  }

  static var readingMilliseconds: Int { 1_000 }

  /// All of it, behind everything that is more urgent; it waits for sources for as long as it takes.
  func fetchAll(_ id: DemandID, of content: FetchedContent, then: @escaping Then) {
    guard !content.isComplete else { return settled.append((then, .success(()))) }
    if content.downloads.isEmpty { content.open = content.openBlocks(in: content.layout.allBlocks.indices) }
    content.downloads[id] = WholeDemand(then: then)
    downloadTurns.join(content.key)
  }

  /// Nobody waits for it any longer: what was asked only for it is taken back.
  func withdraw(_ id: DemandID, now: Instant) {
    for content in contents.values {
      if let demand = content.demands.removeValue(forKey: id) {
        settled.append((demand.then, .failure(.cancelled)))
      } else if let download = content.downloads.removeValue(forKey: id) {
        if content.downloads.isEmpty { endDownloads(of: content) }
        settled.append((download.then, .failure(.cancelled)))
      } else {
        continue
      }
      return cancelUnwanted(of: content)
    }
  }

  private func cancelUnwanted(of content: FetchedContent) {
    guard content.downloads.isEmpty else { return }
    for ticket in content.requests {
      guard let request = requests[ticket], !request.hasLanded, !request.isCancelled else { continue }
      let isWanted = content.demands.values.contains { $0.blocks.overlaps(request.blocks.indices) }
      if !isWanted { cancel(ticket) }
    }
  }

  func cancel(_ ticket: Ticket) {
    guard let request = requests[ticket], !request.isCancelled else { return }
    requests[ticket]?.isCancelled = true
    lines.cancel(request.peer, ticket)
  }

  /// Blocks that came to this disk, or left it, by another way.
  func heldChanged(of key: ContentKey, gained: BlockRuns, lost: BlockRuns, now: Instant) {
    guard let content = contents[key] else { return }
    for run in gained.runs { keep(run, of: content, now: now) }
    for run in lost.runs {
      content.held.remove(run)
      if !content.downloads.isEmpty { content.open.formUnion(content.openBlocks(in: run)) }
    }
  }

  /// Blocks are here: whoever waited for them hears it.
  func keep(_ blocks: Range<Int>, of content: FetchedContent, now: Instant) {
    let new = content.held.gaps(in: blocks)
    guard !new.isEmpty else { return }
    content.held.insert(blocks)
    content.open.remove(blocks)
    for (id, demand) in content.demands where demand.blocks.overlaps(blocks) {
      var toCome = demand.toCome
      toCome.subtract(new)
      guard toCome != demand.toCome else { continue }
      content.demands[id]?.toCome = toCome
      content.demands[id]?.lastProgress = now
      if toCome.isEmpty {
        content.demands[id] = nil
        settled.append((demand.then, .success(())))
      }
    }
    guard !content.downloads.isEmpty, content.isComplete else { return }
    for download in content.downloads.values { settled.append((download.then, .success(()))) }
    endDownloads(of: content)
  }

  func endDownloads(of content: FetchedContent) {
    content.downloads = [:]
    content.open = BlockRuns()
    downloadTurns.leave(content.key)
  }

  /// To be called last, when everything else is in order: whoever is told may want the next thing at once.
  func tellSettled() {
    while !settled.isEmpty {
      let telling = settled
      settled = []
      for (then, result) in telling { then(result) }
    }
  }
}

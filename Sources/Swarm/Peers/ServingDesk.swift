// What one peer has asked of us and not got yet: bounded by the requests that its line lets through unanswered.

internal import GroupModel

/// One request of a peer, from the moment it came until it is answered.
final class ServingJob {
  let exchange: UInt32
  let request: PeerRequest
  /// What answering it costs, in bytes, for the turn-taking and the limit on what goes out.
  let bytes: Int
  /// Need not be answered with bytes any more.
  var isCancelled = false

  init(_ exchange: UInt32, _ request: PeerRequest) {
    self.exchange = exchange
    self.request = request
    bytes = request.costBytes
  }
}

extension PeerRequest {
  var key: ContentKey {
    switch self {
    case .join(let key, _): key
    case .blocks(let blocks): blocks.key
    case .hashes(let hashes): hashes.key
    }
  }

  fileprivate var costBytes: Int {
    switch self {
    case .join: 1024
    case .blocks(let blocks): blocks.count * ContentLayout.blockBytes
    case .hashes(let hashes):
      min(HashList.hashesMax, 1 << max(0, min(13, hashes.height - hashes.base))) * Digest.byteCount
    }
  }

  fileprivate var urgency: Urgency {
    if case .blocks(let blocks) = self { blocks.urgency } else { .now }
  }
}

/// Requests of one urgency: the contents take turns, so that a second file need not wait for the first.
private struct ServingLane {
  private var jobs: [ContentKey: [ServingJob]] = [:]
  private var turns = FairQueue<ContentKey>()

  var isEmpty: Bool { jobs.isEmpty }

  mutating func add(_ job: ServingJob) {
    jobs[job.request.key, default: []].append(job)
    turns.join(job.request.key)
  }

  mutating func pop() -> ServingJob? {
    guard let key = turns.next(where: { _ in true }), let job = jobs[key]?.removeFirst() else { return nil }
    turns.charge(key, bytes: job.bytes)
    leaveIfEmpty(key)
    return job
  }

  mutating func remove(_ exchange: UInt32) -> ServingJob? {
    for (key, waiting) in jobs {
      guard let place = waiting.firstIndex(where: { $0.exchange == exchange }) else { continue }
      defer { leaveIfEmpty(key) }
      return jobs[key]?.remove(at: place)
    }
    return nil
  }

  mutating func removeAll(of group: GroupID) -> [ServingJob] {
    let taken = jobs.filter { $0.key.group == group }
    for key in taken.keys {
      jobs[key] = []
      leaveIfEmpty(key)
    }
    return taken.values.flatMap(\.self)
  }

  private mutating func leaveIfEmpty(_ key: ContentKey) {
    guard jobs[key]?.isEmpty == true else { return }
    jobs[key] = nil
    turns.leave(key)
  }
}

struct ServingDesk {
  private var waiting = Urgency.allCases.map { _ in ServingLane() }
  /// Being read from the disk.
  var running: [UInt32: ServingJob] = [:]
  var runningBytes = 0
  /// Contents of which it wants to know what comes and goes.
  var joins: [ContentKey: HeldChanges] = [:]
  /// Whose bytes may lie unsent in its line.
  var groupsUnsent: Set<GroupID> = []

  var isEmpty: Bool { !isWaiting && running.isEmpty }

  var isWaiting: Bool { waiting.contains { !$0.isEmpty } }

  mutating func add(_ job: ServingJob) { waiting[Int(job.request.urgency.rawValue)].add(job) }

  /// One of the most urgent.
  mutating func pop() -> ServingJob? {
    guard let index = waiting.firstIndex(where: { !$0.isEmpty }), let job = waiting[index].pop() else {
      return nil
    }
    running[job.exchange] = job
    runningBytes += job.bytes
    return job
  }

  mutating func finish(_ job: ServingJob) {
    running[job.exchange] = nil
    runningBytes -= job.bytes
  }

  /// One that waits leaves the queue, and is given back to be refused; one that is being read is marked.
  mutating func cancel(_ exchange: UInt32) -> ServingJob? {
    if let job = running[exchange] {
      job.isCancelled = true
      return nil
    }
    for index in waiting.indices {
      if let job = waiting[index].remove(exchange) { return job }
    }
    return nil
  }

  /// All that wait for contents of one group leave the queue.
  mutating func takeAll(of group: GroupID) -> [ServingJob] {
    var taken: [ServingJob] = []
    for index in waiting.indices {
      taken += waiting[index].removeAll(of: group)
    }
    for key in joins.keys where key.group == group { joins[key] = nil }
    return taken
  }
}

/// What has come and gone of a content since its joined peers were last told.
struct HeldChanges {
  private(set) var gained = BlockRuns()
  private(set) var lost = BlockRuns()

  var isEmpty: Bool { gained.isEmpty && lost.isEmpty }

  mutating func note(gained more: BlockRuns, lost less: BlockRuns) {
    gained.formUnion(more)
    lost.subtract(more)
    lost.formUnion(less)
    gained.subtract(less)
  }
}

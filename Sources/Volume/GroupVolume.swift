// A member's groups with names and bytes together: files go in and come out here, whoever asks for it. Sharing is in
// GroupVolume+Uploading, fetching in +Downloading, what follows from others' decisions in +Following.

package import GroupModel
package import Link
package import Swarm
internal import Synchronization

/// What a member is made of. Options and the saved login say it.
package struct VolumeSetup: Sendable {
  package var stateDirectory: String
  package var user: UserName
  package var credential: Credential
  package var pin: Pin
  package var trackers: [TrackerAddress]
  package var listen: SocketAddress
  package var advertise: PeerAddress?
  package var cacheBytes: Int
  package var limits: SwarmLimits
  package var events: EventLog
  /// Whether groups are mounted there, here or by another daemon.
  package var liesInMount: @Sendable (LocalPath) -> Bool

  package init(
    stateDirectory: String, user: UserName, credential: Credential, pin: Pin, trackers: [TrackerAddress],
    listen: SocketAddress, advertise: PeerAddress?, cacheBytes: Int, limits: SwarmLimits,
    events: EventLog, liesInMount: @escaping @Sendable (LocalPath) -> Bool
  ) {
    self.stateDirectory = stateDirectory
    self.user = user
    self.credential = credential
    self.pin = pin
    self.trackers = trackers
    self.listen = listen
    self.advertise = advertise
    self.cacheBytes = cacheBytes
    self.limits = limits
    self.events = events
    self.liesInMount = liesInMount
  }
}

/// ## Concurrency model
/// For any thread. What it holds is either immutable or locks itself; `running` is under its mutex. Calls that ask the
/// tracker or a disk wait on the caller's thread, which must not be one of the rooms' own.
package final class GroupVolume: @unchecked Sendable {
  package let user: UserName
  package let stateDirectory: String
  package let line: TrackerLine
  package let book: GroupBook
  package let store: PieceStore
  package private(set) var swarm: PeerSwarm!
  let ledger: ShareLedger
  let shared: SharedContents
  let locator: Locator
  let announcer: Announcer
  package let events: EventLog
  package let readMilliseconds: Int
  let running = Mutex<[LedgerKey: Transfer]>([:])
  let beginning = Turns<LedgerKey>()
  let trees = TreeDownloads()
  let liesInMount: @Sendable (LocalPath) -> Bool
  let cachedIsShared = Atomic(false)
  let allCachedIsShared = Atomic(false)
  let isGivingUp = Atomic(false)
  /// Found in the cache at the start, and no file's.
  let unnamedAtStart = Mutex<(names: Set<ContentName>, since: Instant)>(([], .never))
  /// The share that is being loaded at the start.
  let loading = Mutex<LedgerKey?>(nil)
  /// What is being uploaded now.
  let publishing = Mutex<Set<LedgerKey>>([])
  /// Shares that have ended by themselves, of which no tracker has heard yet, and what they were.
  let untold = Mutex<[LedgerKey: ContentRoot]>([:])
  /// When all that was here at the start is about to be announced.
  let cachedIsAnnounced = Semaphore()
  let follower: Follower
  let kept = KeptFiles()
  /// Renames what is whole, one at a time.
  let finishing = EventLoop(name: "finishing")
  private let shareWatch = ShareWatch()

  package init(_ setup: VolumeSetup) throws(VolumeError) {
    user = setup.user
    stateDirectory = setup.stateDirectory
    events = setup.events
    liesInMount = setup.liesInMount
    readMilliseconds = setup.limits.readMilliseconds
    shared = SharedContents()
    follower = Follower()
    let port = try Self.port(setup.listen)
    line = TrackerLine(to: setup.trackers, as: setup.credential, trusting: setup.pin)
    locator = Locator(over: line)
    announcer = Announcer(over: line) { [shared] in shared.pieces($0) }
    (store, ledger) = try Self.disk(setup, follower)
    shared.store = store
    store.whenFull { [weak follower] in follower?.volume?.giveUpRetired() ?? false }
    let reached = Self.reached(port, setup.advertise)
    do throws(BookTrouble) {
      book = try GroupBook(
        at: setup.stateDirectory + "/catalog.sqlite", of: setup.user, over: line,
        BookSeams(
          listening: { reached }, makeRoom: { [store] in store.makeRoom() },
          log: { [events = setup.events] in events.note($0) }))
    } catch .full {
      throw .disk(.full, LocalPath(setup.stateDirectory))
    } catch {
      throw .state("\(error)")
    }
    swarm = PeerSwarm(
      as: setup.credential, trusting: setup.pin, listening: port, shelf: shared, membership: book,
      finder: locator, limits: setup.limits, log: { [events = setup.events] in events.note($0) })
    guard swarm != nil else { throw .refused(.loginEnded) }
    follower.volume = self
  }

  private static func port(_ listen: SocketAddress) throws(VolumeError) -> ListeningPort {
    do throws(SocketError) {
      let port = try ListeningPort(at: listen)
      port.beginUnpaced()
      return port
    } catch {
      throw .cannotListen("cannot listen on \(listen): \(systemWords(error.errno))")
    }
  }

  private static func disk(
    _ setup: VolumeSetup, _ follower: Follower
  ) throws(VolumeError) -> (PieceStore, ShareLedger) {
    guard let cache = LocalPath(setup.stateDirectory + "/cache"),
      let shares = LocalPath(setup.stateDirectory + "/shares")
    else { throw .state("the state directory's path is too long") }
    do throws(DiskTrouble) {
      let store = try PieceStore(at: cache, limit: CacheLimit(bytes: setup.cacheBytes)) { [weak follower] in
        follower?.contentChanged($0, $1)
      }
      return (store, try ShareLedger(in: shares))
    } catch {
      throw .disk(error, cache)
    }
  }

  /// With a wildcard, the tracker gives peers the address that it sees.
  private static func reached(_ port: ListeningPort, _ advertise: PeerAddress?) -> PeerAddress? {
    advertise ?? port.address.peer
  }

  package func open() throws(VolumeError) {
    locator.tell(
      found: { [weak self] in self?.swarm.holders(of: $0, $1) },
      gone: { [weak self] in self?.swarm.holderGone(from: $0, at: $1) })
    loadShares()
    do throws(SocketError) {
      try swarm.start()
    } catch {
      throw .cannotListen("cannot listen: \(systemWords(error.errno))")
    }
    announcer.start()
    finishing.start()
    shareWatch.start(over: shared)
    book.open(for: follower)
  }

  /// Sharing stops; what is under way can go on after the next start.
  package func close() {
    for transfer in running.withLock({ Array($0.values) }) { transfer.abandon() }
    shareWatch.stop()
    book.close()
    announcer.stop()
    swarm.stop()
    finishing.stop()
    line.close()
    store.close()
  }

  package var listening: SocketAddress { swarm.address }

  func log(_ text: String) { events.note(text) }

  package func useCredential(_ credential: Credential) {
    line.useCredential(credential)
    swarm.use(credential)
  }
}

extension GroupBook: Membership {}

// Names.
extension GroupVolume {
  /// The group by its name, for one who is in it; else the tracker says why not.
  func group(_ name: GroupName) throws(VolumeError) -> GroupID {
    if let id = book.group(named: name) { return id }
    if case .refused(let refusal) = try ask(.listMembers(name, after: nil)) { throw .refused(refusal) }
    // The tracker knows of a membership that has not come here yet.
    let isHere = book.waitUntilIn(name, milliseconds: line.patienceMilliseconds)
    guard isHere, let id = book.group(named: name) else { throw .refused(.busy) }
    return id
  }

  func entry(_ path: FilePath, in group: GroupID) throws(VolumeError) -> Entry {
    guard let entry = try found(path, in: group) else { throw .refused(.noSuchFile) }
    return entry
  }

  func found(_ path: FilePath, in group: GroupID) throws(VolumeError) -> Entry? {
    do throws(BookTrouble) { return try book.entry(at: path, in: group) } catch { throw .state("\(error)") }
  }

  /// The groups that this member is in, when they are known: a daemon that has just begun waits for its tracker.
  package func groupNames() throws(VolumeError) -> [GroupName] {
    let isHere = book.wait(milliseconds: line.patienceMilliseconds) { book.isCurrent }
    guard isHere else { throw .noTracker }
    return book.groups.values.sorted()
  }

  func ask(_ request: TrackerRequest) throws(VolumeError) -> TrackerAnswer {
    do throws(TrackerTrouble) { return try line.ask(request) } catch { throw VolumeError(error) }
  }

  func propose(_ wish: Proposal.Wish, in group: GroupName) throws(VolumeError) {
    let answer = try ask(.propose(.next(), Proposal(wish, in: group)))
    if case .refused(let refusal) = answer { throw .refused(refusal) }
  }

  static func path(_ text: String) throws(VolumeError) -> FilePath {
    do throws(PathError) { return try FilePath(text) } catch { throw .badPath(error) }
  }
}

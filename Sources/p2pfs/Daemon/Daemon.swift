// The one program of a state directory that stays: it shares and fetches for whoever is logged in there, and carries
// out the commands of shells and of the console.

import Glibc
import GroupModel
import Link
import Metrics
import Swarm
import Synchronization
import Volume

/// ## Concurrency model
/// `run`, `reload` and `close` for any thread; who is logged in is under the mutex, and changes under `reloading`.
final class Daemon: @unchecked Sendable {
  private static let lockName = "daemon.lock"
  private static let renewalMilliseconds = 60_000
  private static let elsewhereMilliseconds = 2_000
  private static let knockMilliseconds = 1_000

  let options: Options
  let isConsole: Bool
  let directory: StateDirectory
  private let lock: Int32
  private let member = Mutex<Member?>(nil)
  let reloading = Mutex(())
  private let renewal = Semaphore()
  private let trackers = TrackerNetwork()
  private let life = Mutex<MountLife?>(nil)
  /// The certificate of which it was said that its login has ended.
  private let endedLogin = Mutex<[UInt8]>([])
  /// What has happened lately.
  let events: EventLog
  let mountCounts = MountCounts()
  let metrics = Mutex<MetricsServer?>(nil)

  private struct Member {
    let login: SavedLogin
    let volume: GroupVolume
    let trackers: [TrackerAddress]
  }

  /// `daemonRuns` where there is one already.
  /// `logsTimes`: what it says goes to a file, where each line needs its time.
  init(_ options: Options, isConsole: Bool = false, logsTimes: Bool = false) throws(Failure) {
    self.options = options
    self.isConsole = isConsole
    events = EventLog { StandardStreams.note($0, withTime: logsTimes) }
    directory = try StateDirectory(making: options.stateDirectory())
    lock = openat(directory.descriptor, Self.lockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard lock >= 0 else { throw .disk(errno, "opening \(Quoted.text(directory.name(Self.lockName)))") }
    guard Self.takes(lock) else {
      Glibc.close(lock)
      throw .daemonRuns
    }
    Self.raiseFileLimit()
  }

  /// The file beside it, `daemon.sock`, is where shells come in.
  static func socketPath(in state: String) -> String { state + "/daemon.sock" }

  var volume: GroupVolume? { member.withLock { $0?.volume } }

  /// Nobody may be logged in yet; a login that cannot be used is told and waited out. What only the command line can
  /// mend ends the start.
  func start() throws(Failure) {
    if options.tracker != nil { _ = try TrackerFile.find(named: options.tracker, saved: nil) }
    try showMetrics()
    do throws(Failure) {
      try mustBeInOurNetwork()
      try reload()
    } catch {
      switch error {
      case .cannotListen, .configuration, .authorityChanged:
        hideMetrics()
        throw error
      default: complain(error)
      }
    }
    if volume == nil, (try? SavedLogin.load(from: directory)) == .some(nil) { sayThatNobodyIsLoggedIn() }
    WorkerThread("renewal") { [self] in
      var pause = 0
      repeat {
        pause = renewIfDue() == .elsewhere ? Self.elsewhereMilliseconds : Self.renewalMilliseconds
      } while !renewal.wait(until: .now + pause)
    }.detach()
  }

  /// Who starts a daemon hears that strangers answer where his trackers should be. Trackers that are away may come yet.
  private func mustBeInOurNetwork() throws(Failure) {
    guard let login = try SavedLogin.load(from: directory) else { return }
    let info = try TrackerFile.find(named: options.tracker, saved: login.trackerText).info
    try info.mustBeNetwork(of: login)
    let line = TrackerLine(to: info.trackers, as: nil, trusting: try pin(login))
    defer { line.close() }
    try? line.tryAll(within: Self.knockMilliseconds)
    if let change = line.authorityChange { throw Failure(change) }
  }

  private func sayThatNobodyIsLoggedIn() {
    Self.say("nobody is logged in here: sharing begins with \(isConsole ? "" : "p2pfs ")login USER")
  }

  func close() {
    hideMetrics()
    renewal.signal()
    let volume = member.withLock { member in
      defer { member = nil }
      return member?.volume
    }
    volume?.close()
    trackers.close()
    Glibc.close(lock)
  }

  func complain(_ failure: Failure) { note(failure.sentence(for: nil)) }

  /// For those who look after it: on stderr, and among the events.
  func note(_ text: String) { events.note(text) }

  static func say(_ text: String) { StandardStreams.say(text, .notice) }
}

// What is mounted.
extension Daemon {
  /// nil for a daemon that shows no directory.
  var mount: MountLife? { life.withLock { $0 } }

  func show(_ mount: MountLife) { life.withLock { $0 = mount } }

  /// What `mount` and `df` show as the source.
  func source(of volume: GroupVolume) -> String {
    let trackers = member.withLock { $0?.trackers } ?? []
    return "p2pfs:\(volume.user)@\(trackers.first?.description ?? "-")"
  }

  /// Whoever only looks whether a daemon runs has the lock for a moment, too; and one whose directory was just unmounted, or
  /// that was killed, ends in a moment.
  private static func takes(_ lock: Int32) -> Bool {
    for _ in 0..<80 {
      if flock(lock, LOCK_EX | LOCK_NB) == 0 { return true }
      usleep(25_000)
    }
    return false
  }

  /// Each file that is shared from its own place is open.
  private static func raiseFileLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

  static func runs(in state: String) -> Bool {
    let lock = Glibc.open("\(state)/\(lockName)", O_RDWR | O_NOFOLLOW | O_CLOEXEC)
    guard lock >= 0 else { return false }
    defer { Glibc.close(lock) }
    return flock(lock, LOCK_EX | LOCK_NB) != 0
  }
}

// Who is logged in.
extension Daemon {
  /// After a login, a logout or a new password: what the state directory says now holds.
  func reload() throws(Failure) {
    let result = reloading.withLock { _ -> Result<Void, Failure> in
      do throws(Failure) { return .success(try reloadAlone()) } catch { return .failure(error) }
    }
    try result.get()
  }

  private func reloadAlone() throws(Failure) {
    let login = try SavedLogin.load(from: directory)
    guard try !goesOn(with: login) else { return }
    mount?.leave()
    endCurrent()
    guard let login else { return }
    let info = try TrackerFile.find(named: options.tracker, saved: login.trackerText).info
    try info.mustBeNetwork(of: login)
    let volume = try open(login, at: info.trackers)
    member.withLock { $0 = Member(login: login, volume: volume, trackers: info.trackers) }
    mount?.loginChanged()
  }

  /// The same user in the same network, perhaps with a newer certificate, or by another login.
  private func goesOn(with login: SavedLogin?) throws(Failure) -> Bool {
    guard let now = member.withLock({ $0 }), let login else { return login == nil && volume == nil }
    if login == now.login { return true }
    guard login.user == now.login.user, login.authority == now.login.authority,
      login.trackerText == now.login.trackerText
    else { return false }
    now.volume.useCredential(try trackers.credential(of: login))
    member.withLock { $0 = Member(login: login, volume: now.volume, trackers: now.trackers) }
    return true
  }

  /// What it held, its port and its catalog among it, is free when this returns: the last reference goes here.
  private func endCurrent() {
    let old = member.withLock { member in
      defer { member = nil }
      return member?.volume
    }
    old?.close()
  }

  private func open(_ login: SavedLogin, at addresses: [TrackerAddress]) throws(Failure) -> GroupVolume {
    let setup = VolumeSetup(
      stateDirectory: directory.path, user: login.user, credential: try trackers.credential(of: login),
      pin: try pin(login), trackers: addresses,
      listen: SocketAddress(options.listen), advertise: options.advertise,
      cacheBytes: Int(clamping: options.cacheBytesMax), limits: limits, events: events,
      liesInMount: { SwarmMounts().hold($0) })
    do throws(VolumeError) {
      let volume = try GroupVolume(setup)
      try volume.open()
      return volume
    } catch {
      throw Failure(error)
    }
  }

  private func pin(_ login: SavedLogin) throws(Failure) -> Pin {
    guard let authority = try? Certificate(pem: login.authorityPEM) else {
      throw .damaged(
        path: directory.name(SavedLogin.fileName), remedy: "log in again with 'p2pfs login USER'")
    }
    return .certificate(authority)
  }

  private var limits: SwarmLimits {
    var limits = SwarmLimits()
    limits.upRate = options.upBytesPerSecondMax.map { Int(clamping: $0) }
    limits.downRate = options.downBytesPerSecondMax.map { Int(clamping: $0) }
    limits.readMilliseconds = Int(options.readTimeoutSeconds) * 1000
    return limits
  }

  /// A certificate lives for a day, a daemon for longer.
  private func renewIfDue() -> Renewal {
    guard let member = member.withLock({ $0 }), trackers.isHalfSpent(member.login.certificatePEM) else {
      return .done
    }
    var renewal = Renewal.elsewhere
    let runner = runner(NoDoor(), NoPasswords(), in: "/", waits: true) { true }
    do throws(Failure) {
      _ = try runner.session()
    } catch {
      // Said once for each login that is over; a tracker that is away is asked again.
      if error == .refused(.loginEnded), isNews(member.login) { events.note(error.sentence(for: nil)) }
      renewal = .failed
    }
    do throws(Failure) { try reload() } catch { complain(error) }
    let isStillOld = self.member.withLock { $0?.login.certificatePEM == member.login.certificatePEM }
    return isStillOld ? renewal : .done
  }

  private enum Renewal {
    case done, failed
    /// A command is at it just now: what it saves is to be taken over.
    case elsewhere
  }

  private func isNews(_ login: SavedLogin) -> Bool {
    endedLogin.withLock { ended in
      defer { ended = login.certificatePEM }
      return ended != login.certificatePEM
    }
  }

  /// Refused where the command names trackers that are none of those that this daemon is at: it could only ask its own.
  func mustBeAt(_ named: [String]) throws(Failure) {
    guard !named.isEmpty, let own = member.withLock({ $0?.trackers }) else { return }
    guard !Set(named).isDisjoint(with: own.map(\.description)) else { throw .otherTrackers(own) }
  }
}

// Commands.
extension Daemon {
  var network: DaemonNetwork { DaemonNetwork(trackers) { [self] in volume } }

  func controls(of volume: GroupVolume, _ options: MountOptions) -> any ControlTable {
    ControlFiles(of: DaemonDesk(self, volume), listsThoseOfGroups: options.showsControl)
  }

  func runner(
    _ door: any Door, _ passwords: any PasswordAsking, in directory: String, waits: Bool,
    over network: (any Network)? = nil, _ goesOn: @escaping @Sendable () -> Bool
  ) -> CommandRunner {
    var runner = CommandRunner(
      options: options, network: network ?? self.network,
      files: CatalogListing(options: options, volume: volume), passwords: passwords, door: door)
    runner.engine =
      volume.map {
        MemberEngine(
          volume: $0, directory: directory, waitsForDownloads: waits, goesOn: goesOn, mount: mount)
      } ?? NobodyEngine(directory: directory, state: self.directory.path, mount: mount)
    return runner
  }
}

/// The trackers as a daemon has them: for whoever is logged in, over the line that is open already.
struct DaemonNetwork: Network {
  private let trackers: TrackerNetwork
  private let volume: @Sendable () -> GroupVolume?

  init(_ trackers: TrackerNetwork, _ volume: @escaping @Sendable () -> GroupVolume?) {
    self.trackers = trackers
    self.volume = volume
  }

  func connect(to info: TrackerInfo, as login: SavedLogin) throws(Failure) -> any TrackerAsking {
    guard let volume = volume(), volume.user == login.user else {
      return try trackers.connect(to: info, as: login)
    }
    return try TrackerSession(reaching: volume.line, info, expecting: login.authority)
  }

  func connect(to info: TrackerInfo, trusting pin: [UInt8]?) throws(Failure) -> any TrackerAsking {
    try trackers.connect(to: info, trusting: pin)
  }

  func probe(_ info: TrackerInfo, as login: SavedLogin?, trusting pin: [UInt8]?) -> [TrackerCondition] {
    trackers.probe(info, as: login, trusting: pin)
  }

  func makeKeyPEM() throws(Failure) -> [UInt8] { try trackers.makeKeyPEM() }

  func certificateRequest(signedBy keyPEM: [UInt8]) throws(Failure) -> [UInt8] {
    try trackers.certificateRequest(signedBy: keyPEM)
  }

  func certificatePEM(ofDER certificate: [UInt8]) throws(Failure) -> [UInt8] {
    try trackers.certificatePEM(ofDER: certificate)
  }

  func end(of certificatePEM: [UInt8]) -> Int64? { trackers.end(of: certificatePEM) }

  func isHalfSpent(_ certificatePEM: [UInt8]) -> Bool { trackers.isHalfSpent(certificatePEM) }
}

/// While nobody is logged in, nothing can be shared.
struct NobodyEngine: SharingEngine {
  /// Where relative paths begin.
  let directory: String
  let state: String
  var mount: MountLife?

  func waitFor(_ number: UInt64, of id: GroupID, _ wish: Proposal.Wish, in group: GroupName) {}

  /// What was closed before, and waits for a login.
  func synchronize() throws(Failure) {
    let count = JournalFolder.pendingCount(in: state)
    guard count > 0 else { return }
    throw .notPublished(
      "\(count == 1 ? "a change waits" : "\(count) changes wait") to be published, and nobody is logged in here: "
        + "log in with 'p2pfs login USER'")
  }

  func unmount(_ place: String, _ door: any Door) throws(Failure) {
    try UnmountCommand.run(mount, WorkingDirectory.absolute(place, from: directory), door) { true }
  }

  var report: DaemonReport? { nil }

  func upload(_ paths: [String], to group: GroupName, _ door: any Door) throws(Failure) {
    throw .refused(.notLoggedIn)
  }

  func download(_ path: String, of group: GroupName, to destination: String, _ door: any Door) throws(Failure)
  {
    throw .refused(.notLoggedIn)
  }

  func fetch(_ link: ContentLink, to destination: String?, _ door: any Door) throws(Failure) {
    throw .refused(.notLoggedIn)
  }

  func downloads() throws(Failure) -> [(group: GroupName, path: FilePath, isComplete: Bool)] {
    throw .refused(.notLoggedIn)
  }

  func stopDownload(_ path: String, of group: GroupName) throws(Failure) { throw .refused(.notLoggedIn) }

  func setSharing(_ path: String, of group: GroupName, isOn: Bool) throws(Failure) {
    throw .refused(.notLoggedIn)
  }

  func peers(_ group: GroupName?, _ path: String?, _ door: any Door) throws(Failure) {
    throw .refused(.notLoggedIn)
  }
}

/// For what a daemon does by itself.
private struct NoDoor: Door {
  func show(_ answer: Answer) {}
}

struct NoPasswords: PasswordAsking {
  func password(for purpose: PasswordPurpose, given: [UInt8]?) throws(Failure) -> [UInt8] {
    guard let given else { throw .usage("a password has to be given: write it behind the user") }
    return given
  }
}

// What control files need of the daemon behind them, as narrow as they need it: tests stand in here.

import GroupModel
import Link
import Synchronization
import Volume

protocol ControlDesk: AnyObject, Sendable {
  /// What the command says, a line each, as into a pipe. The tracker has so long for each of its answers.
  func carryOut(
    _ command: Command, for caller: Caller, within milliseconds: Int?
  ) throws(Failure) -> String
  /// As `status --json`. The patient one looks which trackers answer, if that is not known by now.
  func status(isPatient: Bool) throws(Failure) -> String
  func keep(_ file: FilePath, of group: GroupName) throws(Failure)
  /// My own requests to join, and what became of them.
  func requestsOfMine(for caller: Caller, within milliseconds: Int) throws(Failure) -> [(GroupName, Standing)]
  func requests(in group: GroupName) throws(Failure) -> [UserName]
  func members(of group: GroupName) -> [(user: UserName, isOwner: Bool)]
  /// Whether it is mine.
  func owns(_ group: GroupName) -> Bool
  func sharedFiles(in group: GroupName) throws(Failure) -> [FilePath]
  func groups() -> [GroupName]
  var isReachable: Bool { get }
  var events: EventLog { get }
}

/// A daemon's, for whoever is logged in there.
final class DaemonDesk: ControlDesk {
  private let daemon: Daemon
  private let volume: GroupVolume
  private let probes = ProbeMemory()

  init(_ daemon: Daemon, _ volume: GroupVolume) {
    self.daemon = daemon
    self.volume = volume
  }

  var isReachable: Bool { volume.book.isCurrent }

  var events: EventLog { daemon.events }

  func carryOut(
    _ command: Command, for caller: Caller, within milliseconds: Int?
  ) throws(Failure) -> String {
    let door = TextDoor()
    let network = CallerNetwork(daemon.network, volume, probes, for: caller, within: milliseconds)
    try daemon.runner(door, NoPasswords(), in: "/", waits: false, over: network) { !caller.isInterrupted }
      .run(command)
    return door.text
  }

  func status(isPatient: Bool) throws(Failure) -> String {
    probes.look(isPatient: isPatient || (probes.isNew && isReachable))
    return try carryOut(.status(json: true), for: Caller(), within: nil)
  }

  func keep(_ file: FilePath, of group: GroupName) throws(Failure) {
    try volumeDoes { () throws(VolumeError) in try volume.keep(file, of: group) }
  }

  func requestsOfMine(
    for caller: Caller, within milliseconds: Int
  ) throws(Failure) -> [(GroupName, Standing)] {
    let line = CallerLine(volume, for: caller, within: milliseconds)
    var found: [(GroupName, Standing)] = []
    var after: GroupName?
    while true {
      guard case .groups(let page, let more) = try line.answer(to: .listMyGroups(after: after)) else {
        throw .strangeAnswer
      }
      found += page.filter { $0.mine == .asked || $0.mine == .rejected }.map { ($0.name, $0.mine) }
      guard more, let last = page.last?.name, last != after else { return found }
      after = last
    }
  }

  /// The owner's to know, as at every door.
  func requests(in group: GroupName) throws(Failure) -> [UserName] {
    guard let id = volume.book.group(named: group) else { throw .refused(.notMember) }
    guard volume.book.isOwner(volume.user, of: id) else { throw .refused(.notOwner) }
    do throws(BookTrouble) { return try volume.book.requests(in: id, limit: Limits.requestsOfGroup) } catch {
      throw .unusable("\(error): check the state directory, its permissions and its disk")
    }
  }

  func members(of group: GroupName) -> [(user: UserName, isOwner: Bool)] {
    volume.book.group(named: group).map { volume.book.members(of: $0) } ?? []
  }

  func owns(_ group: GroupName) -> Bool {
    volume.book.group(named: group).map { volume.book.isOwner(volume.user, of: $0) } ?? false
  }

  func sharedFiles(in group: GroupName) throws(Failure) -> [FilePath] {
    try volumeDoes { () throws(VolumeError) in try volume.sharedFiles(in: group) }
  }

  func groups() -> [GroupName] { volume.book.groups.values.sorted() }

  private func volumeDoes<Result>(_ body: () throws(VolumeError) -> Result) throws(Failure) -> Result {
    do throws(VolumeError) { return try body() } catch { throw Failure(error).explained(by: volume) }
  }
}

/// What would go into a pipe.
final class TextDoor: Door {
  private(set) var text = ""

  func show(_ answer: Answer) {
    switch answer {
    case .line(let line): text += line + "\n"
    case .status(let status): text += status.lines.map { $0 + "\n" }.joined()
    case .table: break
    case .row(let fields): text += fields.joined(separator: " ") + "\n"
    }
  }
}

/// The line to the trackers, for one who may be interrupted while he waits. What was decided has come here when the
/// answer is given: who writes and then reads sees what he has done.
struct CallerLine: TrackerAsking {
  let authority: Authority
  private let volume: GroupVolume
  private let caller: Caller
  private let milliseconds: Int?

  init(
    _ volume: GroupVolume, for caller: Caller, within milliseconds: Int?,
    authority: Authority = Authority(fingerprint: [], certificatePEM: [])
  ) {
    self.volume = volume
    self.caller = caller
    self.milliseconds = milliseconds
    self.authority = authority
  }

  func ask(_ request: TrackerRequest) throws(Failure) -> TrackerAnswer {
    let answer: TrackerAnswer
    do throws(TreeError) {
      answer = try caller.ask(volume.line, request, within: milliseconds)
    } catch {
      throw Failure(error).explained(by: volume)
    }
    if case .decided(let group, let number) = answer { volume.book.waitFor(number, of: group) }
    return answer
  }
}

/// The daemon's network, with a line for one who may be interrupted, and without knocking at trackers all the time.
struct CallerNetwork: Network {
  private let network: DaemonNetwork
  private let volume: GroupVolume
  private let probes: ProbeMemory
  private let caller: Caller
  private let milliseconds: Int?

  init(
    _ network: DaemonNetwork, _ volume: GroupVolume, _ probes: ProbeMemory, for caller: Caller,
    within milliseconds: Int?
  ) {
    self.network = network
    self.volume = volume
    self.probes = probes
    self.caller = caller
    self.milliseconds = milliseconds
  }

  func connect(to info: TrackerInfo, as login: SavedLogin) throws(Failure) -> any TrackerAsking {
    guard volume.user == login.user else { return try network.connect(to: info, as: login) }
    let authority = Authority(fingerprint: login.authority, certificatePEM: login.authorityPEM)
    return CallerLine(volume, for: caller, within: milliseconds, authority: authority)
  }

  func connect(to info: TrackerInfo, trusting pin: [UInt8]?) throws(Failure) -> any TrackerAsking {
    try network.connect(to: info, trusting: pin)
  }

  func probe(_ info: TrackerInfo, as login: SavedLogin?, trusting pin: [UInt8]?) -> [TrackerCondition] {
    probes.conditions(of: info) { network.probe(info, as: login, trusting: pin) }
  }

  func makeKeyPEM() throws(Failure) -> [UInt8] { try network.makeKeyPEM() }

  func certificateRequest(signedBy keyPEM: [UInt8]) throws(Failure) -> [UInt8] {
    try network.certificateRequest(signedBy: keyPEM)
  }

  func certificatePEM(ofDER certificate: [UInt8]) throws(Failure) -> [UInt8] {
    try network.certificatePEM(ofDER: certificate)
  }

  func end(of certificatePEM: [UInt8]) -> Int64? { network.end(of: certificatePEM) }

  /// A daemon renews its login by itself.
  func isHalfSpent(_ certificatePEM: [UInt8]) -> Bool { false }
}

/// Which trackers answered when somebody looked last.
///
/// ## Concurrency model
/// For any thread; nobody waits for another who looks.
final class ProbeMemory: Sendable {
  private static let validMilliseconds = 2_000

  private struct State {
    var trackers: [TrackerAddress] = []
    var conditions: [TrackerCondition] = []
    var seen: Instant?
    var isToLook = false
  }

  private let state = Mutex(State())

  var isNew: Bool { state.withLock { $0.seen == nil } }

  /// Whether the next one who asks is to look.
  func look(isPatient: Bool) {
    state.withLock { state in
      let isOld = state.seen.map { Instant.now.milliseconds(after: $0) > Self.validMilliseconds } ?? true
      state.isToLook = isPatient && isOld
    }
  }

  func conditions(of info: TrackerInfo, looking look: () -> [TrackerCondition]) -> [TrackerCondition] {
    let known = state.withLock { state -> [TrackerCondition]? in
      guard !state.isToLook else { return nil }
      return state.trackers == info.trackers ? state.conditions : info.trackers.map { _ in .notAsked }
    }
    if let known { return known }
    let seen = look()
    state.withLock { state in
      state.trackers = info.trackers
      state.conditions = seen
      state.seen = .now
      state.isToLook = false
    }
    return seen
  }
}

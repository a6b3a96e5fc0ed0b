// `doctor`: looks at everything that p2pfs needs and says what is wrong and what to do about it. Needs no daemon and no
// login, changes nothing, and ends after a few seconds whatever hangs.

import Glibc
import GroupModel
import Link

struct Doctor {
  private static let patienceMilliseconds = 3_000

  let options: Options
  let state: String
  private let network = TrackerNetwork()

  init(_ options: Options) throws(Failure) {
    self.options = options
    state = try options.stateDirectory()
  }

  /// Its exit code.
  static func run(_ options: Options) throws(Failure) -> Int32 {
    let doctor = try Doctor(options)
    let diagnosis = doctor.examine()
    doctor.network.close()
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let look = isTerminal ? Look(of: .ofProcess) : .plain
    let lines =
      isTerminal
      ? diagnosis.page(width: TerminalWidth.columns).map { $0.painted(look) } : diagnosis.lines
    let output = OutputStream(STDOUT_FILENO)
    for line in lines { try output.write(line + "\n") }
    try output.flush()
    return diagnosis.exitCode
  }

  private func examine() -> Diagnosis {
    let (aboutState, person) = StateChecks(options: options, state: state).findings()
    // What may wait is begun at once, all together.
    let deadline = Instant.now + Self.patienceMilliseconds
    let trackers = TrackerLooks(of: person, known(person.trackers), over: network)
    let mounts = MountChecks.begin()
    let looking = Bounded { [state] in DaemonLook.look(at: state) }
    let counting = Bounded { [state] in StorageFacts.cachedBytes(in: state) }

    let daemon = looking.value(until: deadline)
    let findings =
      MachineChecks.findings(.here) + aboutState + trackers.findings(until: deadline)
      + reachability(daemon, trackers.addresses.value(until: deadline) ?? [])
      + [DaemonChecks.finding(daemon, state: state)]
      + mounts.map { MountChecks.finding($0.row, $0.look.value(until: deadline)) }
    return Diagnosis(findings: findings + storage(daemon, counting.value(until: deadline)))
  }

  /// What was seen at these trackers before.
  private func known(_ info: TrackerInfo?) -> [UInt8]? {
    let path = "\(state)/\(KnownNetworks.fileName)"
    guard let info, let bytes = try? SmallFile.bytes(at: path, max: KnownNetworks.bytesMax) else {
      return nil
    }
    return try? KnownNetworks(reading: bytes).authority(of: info)
  }

  /// A daemon that runs has its port, and what it was told to tell is not known here.
  private func reachability(_ daemon: DaemonLook?, _ trackers: [SocketAddress]) -> [Finding] {
    var listen = options.listen
    if let text = daemon?.report?.listening, let taken = try? PeerAddress(text: text) { listen = taken }
    let advertised = NetworkChecks.advertised(options.advertise, listen, toward: trackers)
    let port = daemon?.isNone == true ? NetworkChecks.port(options.listen) : nil
    return [port, advertised].compactMap { $0 }
  }

  private func storage(_ daemon: DaemonLook?, _ cached: UInt64?) -> [Finding] {
    var facts = StorageFacts.of(state, options)
    facts.cachedBytes = cached
    if let report = daemon?.report {
      facts.cacheBytesMax = UInt64(clamping: report.cacheBytesMax)
      facts.pending = report.pending.count
    }
    return StorageChecks.findings(facts, state: state, daemonRuns: daemon?.isNone != true)
  }
}

/// All trackers of a list, visited at once.
private struct TrackerLooks {
  private let person: PersonFacts
  private let visits: [(tracker: TrackerAddress, begun: Bounded<TrackerVisit>)]
  /// Of the first of them.
  let addresses: Bounded<[SocketAddress]>

  init(of person: PersonFacts, _ known: [UInt8]?, over network: TrackerNetwork) {
    self.person = person
    let login = person.login
    let pin = login?.authority ?? person.trackers?.authority ?? known
    let trackers = person.trackers?.trackers ?? []
    visits = trackers.prefix(TrackerNetwork.visitsMax).map { tracker in
      (tracker, Bounded { network.visit(tracker, as: login, trusting: pin) })
    }
    addresses = Bounded {
      trackers.first.map { SocketAddress.resolve(host: $0.host, port: $0.port) } ?? []
    }
  }

  func findings(until deadline: Instant) -> [Finding] {
    guard let trackers = person.trackers?.trackers else { return [] }
    let answers = visits.map { visit in
      visit.begun.value(until: deadline)
        ?? TrackerVisit(address: visit.tracker, outcome: .silent("nothing came in time"))
    }
    return TrackerChecks.findings(answers, notVisited: trackers.count - visits.count, login: person.login)
  }
}

// One tracker process, from its command line to its end.

import Catalog
import Glibc
import GroupModel
import Link
import Metrics

/// ## Concurrency model
/// The main thread's. What it builds has threads of its own.
final class TrackerProcess {
  private let supervisor = Supervisor.take()
  private let log: Log
  private let number: Int
  private let info: TrackerInfo
  private let here: TrackerAddress
  private let port: ListeningPort
  private let data: DataDirectory
  private let lock: Int32
  private let metrics = TrackerMetrics()
  /// nil where nobody wants to see them.
  private let server: MetricsServer?

  init(_ arguments: Arguments) throws(Failure) {
    log = Log(arguments.logLevel)
    number = arguments.number
    info = try Self.readInfo(arguments.trackerInfo)
    guard info.trackers.indices.contains(number - 1) else {
      throw .usage(
        "there is no tracker \(number) in \(arguments.trackerInfo), which lists \(info.trackers.count): "
          + "give a number from 1 to \(info.trackers.count)")
    }
    here = info.trackers[number - 1]
    guard let directory = arguments.dataDirectory else {
      throw .usage("neither XDG_DATA_HOME nor HOME says where data belongs: give a directory with --data")
    }
    port = try Self.bind(here)
    server = try arguments.metrics.map { [metrics] address throws(Failure) in
      try Self.telling { () throws(MetricsTrouble) in
        try MetricsServer(at: address) { metrics.exposition() }
      }
    }
    try Self.checkPin(info, ofNew: directory)
    data = try DataDirectory(making: directory)
    lock = try data.openLock()
  }

  private static func readInfo(_ path: String) throws(Failure) -> TrackerInfo {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .configuration(
        "cannot read \(path): \(systemWords(errno)): it lists the trackers, HOST:PORT a line")
    }
    defer { close(descriptor) }
    var text = [UInt8](repeating: 0, count: TrackerInfo.bytesMax + 1)
    let count = read(descriptor, &text, text.count)
    guard count >= 0 else {
      throw .configuration(
        "cannot read \(path): \(systemWords(errno)): name the file that lists the trackers")
    }
    do throws(TrackerInfoError) {
      return try TrackerInfo(parsing: text.prefix(count))
    } catch {
      throw .configuration("\(path), \(error.sentence): \(TrackerInfo.form)")
    }
  }

  private static func bind(_ here: TrackerAddress) throws(Failure) -> ListeningPort {
    guard let address = SocketAddress.resolve(host: here.host, port: here.port).first else {
      throw .unavailable("no address is known for \(here.host): check the name in tracker_info.txt")
    }
    do throws(SocketError) {
      return try ListeningPort(at: address)
    } catch {
      let remedy =
        error.errno == EADDRINUSE
        ? "stop what uses it (ss -ltnp shows it) or give this tracker another port"
        : "it has to be an address of this machine"
      throw .unavailable("cannot listen on \(here): \(systemWords(error.errno)): \(remedy)")
    }
  }
}

extension TrackerProcess {
  func run(until stops: StopRequests) throws(Failure) {
    raiseDescriptorLimit()
    try startMetrics()
    defer { server?.stop() }
    guard try isMyTurn(stops) else { return }
    let authority = try data.authority()
    try checkPin(authority)
    let house = try House(data, authority, log)
    try open(house)
    metrics.serves(house, data.ledgerPath)
    supervisor.ready("serving on \(here)")
    writeLine("tracker \(number) ready on \(here) ca \(authority.certificate.fingerprint)", to: 1)
    _ = stops.wait()
    supervisor.stopping()
    log.info("stopping")
    house.close()
  }

  /// Also where this one stands by.
  private func startMetrics() throws(Failure) {
    guard let server else { return }
    try Self.telling { () throws(MetricsTrouble) in try server.start() }
    log.info("metrics at \(server.url)")
  }

  private static func telling<Result>(
    _ body: () throws(MetricsTrouble) -> Result
  ) throws(Failure) -> Result {
    do throws(MetricsTrouble) { return try body() } catch { throw .unavailable(error.sentence) }
  }

  /// false: told to end while standing by.
  private func isMyTurn(_ stops: StopRequests) throws(Failure) -> Bool {
    if try DataDirectory.tryLock(lock) { return true }
    supervisor.ready("standing by on \(here)")
    writeLine("tracker \(number) standing by on \(here)", to: 1)
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw DataDirectory.trouble("cannot stand by") }
    let (lock, mine) = (lock, ends[1])
    _ = WorkerThread("standby") {
      DataDirectory.waitForLock(lock)
      close(mine)
    }
    return !stops.wait(orUntil: ends[0])
  }

  /// A list that names an authority cannot be meant for a network that is still to be begun: before anything is made.
  private static func checkPin(_ info: TrackerInfo, ofNew directory: String) throws(Failure) {
    guard let pinned = info.authority, DataDirectory.isNew(directory) else { return }
    throw .configuration(
      "the tracker list names the authority \(Fingerprint.text(pinned)), and there is none yet in \(directory): "
        + "give the --data DIR of that network, or take the fingerprint out of the list to begin a new one")
  }

  private func checkPin(_ authority: Authority) throws(Failure) {
    guard let pinned = info.authority, pinned != authority.certificate.fingerprint.bytes else { return }
    throw .configuration(
      "the tracker list names another authority than this data directory has "
        + "(\(authority.certificate.fingerprint)): correct the list, or give the right --data")
  }

  private func open(_ house: House) throws(Failure) {
    do throws(SocketError) {
      try port.open()
    } catch {
      throw .unavailable(
        "cannot listen on \(here): \(systemWords(error.errno)): another process has taken it")
    }
    house.open(port)
  }

  /// Each connection is a descriptor.
  private func raiseDescriptorLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }

}

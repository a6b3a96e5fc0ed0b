// Everything that serves, put together once the data directory is ours: ledger, clerk, archive, doors and loops.

import Catalog
import Glibc
import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// Built, opened and closed by one thread; what it counts is for every thread.
final class House: Sendable {
  let office: Office
  let context: TLSContext
  private let loops: [EventLoop]
  private let listeners = Mutex<[Listener]>([])

  init(_ data: DataDirectory, _ authority: Authority, _ log: Log) throws(Failure) {
    let ledger: SQLiteLedger
    let accounts: Accounts
    do throws(DatabaseError) {
      ledger = try SQLiteLedger(path: data.ledgerPath, mayBeNew: false)
      try ledger.verify(fileBytes: Self.bytes(of: data.ledgerPath))
      accounts = Accounts(try ledger.accounts(), try ledger.revocations(after: secondsSince1970()))
    } catch {
      throw data.failure(error)
    }
    let presence = Presence()
    let registry = Registry()
    let witnesses = Witnesses()
    let clerk = Clerk(ledger, accounts, presence, witnesses, registry, log) { reason in
      Self.giveUp(reason, log)
    }
    let archive = Archive(presence, registry, log)
    office = Office(
      accounts: accounts, presence: presence, registry: registry, clerk: clerk, witnesses: witnesses,
      doorkeeper: Doorkeeper(accounts, authority, clerk, HashRoom()), archive: archive, log: log)
    context = try Self.context(authority)
    loops = (1...Self.loopCount).map { EventLoop(name: "loop-\($0)") }
    do throws(DatabaseError) {
      try archive.start { [path = data.ledgerPath] () throws(DatabaseError) in
        try SQLiteLedger.reader(path: path)
      }
    } catch {
      throw data.failure(error)
    }
    witnesses.start()
    clerk.start()
  }

  private static var loopCount: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

  private static func bytes(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  private static func giveUp(_ reason: String, _ log: Log) -> Never {
    log.error("\(reason): this tracker ends; check the disk, then start it again")
    // No goodbyes and no destructors: what is on the disk stays as it is for the next one to read.
    _exit(74)
  }

  /// The authority's certificate goes along, for those who see it the first time.
  private static func context(_ authority: Authority) throws(Failure) -> TLSContext {
    do throws(SealError) {
      let key = try KeyPair.generate()
      let credential = Credential(
        key: key, certificate: try authority.issueTracker(publicKey: key.publicKey),
        authority: authority.certificate)
      let pin = Pin.certificate(authority.certificate)
      guard let context = TLSContext(.server, speaking: .tracker, as: credential, trusting: pin) else {
        throw SealError.refusedByOpenSSL
      }
      return context
    } catch {
      throw .disk("OpenSSL cannot use this tracker's certificate: \(error)")
    }
  }
}

extension House {
  /// A handshake that never ends costs 43 KB, so that all of them stay below half a gigabyte; a crowd that comes back
  /// after a failure is not much larger.
  private static let unknownMax = 10_240

  /// Half of the descriptors, at least, are for those who have said who they are.
  private static var roomForUnknown: Int {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return min(unknownMax, max(16, Int(clamping: limit.rlim_cur) / 2))
  }

  /// Connections for which there was no descriptor.
  var turnedAway: Int { listeners.withLock { $0 }.reduce(0) { $0 + $1.turnedAway.total } }

  /// Bytes of all lines.
  var traffic: (sent: Int, received: Int) {
    loops.reduce((0, 0)) { ($0.0 + $1.traffic.sent.total, $0.1 + $1.traffic.received.total) }
  }

  func open(_ port: ListeningPort) {
    for loop in loops {
      let reception = Reception(on: loop, office, context, unknownMax: Self.roomForUnknown / loops.count)
      let listener = Listener(port, on: loop) { reception.take($0, from: $1) }
      listeners.withLock { $0.append(listener) }
      loop.post { listener.start() }
      loop.start()
    }
  }

  /// What was taken in is decided and answered, then everyone is told goodbye.
  func close() {
    for (loop, listener) in zip(loops, listeners.withLock { $0 }) { loop.post { listener.stop() } }
    office.clerk.close()
    office.witnesses.close()
    for loop in loops { loop.stop() }
  }
}

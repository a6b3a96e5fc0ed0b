// What the tracker shows at `--metrics`: gathered when somebody asks, from those who count. Counts only; nobody's name.

import Catalog
import GroupModel
import Link
import Metrics
import Synchronization

/// ## Concurrency model
/// `serves` from the main thread, `exposition` from the thread that shows it, which alone uses `catalog`.
final class TrackerMetrics: @unchecked Sendable {
  private struct Serving {
    let house: House
    let ledgerPath: String
  }

  /// nil while it stands by.
  private let serving = Mutex<Serving?>(nil)
  private var catalog: GroupCatalog?

  func serves(_ house: House, _ ledgerPath: String) {
    serving.withLock { $0 = Serving(house: house, ledgerPath: ledgerPath) }
  }

  func exposition() -> Exposition {
    let serving = serving.withLock { $0 }
    var shown = Exposition()
    shown.gauge(
      "p2pfs_build_info", "Always 1; the label says which version runs.",
      [Exposition.Sample([("version", programVersion)], 1)])
    shown.gauge(
      "p2pfs_tracker_serving", "1 where this tracker serves, 0 while it stands by.", serving == nil ? 0 : 1)
    shown.addProcess()
    if let serving {
      add(serving.house, to: &shown)
      addGroups(serving.ledgerPath, to: &shown)
    }
    return shown
  }

  /// Over a connection of its own, which only reads.
  private func addGroups(_ path: String, to shown: inout Exposition) {
    catalog = catalog ?? (try? SQLiteLedger.reader(path: path))
    guard let count = try? catalog?.groupCount() else { return }
    shown.gauge("p2pfs_tracker_groups", "Groups of the network.", count)
  }
}

extension TrackerMetrics {
  private func add(_ house: House, to shown: inout Exposition) {
    addLines(house, to: &shown)
    addSessions(house.office, to: &shown)
    addDecisions(house.office, to: &shown)
    addHoldings(house.office, to: &shown)
  }

  private func addLines(_ house: House, to shown: inout Exposition) {
    let counts = house.office.counts
    shown.gauge("p2pfs_tracker_connections", "Connections that are open.", counts.open)
    shown.counter(
      "p2pfs_tracker_connections_taken_total", "Connections that were taken in.", counts.begun.total)
    shown.counter(
      "p2pfs_tracker_connections_ended_total", "Connections that have ended, by why.", by: "reason",
      counts.ended)
    shown.counter(
      "p2pfs_tracker_connections_refused_total", "Connections for which there was no descriptor.",
      house.turnedAway)
    let (sent, received) = house.traffic
    shown.counter(
      "p2pfs_tracker_bytes_total", "Bytes on all connections, as they are inside TLS.", by: "direction",
      ["sent": sent, "received": received])
  }

  private func addSessions(_ office: Office, to shown: inout Exposition) {
    shown.gauge("p2pfs_tracker_sessions", "Sessions that are logged in.", office.presence.counts.sessions)
    shown.gauge("p2pfs_tracker_users", "Accounts of the network.", office.accounts.count)
    let counts = office.counts
    shown.counter(
      "p2pfs_tracker_logins_total", "Logins, by what was shown and what came of it.",
      samples(counts.passwordLogins, by: "password") + samples(counts.certificateLogins, by: "certificate"))
    shown.counter(
      "p2pfs_tracker_requests_total", "Requests of clients, by what they ask.", by: "kind",
      counts.requests)
    shown.counter(
      "p2pfs_tracker_pushes_total", "Messages that were sent unasked: decisions, holders, standings.",
      counts.pushes.total)
  }

  private func samples<Kind>(_ outcomes: Each<Kind, Tally>, by means: String) -> [Exposition.Sample] {
    outcomes.named.map {
      Exposition.Sample([("by", means), ("outcome", $0.name)], Double($0.counted.total))
    }
  }

  private func addDecisions(_ office: Office, to shown: inout Exposition) {
    shown.counter(
      "p2pfs_tracker_decisions_total", "What members wished of their groups, and what came of it.",
      office.clerk.counts.named.map {
        Exposition.Sample([("wish", $0.wish), ("outcome", $0.outcome)], Double($0.count))
      })
    shown.histogram(
      "p2pfs_tracker_decision_seconds", "From a wish to its durable decision.", office.clerk.counts.times)
    shown.gauge(
      "p2pfs_tracker_queue_length", "What waits for a thread: passwords to hash, wishes, lists.", by: "queue",
      [
        "passwords": office.doorkeeper.waiting, "decisions": office.clerk.waiting,
        "lists": office.archive.waiting,
      ])
  }

  private func addHoldings(_ office: Office, to shown: inout Exposition) {
    let counts = office.registry.counts
    shown.gauge(
      "p2pfs_tracker_contents", "Contents that somebody online holds or looks for.",
      office.registry.contentCount)
    shown.gauge("p2pfs_tracker_holdings", "Contents times those online who hold some.", counts.registrations)
    shown.gauge("p2pfs_tracker_watchers", "Contents times those online who look for them.", counts.watchers)
    shown.counter(
      "p2pfs_tracker_announced_total", "Contents that members said they hold, each time.",
      office.counts.holdings.total)
  }
}

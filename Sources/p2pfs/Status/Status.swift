// What `status` says. Here a key and its value a line, for pipes; for people StatusPage lays it out, for programs there
// is Status+JSON.

import GroupModel

struct Status: Hashable, Sendable {
  struct ListedTracker: Hashable, Sendable {
    let address: TrackerAddress
    let condition: TrackerCondition
  }

  let state: String
  var user: UserName?
  /// When the login ends unless it is renewed, in seconds since 1970.
  var validUntil: Int64?
  var trackers: [ListedTracker] = []
  var authority: [UInt8]?
  var daemonRuns = false
  /// It runs, and does not answer.
  var daemonIsSilent = false
  /// nil where no daemon runs or answers, or nobody is logged in.
  var daemon: DaemonReport?

  init(state: String) { self.state = state }

  var isExpired: Bool { validUntil.map { $0 <= UTC.now } ?? false }

  /// By the calendar, and by what a tracker said of it.
  var isLoginGood: Bool {
    user != nil && !isExpired && !trackers.contains { $0.condition == .refusesLogin }
  }
}

// A line each.
extension Status {
  var lines: [String] {
    var lines = ["user \(user?.description ?? "-")", "login \(loginWords)"]
    lines += trackers.map { "tracker \($0.address) \($0.condition.words)" }
    if let authority { lines.append("authority \(Fingerprint.text(authority))") }
    return lines + ["state \(Printable.escaped(state))"] + daemonLines
  }

  private var daemonLines: [String] {
    guard daemonRuns else { return ["daemon none"] }
    guard !daemonIsSilent else { return ["daemon does not answer"] }
    guard let daemon else { return ["daemon running, nobody is logged in"] }
    let used = ProgressBar.size(UInt64(clamping: daemon.cachedBytes))
    let limit = ProgressBar.size(UInt64(clamping: daemon.cacheBytesMax))
    return [
      "daemon running, listening on \(daemon.listening)",
      "peers \(daemon.peers), sending \(ProgressBar.size(UInt64(clamping: daemon.sendRate)))/s, "
        + "receiving \(ProgressBar.size(UInt64(clamping: daemon.receiveRate)))/s",
      "cache \(used) of \(limit)",
    ] + (daemon.mounted.map { ["mounted \(Printable.escaped($0))"] } ?? [])
      + daemon.pending.map { "pending \($0)" }
      + daemon.transfers.map { "transfer \($0.doneBytes)/\($0.totalBytes) \($0.label)" }
      + daemon.reads.map { "read \($0.doneBytes)/\($0.totalBytes) \($0.label)" }
      + daemon.connections.map(\.line)
      + daemon.events.map { "event \(UTC.iso($0.time)) \(Printable.oneLine($0.text))" }
  }

  var loginWords: String {
    guard let user else { return "none: log in with 'p2pfs login USER'" }
    let time = validUntil.map { " \(UTC.text($0))" } ?? ""
    if isLoginGood { return "valid until\(time)" }
    return (isExpired ? "expired\(time)" : "ended by the tracker")
      + ": log in again with 'p2pfs login \(user)'"
  }
}

extension DaemonReport.Peer {
  fileprivate var line: String {
    "peer \(user) \(address) sends \(ProgressBar.size(UInt64(clamping: receiveRate)))/s, "
      + "gets \(ProgressBar.size(UInt64(clamping: sendRate)))/s"
  }
}

extension TrackerCondition {
  var words: String {
    switch self {
    case .answers, .refusesLogin: "answers"
    case .otherAuthority(let seen): "speaks for another authority, \(Fingerprint.text(seen))"
    case .silent: "does not answer"
    case .standsBy: "takes no connections: it stands by, or is not running"
    case .notAsked: "was not asked"
    }
  }
}

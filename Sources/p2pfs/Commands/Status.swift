// What `status` says: the same for people, a key and its value a line, and as JSON with keys that stay.

import GroupModel
import Swarm

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
  /// nil where no daemon runs, or nobody is logged in.
  var daemon: DaemonReport?

  init(state: String) { self.state = state }

  var isExpired: Bool { validUntil.map { $0 <= UTC.now } ?? false }

  /// By the calendar, and by what a tracker said of it.
  private var isLoginGood: Bool {
    user != nil && !isExpired && !trackers.contains { $0.condition == .refusesLogin }
  }
}

// For people.
extension Status {
  var lines: [String] {
    var lines = ["user \(user?.description ?? "-")", "login \(loginWords)"]
    lines += trackers.map { "tracker \($0.address) \($0.condition.words)" }
    if let authority { lines.append("authority \(Fingerprint.text(authority))") }
    return lines + ["state \(Printable.escaped(state))"] + daemonLines
  }

  private var daemonLines: [String] {
    guard daemonRuns else { return ["daemon none"] }
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
      + daemon.events.map { "event \(UTC.iso($0.time)) \($0.text)" }
  }

  private var loginWords: String {
    guard let user else { return "none: log in with 'p2pfs login USER'" }
    let time = validUntil.map { " \(UTC.text($0))" } ?? ""
    if isLoginGood { return "valid until\(time)" }
    return (isExpired ? "expired\(time)" : "ended by the tracker")
      + ": log in again with 'p2pfs login \(user)'"
  }
}

extension TrackerCondition {
  fileprivate var words: String {
    switch self {
    case .answers, .refusesLogin: "answers"
    case .otherAuthority(let seen): "speaks for another authority, \(Fingerprint.text(seen))"
    case .silent: "does not answer"
    case .standsBy: "takes no connections: it stands by, or is not running"
    case .notAsked: "was not asked"
    }
  }
}

// For programs.
extension Status {
  var json: JSON {
    .object([
      ("user", user.map { .string($0.description) } ?? .null),
      (
        "login",
        .object([("valid", .bool(isLoginGood)), ("until", validUntil.map { .string(UTC.iso($0)) } ?? .null)])
      ),
      ("trackers", .array(trackers.map(\.json))),
      ("authority", authority.map { .string(Fingerprint.text($0)) } ?? .null),
      ("state", .string(state)), ("daemon", daemonRuns ? daemon?.json ?? .object([]) : .null),
    ])
  }
}

extension Status.ListedTracker {
  fileprivate var json: JSON {
    .object([
      ("address", .string(address.description)), ("answers", .bool(answers)), ("authority", otherAuthority),
    ])
  }

  private var answers: Bool { condition == .answers || condition == .refusesLogin }

  /// Only where it is another one than the network's.
  private var otherAuthority: JSON {
    if case .otherAuthority(let seen) = condition { .string(Fingerprint.text(seen)) } else { .null }
  }
}

extension DaemonReport {
  fileprivate var json: JSON {
    .object([
      ("listening", .string(listening)), ("peers", .number(Int64(peers))),
      ("sendRate", .number(Int64(sendRate))),
      ("receiveRate", .number(Int64(receiveRate))),
      ("cache", .object([("bytes", .number(Int64(cachedBytes))), ("limit", .number(Int64(cacheBytesMax)))])),
      ("sent", .number(Int64(sentBytes))), ("fetched", fetched.json),
      ("mount", mounted.map { .string($0) } ?? .null),
      ("pending", .array(pending.map { .string($0) })),
      (
        "transfers",
        .array(
          transfers.map {
            .object([
              ("file", .string($0.label)), ("done", .number(Int64(clamping: $0.doneBytes))),
              ("total", .number(Int64(clamping: $0.totalBytes))),
            ])
          })
      ),
      (
        "events",
        .array(
          events.map {
            .object([("at", .string(UTC.iso($0.time))), ("text", .string($0.text))])
          })
      ),
    ])
  }
}

extension FetchCounters {
  /// Bytes of contents: what came, what of it was kept, came although it was here, or could not be believed.
  fileprivate var json: JSON {
    .object([
      ("received", .number(Int64(received))), ("kept", .number(Int64(verified))),
      ("twice", .number(Int64(duplicate))), ("thrown", .number(Int64(wasted))),
    ])
  }
}

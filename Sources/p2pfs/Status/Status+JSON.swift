// Status for programs: JSON whose keys stay. The shell that draws it gets it so from the daemon, too, and reads it
// with Status+Reading.

import GroupModel
import Swarm

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
      ("state", .string(state)), ("daemon", daemonRuns ? daemonJSON : .null),
    ])
  }

  private var daemonJSON: JSON {
    daemonIsSilent ? .object([("silent", .bool(true))]) : daemon?.json ?? .object([])
  }
}

extension Status.ListedTracker {
  fileprivate var json: JSON {
    .object([
      ("address", .string(address.description)), ("answers", .bool(answers)), ("authority", otherAuthority),
      ("condition", .string(condition.name)),
    ])
  }

  private var answers: Bool { condition == .answers || condition == .refusesLogin }

  /// Only where it is another one than the network's.
  private var otherAuthority: JSON {
    if case .otherAuthority(let seen) = condition { .string(Fingerprint.text(seen)) } else { .null }
  }
}

extension TrackerCondition {
  fileprivate var name: String {
    switch self {
    case .answers: "answers"
    case .refusesLogin: "refuses login"
    case .otherAuthority: "other authority"
    case .silent: "silent"
    case .standsBy: "takes no connections"
    case .notAsked: "not asked"
    }
  }
}

extension DaemonReport {
  fileprivate var json: JSON {
    .object([
      ("listening", .string(listening)), ("peers", .number(peers)), ("sendRate", .number(sendRate)),
      ("receiveRate", .number(receiveRate)),
      ("cache", .object([("bytes", .number(cachedBytes)), ("limit", .number(cacheBytesMax))])),
      ("sent", .number(sentBytes)), ("fetched", fetched.json),
      ("mount", mounted.map { .string($0) } ?? .null),
      ("pending", .array(pending.map { .string($0) })),
      ("transfers", .array(transfers.map(\.json))), ("reads", .array(reads.map(\.json))),
      ("connections", .array(connections.map(\.json))),
      ("tracker", tracker.map { .string($0) } ?? .null), ("events", .array(events.map(\.json))),
    ])
  }
}

extension DaemonReport.Transfer {
  fileprivate var json: JSON {
    .object([
      ("file", .string(label)), ("done", .number(Int64(clamping: doneBytes))),
      ("total", .number(Int64(clamping: totalBytes))), ("rate", .number(rate)),
      ("sources", .number(sources)),
    ])
  }
}

extension DaemonReport.Peer {
  fileprivate var json: JSON {
    .object([
      ("user", .string(user)), ("address", .string(address)), ("sent", .number(sentBytes)),
      ("received", .number(receivedBytes)), ("sendRate", .number(sendRate)),
      ("receiveRate", .number(receiveRate)),
      ("roundTripMicroseconds", roundTripMicroseconds.map { .number($0) } ?? .null), ("slow", .bool(isSlow)),
      ("sends", .array(sends.map(\.json))), ("receives", .array(receives.map(\.json))),
    ])
  }
}

extension DaemonReport.Peer.Flow {
  fileprivate var json: JSON { .object([("file", .string(label)), ("rate", .number(rate))]) }
}

extension DaemonReport.Event {
  fileprivate var json: JSON { .object([("at", .string(UTC.iso(time))), ("text", .string(text))]) }
}

extension FetchCounters {
  /// Bytes of contents: what came, what of it was kept, came although it was here, or could not be believed.
  fileprivate var json: JSON {
    .object([
      ("received", .number(received)), ("kept", .number(verified)), ("twice", .number(duplicate)),
      ("thrown", .number(wasted)),
    ])
  }
}

extension JSON {
  fileprivate static func number(_ value: Int) -> JSON { .number(Int64(value)) }
}

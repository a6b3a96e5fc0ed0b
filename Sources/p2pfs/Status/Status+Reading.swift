// A status read back from its JSON. What is not there counts as nothing: the daemon may be of another version.

import GroupModel
import Swarm

extension Status {
  init?(reading json: JSON) {
    guard let state = json["state"].string else { return nil }
    self.init(state: state)
    user = json["user"].string.flatMap { UserName($0) }
    validUntil = json["login"]["until"].string.flatMap { UTC.seconds(iso: $0) }
    trackers = json["trackers"].elements.compactMap { ListedTracker(reading: $0) }
    authority = json["authority"].string.flatMap { Fingerprint(prefixed: $0)?.bytes }
    if case .object(let members) = json["daemon"] {
      daemonRuns = true
      daemonIsSilent = json["daemon"]["silent"].flag
      daemon = members.isEmpty || daemonIsSilent ? nil : DaemonReport(reading: json["daemon"])
    }
  }
}

extension Status.ListedTracker {
  fileprivate init?(reading json: JSON) {
    guard let text = json["address"].string, let info = try? TrackerInfo(parsing: text.utf8) else {
      return nil
    }
    self.init(address: info.trackers[0], condition: TrackerCondition(reading: json))
  }
}

extension TrackerCondition {
  fileprivate init(reading json: JSON) {
    if let seen = json["authority"].string.flatMap({ Fingerprint(prefixed: $0) }) {
      self = .otherAuthority(seen.bytes)
      return
    }
    switch json["condition"].string {
    case "answers": self = .answers
    case "refuses login": self = .refusesLogin
    case "takes no connections", "stands by": self = .standsBy
    case "not asked": self = .notAsked
    default: self = json["answers"].flag ? .answers : .silent
    }
  }
}

extension DaemonReport {
  fileprivate init(reading json: JSON) {
    listening = json["listening"].string ?? "-"
    peers = json["peers"].int
    sendRate = json["sendRate"].int
    receiveRate = json["receiveRate"].int
    cachedBytes = json["cache"]["bytes"].int
    cacheBytesMax = json["cache"]["limit"].int
    sentBytes = json["sent"].int
    fetched = FetchCounters(reading: json["fetched"])
    transfers = json["transfers"].elements.map { Transfer(reading: $0) }
    reads = json["reads"].elements.map { Transfer(reading: $0) }
    connections = json["connections"].elements.map { Peer(reading: $0) }
    tracker = json["tracker"].string
    mounted = json["mount"].string
    pending = json["pending"].elements.compactMap(\.string)
    events = json["events"].elements.map { Event(reading: $0) }
  }
}

extension DaemonReport.Transfer {
  fileprivate init(reading json: JSON) {
    label = json["file"].string ?? "-"
    doneBytes = UInt64(clamping: json["done"].int)
    totalBytes = UInt64(clamping: json["total"].int)
    rate = json["rate"].int
    sources = json["sources"].int
  }
}

extension DaemonReport.Peer {
  fileprivate init(reading json: JSON) {
    user = json["user"].string ?? "-"
    address = json["address"].string ?? "-"
    sentBytes = json["sent"].int
    receivedBytes = json["received"].int
    sendRate = json["sendRate"].int
    receiveRate = json["receiveRate"].int
    roundTripMicroseconds = json["roundTripMicroseconds"].number.map { Int($0) }
    isSlow = json["slow"].flag
    sends = json["sends"].elements.map { Flow(reading: $0) }
    receives = json["receives"].elements.map { Flow(reading: $0) }
  }
}

extension DaemonReport.Peer.Flow {
  fileprivate init(reading json: JSON) {
    label = json["file"].string ?? "-"
    rate = json["rate"].int
  }
}

extension DaemonReport.Event {
  fileprivate init(reading json: JSON) {
    time = json["at"].string.flatMap { UTC.seconds(iso: $0) } ?? 0
    text = json["text"].string ?? ""
  }
}

extension FetchCounters {
  fileprivate init(reading json: JSON) {
    self.init()
    received = json["received"].int
    verified = json["kept"].int
    duplicate = json["twice"].int
    wasted = json["thrown"].int
  }
}

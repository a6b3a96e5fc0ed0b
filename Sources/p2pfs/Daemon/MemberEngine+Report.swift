// How it goes with a member's files, in names instead of keys.

import GroupModel
import Link
import Swarm
import Volume

extension MemberEngine {
  private static let eventsShown = 10

  var report: DaemonReport? {
    let swarm = volume.swarm.statistics()
    let peers = swarm?.peers ?? []
    let usage = volume.store.usage
    let flows = Flows(swarm)
    let files = volume.filesOnTheirWay
    var report = DaemonReport(
      listening: volume.listening.description, peers: peers.count,
      sendRate: peers.reduce(0) { $0 + $1.sendRate }, receiveRate: peers.reduce(0) { $0 + $1.receiveRate },
      cachedBytes: usage.fetchedBytes + usage.ownBytes, cacheBytesMax: usage.limitBytes,
      sentBytes: swarm?.sentBytes ?? 0, fetched: swarm?.counters ?? FetchCounters(),
      transfers: files.map { transfer(of: $0, flows) }.sorted { $0.label < $1.label })
    let listed = Set(files.compactMap(\.key))
    report.reads = (swarm?.contents ?? []).filter { isRead($0, flows) && !listed.contains($0.key) }
      .map { read(of: $0, flows) }.sorted { $0.label < $1.label }
    report.connections = peers.map(connection)
    report.tracker = volume.line.serving?.description
    report.mounted = mount?.place.path
    report.pending = mount?.pending ?? []
    report.events = volume.events.latest.suffix(Self.eventsShown).map {
      DaemonReport.Event(time: $0.time, text: $0.text)
    }
    return report
  }

  private func transfer(of file: FileOnItsWay, _ flows: Flows) -> DaemonReport.Transfer {
    DaemonReport.Transfer(
      label: "\(file.group)/\(Printable.escaped(file.path.bytes))", doneBytes: file.doneBytes,
      totalBytes: file.totalBytes, rate: file.key.flatMap { flows.rates[$0] } ?? 0,
      sources: file.key.flatMap { flows.sources[$0] } ?? 0)
  }

  /// Some program waits for it, or did a moment ago. What is here by now is on its way no longer, however fast it was.
  private func isRead(_ content: ContentStatistics, _ flows: Flows) -> Bool {
    content.isWanted || flows.rates[content.key] != nil && !content.isHere
  }

  private func read(of content: ContentStatistics, _ flows: Flows) -> DaemonReport.Transfer {
    let held = min(content.fileBytes, content.heldBlocks * ContentLayout.blockBytes)
    return DaemonReport.Transfer(
      label: volume.label(of: content.key), doneBytes: UInt64(held), totalBytes: UInt64(content.fileBytes),
      rate: flows.rates[content.key] ?? 0, sources: content.sources)
  }

  private func connection(_ peer: PeerStatistics) -> DaemonReport.Peer {
    DaemonReport.Peer(
      user: peer.peer.user.description, address: peer.address.description, sentBytes: peer.sentBytes,
      receivedBytes: peer.receivedBytes, sendRate: peer.sendRate, receiveRate: peer.receiveRate,
      roundTripMicroseconds: peer.roundTripMilliseconds.map { Int($0 * 1000) }, isSlow: peer.isSnubbed,
      sends: flows(peer.sending), receives: flows(peer.receiving))
  }

  private func flows(_ rates: [ContentKey: Int]) -> [DaemonReport.Peer.Flow] {
    rates.map { DaemonReport.Peer.Flow(label: volume.label(of: $0.key), rate: $0.value) }
      .sorted { ($1.rate, $0.label) < ($0.rate, $1.label) }
  }
}

extension ContentStatistics {
  fileprivate var isHere: Bool { heldBlocks * ContentLayout.blockBytes >= fileBytes }
}

/// What comes here now, and of how many.
private struct Flows {
  private(set) var rates: [ContentKey: Int] = [:]
  private(set) var sources: [ContentKey: Int] = [:]

  init(_ swarm: SwarmStatistics?) {
    for peer in swarm?.peers ?? [] { rates.merge(peer.receiving) { $0 + $1 } }
    for content in swarm?.contents ?? [] { sources[content.key] = content.sources }
  }
}

// What a daemon shows at `--metrics`: gathered when somebody asks, from the rooms that count. Counts only; nobody's
// name, and no file's.

import GroupModel
import Link
import Metrics
import Swarm
import Synchronization
import Volume

extension Daemon {
  /// Where that cannot be, nothing is begun: whoever asked for it would believe that it is watched.
  func showMetrics() throws(Failure) {
    guard let address = options.metrics else { return }
    do throws(MetricsTrouble) {
      let server = try MetricsServer(at: SocketAddress(address)) { [unowned self] in exposition() }
      try server.start()
      metrics.withLock { $0 = server }
      note("metrics at \(server.url)")
    } catch {
      throw .cannotShowMetrics(error.sentence)
    }
  }

  /// Nobody gathers anything any more when this returns.
  func hideMetrics() {
    let server = metrics.withLock { server in
      defer { server = nil }
      return server
    }
    server?.stop()
  }

  func exposition() -> Exposition {
    var shown = Exposition()
    shown.gauge(
      "p2pfs_build_info", "Always 1; the label says which version runs.",
      [Exposition.Sample([("version", programVersion)], 1)])
    shown.addProcess()
    withVolume { volume in
      shown.gauge(
        "p2pfs_logged_in", "1 where somebody is logged in, 0 where nothing is shared.", volume == nil ? 0 : 1)
      if let volume { shown.add(volume) }
    }
    if let mount {
      shown.gauge(
        "p2pfs_pending_publishes", "Files that are closed and wait to be published.", mount.pending.count)
      shown.add(mountCounts)
    }
    return shown
  }
}

extension Daemon {
  /// The volume of whoever is logged in, which cannot end meanwhile; nil while that changes, too.
  private func withVolume(_ body: (GroupVolume?) -> Void) {
    if reloading.withLockIfAvailable({ _ in body(volume) }) == nil { body(nil) }
  }
}

extension Exposition {
  fileprivate mutating func add(_ volume: GroupVolume) {
    addTracker(volume.line)
    if let swarm = volume.swarm.statistics() {
      addPeers(swarm)
      addFetching(swarm)
    }
    addCache(volume.store)
    gauge("p2pfs_downloads", "Downloads of whole files that are going on.", volume.filesOnTheirWay.count)
  }

  private mutating func addTracker(_ line: TrackerLine) {
    gauge(
      "p2pfs_tracker_line_up", "1 where a tracker is reached, 0 where none is.", line.serving == nil ? 0 : 1)
    histogram(
      "p2pfs_tracker_answer_seconds",
      "From a request to the tracker's answer, however many trackers it took.",
      line.answerTimes)
    bytes(
      "p2pfs_tracker_line_bytes_total", "Bytes on the line to the tracker, as they are inside TLS.",
      line.traffic)
  }

  private mutating func addPeers(_ swarm: SwarmStatistics) {
    gauge("p2pfs_peer_connections", "Lines to other members.", swarm.peers.count)
    counter(
      "p2pfs_peer_connections_refused_total", "Lines that were turned away after their handshake.",
      swarm.refusedLines)
    bytes(
      "p2pfs_peer_line_bytes_total", "Bytes on all lines to peers, as they are inside TLS.", swarm.traffic)
    counter(
      "p2pfs_content_bytes_total", "Bytes of files that were sent to peers and came from them.",
      by: "direction",
      ["sent": swarm.sentBytes, "received": swarm.counters.received])
    counter("p2pfs_peer_requests_refused_total", "Requests of peers that were refused.", swarm.refusals)
    gauge("p2pfs_peer_buffer_bytes", "Memory that is lent for blocks on their way.", swarm.lentBytes)
  }

  private mutating func addFetching(_ swarm: SwarmStatistics) {
    let fetched = swarm.counters
    counter(
      "p2pfs_fetched_bytes_total", "Bytes of files that came: new, here already, or not to be believed.",
      by: "outcome", ["new": fetched.verified, "duplicate": fetched.duplicate, "wasted": fetched.wasted])
    counter("p2pfs_blocks_verified_total", "Blocks that came and are right.", fetched.verifiedBlocks)
    counter("p2pfs_verify_failures_total", "Answers of peers that were not the content's.", fetched.forged)
    counter("p2pfs_liars_dropped_total", "Peers that are not spoken to again.", swarm.liars)
    counter(
      "p2pfs_hedged_requests_total", "Requests for what another peer was asked for, too.", fetched.hedged)
    histogram(
      "p2pfs_block_request_seconds", "From asking a peer for blocks to having them, verified.",
      swarm.requestTimes)
  }

  private mutating func addCache(_ store: PieceStore) {
    let usage = store.usage
    gauge(
      "p2pfs_cache_bytes", "What the cache holds: fetched, or published from here.", by: "kind",
      ["fetched": usage.fetchedBytes, "own": usage.ownBytes])
    gauge("p2pfs_cache_limit_bytes", "How much that was fetched may be kept.", usage.limitBytes)
    gauge("p2pfs_cache_disk_free_bytes", "What is free on the cache's disk.", usage.diskFreeBytes)
    counter("p2pfs_cache_evicted_bytes_total", "What was thrown out to make room.", store.evictedBytes)
  }

  fileprivate mutating func add(_ mount: MountCounts) {
    histogram(
      "p2pfs_fuse_operation_seconds", "How long the kernel waited for an answer.", by: "operation",
      mount.times)
    counter(
      "p2pfs_fuse_parked_total", "Reads and writes that waited for bytes of other members.",
      mount.parked.total)
  }

  private mutating func bytes(_ name: String, _ help: String, _ traffic: Traffic) {
    counter(name, help, by: "direction", ["sent": traffic.sent.total, "received": traffic.received.total])
  }
}

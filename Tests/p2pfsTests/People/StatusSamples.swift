// Statuses as facts, for the tests of what people see of them.

import GroupModel
import Swarm

@testable import p2pfs

enum StatusSample {
  static let colour = Look(paints: true, drawsBlocks: true)
  static let blocks = Look(paints: false, drawsBlocks: true)

  static func transfer(
    _ label: String, _ done: UInt64, of total: UInt64, rate: Int = 0, sources: Int = 1
  ) -> DaemonReport.Transfer {
    DaemonReport.Transfer(label: label, doneBytes: done, totalBytes: total, rate: rate, sources: sources)
  }

  static func peer(
    _ user: String, sends receiveRate: Int = 0, gets sendRate: Int = 0,
    what: [String] = [], gives: [String] = []
  ) -> DaemonReport.Peer {
    DaemonReport.Peer(
      user: user, address: "192.0.2.1:4000", sentBytes: sendRate * 10, receivedBytes: receiveRate * 10,
      sendRate: sendRate, receiveRate: receiveRate, roundTripMicroseconds: 1_250, isSlow: false,
      sends: gives.map { .init(label: $0, rate: sendRate) },
      receives: what.map { .init(label: $0, rate: receiveRate) })
  }

  static func report(
    transfers: [DaemonReport.Transfer] = [], peers: [DaemonReport.Peer] = [], received: Int = 0, sent: Int = 0
  ) -> DaemonReport {
    var fetched = FetchCounters()
    fetched.received = received
    fetched.verified = received
    var report = DaemonReport(
      listening: "0.0.0.0:5757", peers: peers.count, sendRate: 0, receiveRate: 0, cachedBytes: 5 << 30,
      cacheBytesMax: 20 << 30, sentBytes: sent, fetched: fetched, transfers: transfers)
    report.connections = peers
    report.tracker = "127.0.0.1:9002"
    return report
  }

  static func status(_ report: DaemonReport? = report()) -> Status {
    var status = Status(state: "/home/alice/state")
    status.user = UserName("alice")!
    status.validUntil = 4_000_000_000
    let info = try! TrackerInfo(parsing: "127.0.0.1:9002\n[::1]:9003\nhost.example:1\n".utf8)
    let conditions: [TrackerCondition] = [
      .answers, .standsBy, .otherAuthority([UInt8](repeating: 7, count: 32)),
    ]
    status.trackers = zip(info.trackers, conditions).map { .init(address: $0, condition: $1) }
    status.authority = [UInt8](repeating: 0xA1, count: 32)
    status.daemonRuns = true
    status.daemon = report
    return status
  }

  /// One with everything in it.
  static var full: Status {
    var report = report(
      transfers: [transfer("team/a\\nb \"写真\".bin", 1 << 20, of: 4 << 20, rate: 1 << 20, sources: 2)],
      peers: [peer("bob", sends: 2 << 20, gets: 1 << 10, what: ["team/x"], gives: ["team/y", "team/z"])],
      received: 1 << 40, sent: 77)
    report.reads = [transfer("team/read", 3, of: 9, sources: 0)]
    report.mounted = "/mnt/a\"b\u{1B}"
    report.pending = ["team/one", "team/two"]
    report.events = [.init(time: 1_700_000_000, text: "a share\nof team/f has ended")]
    return status(report)
  }
}

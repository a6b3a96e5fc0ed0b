// What trackers and daemons show to Prometheus, while people do what they do.

import Foundation
import GroupModel
import TestSupport
import Testing

@Suite(.serialized) struct MetricsTests {
  private static let anywhere = ["--metrics", "127.0.0.1:0"]
  private static let fileBytes = 8 << 20

  /// alice and bob have mounted, and bob has read what alice has written.
  private func aFileIsRead() throws -> (team: Team, alice: Mounted, bob: Mounted) {
    let team = try Team(["alice", "bob"], trackerOptions: Self.anywhere)
    let (alice, bob) = (team[0].mounts(Self.anywhere), team[1].mounts(Self.anywhere))
    alice.does("head -c \(Self.fileBytes) /dev/urandom >team/secret-name")
    bob.sees("secret-name", by: "ls team")
    bob.does("cat team/secret-name >$S/copy")
    alice.does("cmp team/secret-name $S/copy")
    return (team, alice, bob)
  }

  @Test func `what a tracker and two members show adds up, and promtool has nothing to say against it`()
    throws
  {
    let (team, alice, bob) = try aFileIsRead()
    let tracker = team.story.tracker()
    // What bob holds he announces a moment later.
    try tracker.shows("two holders") { $0["p2pfs_tracker_holdings"] == 2 }
    let (seed, reader, network) = try (alice.daemon.scrape(), bob.daemon.scrape(), tracker.scrape())
    expectSent(by: seed, to: reader)
    expectMounts(seed, reader)
    expectNetwork(network)
    for scrape in [seed, reader, network] {
      scrape.pleasesPromtool(team.story.scratch)
      expectProcess(scrape)
      for name in ["alice", "bob", "team", "secret"] { #expect(!scrape.text.contains(name)) }
    }

    bob.does("cat team/secret-name >/dev/null; ls -l team >/dev/null; echo more >team/another")
    alice.sees("more", by: "cat team/another")
    for (child, earlier) in [(alice.daemon, seed), (bob.daemon, reader), (tracker, network)] {
      let later = try child.scrape()
      #expect(later.fallen(since: earlier) == [])
      #expect(later["process_cpu_seconds_total"] > earlier["process_cpu_seconds_total"])
    }
    let published = #"p2pfs_tracker_decisions_total{wish="publish",outcome="decided"}"#
    #expect(try tracker.scrape()[published] > network[published])
  }

  private func expectSent(by seed: Scrape, to reader: Scrape) {
    let bytes = Double(Self.fileBytes)
    let (sent, received) = (
      seed[#"p2pfs_content_bytes_total{direction="sent"}"#],
      reader[#"p2pfs_content_bytes_total{direction="received"}"#]
    )
    #expect(sent == received && received >= bytes)
    #expect(reader[#"p2pfs_fetched_bytes_total{outcome="new"}"#] == bytes)
    #expect(reader.sum("p2pfs_fetched_bytes_total") == received)
    #expect(reader["p2pfs_blocks_verified_total"] >= bytes / 16384)
    #expect(seed[#"p2pfs_peer_line_bytes_total{direction="sent"}"#] > sent)
    #expect(reader[#"p2pfs_peer_line_bytes_total{direction="received"}"#] > received)
    #expect(reader["p2pfs_block_request_seconds_count"] >= bytes / 524_288)
    #expect(reader["p2pfs_block_request_seconds_sum"] > 0)
    for scrape in [seed, reader] {
      #expect(scrape["p2pfs_verify_failures_total"] == 0 && scrape["p2pfs_liars_dropped_total"] == 0)
      #expect(scrape["p2pfs_hedged_requests_total"] >= 0)
      #expect(scrape["p2pfs_peer_connections"] == 1)
      #expect(scrape["p2pfs_logged_in"] == 1 && scrape["p2pfs_tracker_line_up"] == 1)
      #expect(scrape["p2pfs_tracker_answer_seconds_count"] > 3)
      #expect(scrape["p2pfs_cache_limit_bytes"] == Double(20 << 30))
      #expect(scrape["p2pfs_cache_evicted_bytes_total"] == 0)
    }
    #expect(seed[#"p2pfs_cache_bytes{kind="own"}"#] >= bytes)
    #expect(reader[#"p2pfs_cache_bytes{kind="fetched"}"#] >= bytes)
  }

  private func expectMounts(_ seed: Scrape, _ reader: Scrape) {
    func count(_ operation: String, _ scrape: Scrape) -> Double {
      scrape["p2pfs_fuse_operation_seconds_count{operation=\"\(operation)\"}"]
    }
    for operation in ["lookup", "create", "write", "flush", "release"] {
      #expect(count(operation, seed) > 0, "\(operation)")
    }
    for operation in ["lookup", "open", "read", "release", "readdir"] {
      #expect(count(operation, reader) > 0, "\(operation)")
    }
    #expect(reader["p2pfs_fuse_parked_total"] > 0)
    #expect(seed["p2pfs_pending_publishes"] == 0)
  }

  private func expectNetwork(_ network: Scrape) {
    #expect(network["p2pfs_tracker_serving"] == 1)
    #expect(network["p2pfs_tracker_sessions"] == 2 && network["p2pfs_tracker_connections"] == 2)
    #expect(network["p2pfs_tracker_users"] == 2 && network["p2pfs_tracker_groups"] == 1)
    #expect(network["p2pfs_tracker_contents"] == 1)
    for wish in ["found", "join", "accept", "publish"] {
      let decided = network["p2pfs_tracker_decisions_total{wish=\"\(wish)\",outcome=\"decided\"}"]
      #expect(decided == 1, "\(wish)")
    }
    #expect(network["p2pfs_tracker_decision_seconds_count"] == network.sum("p2pfs_tracker_decisions_total"))
    #expect(network[#"p2pfs_tracker_logins_total{by="password",outcome="admitted"}"#] == 2)
    #expect(network[#"p2pfs_tracker_logins_total{by="certificate",outcome="admitted"}"#] > 2)
    for kind in ["announce", "locate", "follow", "catch_up"] {
      #expect(network["p2pfs_tracker_requests_total{kind=\"\(kind)\"}"] > 0, "\(kind)")
    }
    #expect(network["p2pfs_tracker_announced_total"] >= 2 && network["p2pfs_tracker_pushes_total"] > 0)
    for direction in ["sent", "received"] {
      #expect(network["p2pfs_tracker_bytes_total{direction=\"\(direction)\"}"] > 1_000)
    }
    #expect(network.sum("p2pfs_tracker_queue_length") == 0)
  }

  private func expectProcess(_ scrape: Scrape) {
    #expect(scrape.holds("p2pfs_build_info"))
    #expect(scrape["process_resident_memory_bytes"] > Double(1 << 20))
    #expect(scrape["process_open_fds"] > 5 && scrape["process_max_fds"] >= scrape["process_open_fds"])
    let age = Date().timeIntervalSince1970 - scrape["process_start_time_seconds"]
    #expect((-2...120).contains(age), "it began \(age) s ago")
  }

  @Test func `who is turned away is counted, by why`() throws {
    let team = try Team(["alice"], trackerOptions: Self.anywhere)
    let tracker = team.story.tracker()
    team[0].fails(77, "login", "alice", "not her password")
    team[0].fails(77, "login", "nobody", "no password at all")
    let stranger = try #require(WebVisitor(to: team.story.ports[0]))
    stranger.say("GET / HTTP/1.1\r\n\r\n")
    #expect(stranger.isLeft())
    try tracker.shows("three who were turned away") { scrape in
      scrape[#"p2pfs_tracker_logins_total{by="password",outcome="wrong"}"#] == 2
        && scrape[#"p2pfs_tracker_connections_ended_total{reason="handshake"}"#] == 1
        && scrape["p2pfs_tracker_connections"] == 0
    }
    let scrape = try tracker.scrape()
    #expect(
      scrape["p2pfs_tracker_connections_taken_total"] == scrape.sum("p2pfs_tracker_connections_ended_total"))
  }

  @Test func `a tracker that stands by says so, and says when it serves`() throws {
    let story = Story(trackers: 2)
    story.startTracker(1)
    let second = story.startTracker(2, options: Self.anywhere)
    let standing = try second.scrape()
    #expect(standing["p2pfs_tracker_serving"] == 0 && !standing.holds("p2pfs_tracker_sessions"))
    standing.pleasesPromtool(story.scratch)
    story.killTracker(1)
    try second.shows("that it serves") { $0["p2pfs_tracker_serving"] == 1 && $0["p2pfs_tracker_users"] == 0 }
  }

  @Test func `a daemon shows itself while nobody is logged in, and what he does who comes`() throws {
    let team = try Team("alice", "bob")
    let alice = team[0]
    let daemon = alice.start(["--listen", "127.0.0.1:0", "serve"] + Self.anywhere)
    team.story.daemons.append(daemon)
    try daemon.shows("that she is logged in") {
      $0["p2pfs_logged_in"] == 1 && $0["p2pfs_tracker_line_up"] == 1
    }
    #expect(try !daemon.scrape().holds("p2pfs_fuse_parked_total"))
    alice.succeeds("logout")
    let alone = try daemon.scrape()
    #expect(alone["p2pfs_logged_in"] == 0 && !alone.holds("p2pfs_tracker_line_up"))
    alone.pleasesPromtool(team.story.scratch)
    alice.succeeds("login", "alice", alice.password)
    try daemon.shows("that she is back") { $0["p2pfs_logged_in"] == 1 && $0["p2pfs_tracker_line_up"] == 1 }
    team.story.killTracker()
    try daemon.shows("that the tracker is gone") { $0["p2pfs_tracker_line_up"] == 0 }
    daemon.signal(SIGTERM)
    #expect(daemon.wait(within: 10) == 0)
  }

  @Test func `a mount in the background and a console show theirs, and stop with them`() throws {
    let team = try Team("alice", "bob")
    let port = Ports.free()
    let mount = team[0].mountsApart("-o", "metrics=127.0.0.1:\(port)")
    let scrape = try #require(Scrape(at: port))
    #expect(scrape["p2pfs_logged_in"] == 1 && scrape.holds("p2pfs_fuse_operation_seconds_count"))
    let log = try String(contentsOfFile: team[0].state + "/daemon.log", encoding: .utf8)
    #expect(log.contains(" metrics at http://127.0.0.1:\(port)/metrics\n"))
    team[0].succeeds("unmount", mount.path)
    #expect(WebVisitor(to: port) == nil)

    let console = team[1].start(Self.anywhere + ["console"])
    let shown = try console.metricsPort()
    #expect(Scrape(at: shown)?.holds("p2pfs_logged_in") == true)
    console.write("quit\n")
    #expect(console.finish(within: 20).exit == 0)
    #expect(WebVisitor(to: shown) == nil)
  }

  @Test func `libmicrohttpd is missed by those alone who want it`() throws {
    let story = Story()
    // What lies there under its name is no library.
    story.scratch.make("lib")
    story.scratch.write("lib/libmicrohttpd.so.12", "not a library")
    let without = ["LD_LIBRARY_PATH": story.scratch.path + "/lib"]
    let failed = Child(
      Programs.tracker, ["--data", story.data] + Self.anywhere + [story.info, "1"], environment: without
    ).finish()
    #expect(
      failed.exit == 69 && failed.errors.contains("install it (apt-get install libmicrohttpd12)"), "\(failed)"
    )
    story.startTracker(environment: without)
    let alice = story.person("alice")
    alice.environment = without
    alice.fails(69, "serve", "--metrics", "127.0.0.1:0")
    #expect(alice.succeeds("status").contains { $0.hasSuffix(" answers") })
  }

  @Test func `where it cannot be shown nothing is begun, and the reason is told`() throws {
    let team = try Team("alice")
    let (alice, story) = (team[0], team.story)
    let taken = "127.0.0.1:\(story.ports[0])"
    let sentence =
      "cannot show metrics at \(taken): Address already in use: choose another address with --metrics IP:PORT"
    alice.fails(69, "--metrics", taken, "serve", says: sentence)
    alice.fails(69, "--metrics", taken, "console", says: sentence)
    alice.fails(69, "--metrics=\(taken)", "mount", alice.mountPoint, says: sentence)
    alice.fails(69, "mount", "-f", alice.mountPoint, "-o", "metrics=\(taken)", says: sentence)
    for wrong in ["9464", "localhost:9464", "127.0.0.1", "127.0.0.1:65536", "::1:9464", ""] {
      alice.fails(64, "--metrics=\(wrong)", "serve")
      let tracker = Child(
        Programs.tracker, ["--data", story.scratch.path + "/other", "--metrics", wrong, story.info, "1"]
      ).finish()
      #expect(tracker.exit == 64 && tracker.errors.hasPrefix("tracker: --metrics \(wrong): "), "\(tracker)")
    }
    let list = story.scratch.write("other.txt", "127.0.0.1:\(Ports.free())\n")
    let tracker = Child(
      Programs.tracker, ["--data", story.scratch.path + "/other", "--metrics=\(taken)", list, "1"]
    ).finish()
    #expect(
      tracker.exit == 69 && tracker.output == "" && tracker.errors == "tracker: \(sentence)\n", "\(tracker)")
    #expect(!FileManager.default.fileExists(atPath: story.scratch.path + "/other"))
  }
}

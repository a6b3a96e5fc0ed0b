// What `.downloads` fetches: how long it is listed, what ends it, and what other doors say of it meanwhile.

import Foundation
import Testing

@Suite(.serialized) struct MountDownloadTests {
  /// Of bob, who is killed and mounts again.
  private func isRestarted(_ bob: Mounted) {
    bob.isKilled()
    bob.mountsAgain()
  }

  @Test
  func `what has come is listed over restarts as long as it is in the group, under the name it has there`()
    throws
  {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does(
      """
      cd team; mkdir d; for f in gone kept later moved other d/x; do head -c 100000 /dev/urandom > $f; done
      touch empty
      """)
    bob.sees("8", by: "find team -mindepth 1 | wc -l")
    bob.does("for f in gone kept later moved other d empty; do echo start team $f > .downloads; done")
    let all = ["d/x", "empty", "gone", "kept", "later", "moved", "other"]
    func list(_ names: [String]) -> String { names.map { "[C] [team] \($0)" }.joined(separator: "\n") }
    bob.sees(list(all), by: "cat .downloads")
    isRestarted(bob)
    #expect(bob.does("cat .downloads") == list(all))
    #expect(bob.person.succeeds("show_downloads").joined(separator: "\n") == list(all))

    alice.does("cd team; rm gone; echo new > other; mv moved there; mv d e; chmod +x kept")
    let left = ["e/x", "empty", "kept", "later", "there"]
    bob.sees(list(left), by: "cat .downloads")
    bob.unmounts()
    alice.does("rm team/later")
    bob.mountsAgain()
    bob.sees(list(left.filter { $0 != "later" }), by: "cat .downloads")
    #expect(!bob.does("cat .log").contains("not fetched"), "it was fetched")
  }

  @Test func `what a shell has fetched is listed under the name that it has now`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("cd team; mkdir d; echo hello > f")
    bob.sees("d\nf", by: "ls team")
    bob.person.succeeds("download_file", "team", "f", "copy")
    alice.does("mv team/f team/d/g")
    bob.sees("[C] [team] d/g", by: "cat .downloads")
    #expect(bob.person.succeeds("show_downloads") == ["[C] [team] d/g"])
    alice.does("rm team/d/g")
    bob.sees("", by: "cat .downloads")
  }

  @Test func `what is downloaded into a mount does not keep it busy, nor does what was stopped`() throws {
    let team = try Team("alice", "bob")
    let alice = team[0].mounts(["--up-limit", "2M"])
    let bob = team[1].mounts()
    alice.does(
      """
      cd team; mkdir d; head -c 1000000 /dev/urandom > d/f; echo one > d/one
      head -c 20000000 /dev/urandom > slow
      """)
    bob.sees("20000000", by: "stat -c %s team/slow")
    bob.does("mkdir own")
    bob.person.succeeds("download_file", "team", "d/f", bob.place + "/own/copy")
    bob.person.succeeds("download_file", "team", "d", bob.place + "/own")
    bob.does("cmp team/d/f own/copy; diff -r team/d own/d")
    let download = bob.person.begins("slow", to: bob.place + "/own/slow")
    try bob.person.waits(forBytes: 1_000_000, of: "team/slow")
    download.signal(SIGINT)
    download.wait()
    bob.sees("copy\nd", by: "ls -A own")
    #expect(bob.does("cat .downloads") == "[C] [team] d/f\n[C] [team] d/one")
    bob.unmounts()
    bob.mountsAgain()
    bob.does("cmp team/d/f own/copy")
  }

  @Test func `what had to make room is not listed, and can be fetched again`() throws {
    let team = try Team("alice", "bob")
    let alice = team[0].mounts()
    let bob = team[1].mounts(["--cache-size", "2M"])
    alice.does("cd team; head -c 1500000 /dev/urandom > f; head -c 4000000 /dev/urandom > g")
    bob.sees("f\ng", by: "ls team")
    bob.does("echo start team f > .downloads")
    bob.sees("[C] [team] f", by: "cat .downloads")
    bob.does("cat team/g > /dev/null")
    bob.sees("", by: "cat .downloads", within: 30)
    isRestarted(bob)
    bob.sees("", by: "cat .downloads")
    bob.does("echo start team f > .downloads")
    bob.sees("[C] [team] f", by: "cat .downloads")
    #expect(bob.have("team/f") == 1_500_000)
  }

  /// Else each piece that comes makes room for one that has come, for ever.
  @Test func `what the cache has no room for is not fetched in the background`() throws {
    let team = try Team("alice", "bob")
    let alice = team[0].mounts(["--up-limit", "4M"])
    let bob = team[1].mounts(["--cache-size", "4M"])
    alice.does(
      "cd team; head -c 5000000 /dev/urandom > large; head -c 3M /dev/urandom > one; cp large two; truncate -s 3M two"
    )
    bob.sees("large\none\ntwo", by: "ls team")
    bob.isRefused(ENOSPC, "echo start team large > .downloads")
    bob.does("echo start team one > .downloads")
    bob.isRefused(ENOSPC, "echo start team two > .downloads")
    bob.sees("[C] [team] one", by: "cat .downloads")
    bob.does("echo start team two > .downloads")
    bob.sees("[C] [team] two", by: "cat .downloads")
    #expect(bob.does("grep -c 'not fetched any further: the cache has no room' .log") == "2")
    let received = try team[1].status.fetched.received
    #expect(received < 8 << 20, "\(received) bytes")
  }

  @Test func `what ends a fetch is in the log, and a new name does not end it`() throws {
    let team = try MountedTeam("alice", "bob", "carol")
    let (alice, bob, carol) = (team[0], team[1], team[2])
    carol.does("cd team; for f in changed gone kept moved off; do head -c 100000 /dev/urandom > $f; done")
    bob.sees("5", by: "ls team | wc -l")
    alice.sees("5", by: "ls team | wc -l")
    carol.isKilled()
    bob.does("for f in changed gone kept moved off; do echo start team $f > .downloads; done")
    alice.does("rm team/gone; echo new > team/changed; mv team/moved team/there")
    bob.sees("[D] [team] kept\n[D] [team] off\n[D] [team] there", by: "cat .downloads")
    let reasons = "grep -o 'team/.* not fetched any further: .*' .log"
    #expect(
      Set(bob.does(reasons).split(separator: "\n")) == [
        "team/gone is not fetched any further: it was taken out of the group",
        "team/changed is not fetched any further: something else was published in its place, which can be started anew",
      ])

    bob.unmounts()
    alice.does("rm team/off")
    bob.mountsAgain()
    bob.sees("team/off is not fetched any further: it was taken out of the group", by: reasons)
    carol.mountsAgain()
    bob.sees("[C] [team] kept\n[C] [team] there", by: "cat .downloads")
    bob.does("cmp team/there '\(carol.place)/team/there'")

    carol.does("head -c 100000 /dev/urandom > team/last")
    bob.sees("last", by: "cd team; ls last")
    carol.isKilled()
    bob.does("echo start team last > .downloads")
    alice.does("echo remove bob > team/.members")
    bob.sees(
      "team/last is not fetched any further: you are no longer in the group", by: "\(reasons) | tail -n 1")
    #expect(bob.does("cat .downloads") == "")
  }

  @Test func `a fetch is one transfer for status and for the metrics, and nobody reads it`() throws {
    let team = try Team("alice", "bob")
    let alice = team[0].mounts(["--up-limit", "500K"])
    let bob = team[1].mounts(["--metrics", "127.0.0.1:0"])
    alice.does("head -c 6000000 /dev/urandom > team/f")
    bob.sees("6000000", by: "stat -c %s team/f")
    bob.does("echo start team f > .downloads")
    try bob.person.waits(forBytes: 600_000, of: "team/f")
    let reader = bob.starts("cat team/f > /dev/null")
    bob.sees("[D] [team] f", by: "cat .downloads")
    let status = try JSONSerialization.jsonObject(with: Data(bob.does("cat .status").utf8))
    let daemon = try #require((status as? [String: Any])?["daemon"] as? [String: Any])
    let transfers = try #require(daemon["transfers"] as? [[String: Any]])
    #expect(transfers.count == 1 && transfers.first?["file"] as? String == "team/f")
    #expect((600_000..<6_000_000).contains(transfers.first?["done"] as? Int ?? 0))
    #expect(transfers.first?["total"] as? Int == 6_000_000)
    #expect((daemon["reads"] as? [Any])?.count == 0)
    #expect(try bob.daemon.scrape()["p2pfs_downloads"] == 1)
    #expect(bob.person.succeeds("top", "--once").count { $0.hasPrefix("team/f ") } == 1)
    reader.isKilled()
    bob.does("echo stop team f > .downloads")
    #expect(try bob.person.status.transfers.isEmpty)
    try bob.daemon.shows("no download") { $0["p2pfs_downloads"] == 0 }
  }
}

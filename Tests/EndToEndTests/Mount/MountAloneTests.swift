// A mount whose tracker is away: what works without it, and what comes after it.

import Foundation
import Testing

@Suite(.serialized) struct MountAloneTests {
  @Test func `what is closed meanwhile is here, pending, and published when the tracker is back`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("echo old > team/old; echo kept > team/kept")
    bob.sees("old", by: "cat team/old")
    team.story.killTracker()

    let begin = Date()
    alice.does("echo new > team/new")
    #expect(Date().timeIntervalSince(begin) < 2.5 + slack, "a close waits two seconds at most")
    alice.does(
      "echo newer > team/old; mkdir team/dir; echo inside > team/dir/f; ln -s f team/dir/l; chmod +x team/new"
    )
    #expect(
      alice.does("cat team/new team/old team/dir/l; ls team") == "new\nnewer\ninside\ndir\nkept\nnew\nold")
    #expect(alice.attribute("state", of: "team/new") == "pending")
    #expect(
      alice.does(
        "python3 -c 'import json; print(len(json.load(open(\".status\"))[\"daemon\"][\"pending\"]))'") != "0")
    let syncing = alice.person.start(["sync"])
    #expect(bob.does("cat team/old; ls team") == "old\nkept\nold")

    #expect(syncing.finish().exit == 75)
    // A restart is no hindrance, nor is a kill.
    alice.isKilled()
    alice.mountsAgain()
    #expect(alice.does("cat team/new team/old team/dir/l") == "new\nnewer\ninside")
    alice.does("echo changed > team/new")
    team.story.startTracker()
    alice.person.succeeds("sync")
    bob.sees("changed\nnewer\ninside\nkept", by: "cat team/new team/old team/dir/l team/kept")
    #expect(bob.does("stat -c %a team/new") == "555")
    #expect(alice.attribute("state", of: "team/new") == "complete")
  }

  @Test func `what asks the tracker is EHOSTUNREACH without one`() throws {
    let team = try MountedTeam("alice", "bob")
    let alice = team[0]
    alice.does("echo f > team/f")
    team.story.killTracker()
    // Each waits some seconds for a tracker that may come, so they wait together.
    let scripts = [
      "mkdir group", "echo group > .join", "echo team > .leave", "echo accept bob > team/.requests",
      "rm team/f",
      "mv team/f team/g",
    ]
    for (script, child) in scripts.map({ ($0, alice.starts($0)) }) {
      let outcome = child.finish(within: 12 * slack)
      #expect(outcome.exit != 0 && outcome.errors.contains("No route to host"), "\(script): \(outcome)")
    }
    #expect(alice.does("cat team/f") == "f")
    // Where all that time was waited in vain, nobody waits for it again.
    let begin = Date()
    alice.isRefused(EHOSTUNREACH, "rm team/f")
    #expect(Date().timeIntervalSince(begin) < 2.5 * slack)
    alice.does("for i in $(seq 20); do echo $i > team/$i; done; rm team/[12]?")
    #expect(Date().timeIntervalSince(begin) < 7 * slack, "the journal is enough")
    team.story.startTracker()
    alice.does("rm team/f")
  }

  /// Names that are made while no tracker answers wait as long as a `close` does, and nobody waits for those who wait.
  @Test func `directories and links are made within two seconds, also while a directory is being renamed`()
    throws
  {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("mkdir team/a team/b team/x team/y; echo 1 > team/a/f")
    bob.sees("1", by: "cat team/a/f")
    team.story.killTracker()
    let renaming = alice.starts("mv team/b team/c")
    alice.does(
      "for i in $(seq 40); do ! grep -q wait_answer /proc/\(renaming.pid)/wchan || break; sleep 0.05; done")
    let begin = Date()
    // The kernel lets one at a time change a directory, so each has its own.
    let children = [
      "mkdir team/x/new", "ln -s ../a/f team/y/link", "echo 2 > team/a/g", "echo 3 > team/a/f; cat team/a/f",
    ].map { alice.starts($0) }
    for child in children {
      let outcome = child.finish(within: 30)
      #expect(outcome.exit == 0 && outcome.errors == "", "\(outcome)")
    }
    let seconds = Date().timeIntervalSince(begin)
    #expect(seconds < 2.5 + slack, "\(seconds) s")
    #expect(renaming.finish(within: 12 * slack).errors.contains("No route to host"))
    #expect(
      alice.does("cat team/a/f team/a/g; readlink team/y/link; ls team/x") == "3\n2\n../a/f\nnew")
    team.story.startTracker()
    alice.person.succeeds("sync")
    bob.sees("f\ng\nnew\nlink", by: "ls team/a; ls team/x; ls team/y")
    bob.sees("3\n3\n2", by: "cat team/a/f team/y/link team/a/g")
  }

  @Test func `a whole file that somebody wants is fetched after a restart, unless he has called it off`()
    throws
  {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("for f in one two three; do head -c 100000 /dev/urandom > team/$f; done")
    bob.sees("3", by: "ls team | wc -l")
    bob.does("echo start team one > .downloads")
    bob.sees("[C] [team] one", by: "cat .downloads")
    alice.isKilled()
    bob.does("echo start team two > .downloads; echo start team three > .downloads")
    #expect(bob.does("cat .downloads") == "[C] [team] one\n[D] [team] three\n[D] [team] two")
    bob.isKilled()
    bob.mountsAgain()
    #expect(bob.does("cat .downloads") == "[C] [team] one\n[D] [team] three\n[D] [team] two")
    bob.does("echo stop team three > .downloads")
    bob.isKilled()
    bob.mountsAgain()
    #expect(bob.does("cat .downloads") == "[C] [team] one\n[D] [team] two")
    alice.mountsAgain()
    bob.sees("[C] [team] one\n[C] [team] two", by: "cat .downloads")
    bob.does("cmp team/two $S/mount-alice/team/two")
    #expect(bob.have("team/two") == 100_000 && bob.have("team/three") == 0)
    bob.isKilled()
    bob.mountsAgain()
    #expect(bob.does("cat .downloads") == "[C] [team] one\n[C] [team] two")
  }

  @Test func `what was made, renamed and removed meanwhile is shared under the names that are left`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    team.story.killTracker()
    alice.does("cd team; echo hello > off2; echo a > from; echo b > over; echo kept > kept~")
    #expect(alice.does("cat team/.shares") == "from\noff2\nover")
    alice.does("cd team; rm off2; mv from to; echo c > over; echo again > from; rm from")
    #expect(alice.does("cat team/.shares") == "over\nto")
    alice.does("cd team; mv over over~; echo b > over")
    #expect(alice.does("cat team/.shares") == "over\nto")
    team.story.startTracker()
    alice.person.succeeds("sync")
    #expect(alice.does("cat team/.shares") == "over\nto")
    alice.person.fails(66, "stop_share", "team", "off2")
    bob.sees("b\na", by: "cat team/over team/to")
    alice.isKilled()
    alice.mountsAgain()
    alice.sees("over\nto", by: "cat team/.shares")
    alice.does("echo stop to > team/.shares")
    #expect(alice.does("cat team/.shares") == "over")
  }

  @Test func `two who wrote one name meanwhile both keep what they wrote`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("mkdir team/d")
    bob.sees("d", by: "ls team")
    team.story.killTracker()
    alice.does("echo of alice > team/d/report.txt")
    bob.does("echo of bob > team/d/report.txt")
    team.story.startTracker()
    for person in [alice, bob] { person.person.succeeds("sync") }
    let tree = "cd team/d; for f in *; do echo \"$f: $(cat \"$f\")\"; done"
    alice.sees("2", by: "ls team/d | wc -l")
    bob.sees(alice.does(tree), by: tree)
    let listed = alice.does(tree).split(separator: "\n")
    #expect(listed.contains { $0.hasPrefix("report.txt: of ") })
    let pattern = /report \(conflict of (alice|bob) \d{4}-\d\d-\d\d\)\.txt: of (alice|bob)/
    let copy = listed.compactMap { try? pattern.wholeMatch(in: $0) }
    #expect(copy.count == 1 && copy[0].output.1 == copy[0].output.2, "\(listed)")
  }

  @Test func `looking around needs nobody`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("mkdir -p team/a/b; for i in $(seq 300); do echo $i > team/a/b/$i; done")
    bob.sees("300", by: "ls team/a/b | wc -l")
    bob.does("cat team/a/b/7")
    team.story.killTracker()
    alice.isKilled()
    let begin = Date()
    #expect(
      bob.does(
        "ls -la team/a/b | wc -l; find team | wc -l; stat -c %s team/a/b/300; cat team/a/b/7; df . | wc -l; du -s team > /dev/null; cat .groups .downloads .log .help team/.members team/.shares > /dev/null; cat .status | wc -l"
      )
        == "303\n303\n4\n7\n2\n1")
    let seconds = Date().timeIntervalSince(begin)
    #expect(seconds < 2 * slack, "\(seconds) s")
    let reading = Date()
    bob.isRefused(EHOSTDOWN, "cat team/a/b/8")
    #expect(Date().timeIntervalSince(reading) < 5 * slack)
    // And so after a restart.
    bob.isKilled()
    bob.mountsAgain()
    #expect(bob.does("find team | wc -l; cat team/a/b/7") == "303\n7")
  }

  @Test func `a mount in the background is usable when it returns, and gone when unmount returns`() throws {
    let team = try MountedTeam("alice")
    let (story, alice) = (team.story, team[0])
    alice.does("echo f > team/f")
    alice.unmounts()
    #expect(alice.tries("cd /; ls -A \(alice.place)").output == "")
    let person = alice.person
    for _ in 1...3 {
      person.succeeds("--listen", "127.0.0.1:0", "mount", alice.place)
      #expect(alice.does("cat team/f") == "f")
      person.fails(69, "--listen", "127.0.0.1:0", "mount", story.scratch.path + "/second")
      let busy = alice.starts("exec 3< team/f; echo open; read")
      #expect(busy.waitFor("open"))
      #expect(person.run(["unmount", alice.place]).exit != 0, "somebody uses it")
      busy.write("\n")
      busy.finish()
      person.succeeds("unmount", alice.place)
      #expect(
        alice.tries("cd /; ls -A \(alice.place); grep -c ' \(alice.place) ' /proc/mounts").output == "0\n")
    }
  }
}

// A mount whose tracker has stalled: it has heard what was closed, and does it when it goes on.

import Foundation
import Testing

@Suite(.serialized) struct MountStallTests {
  /// Everything that was called, at the end, by both.
  private func bothSee(_ text: String, by script: String, in team: MountedTeam) {
    team[0].person.succeeds("sync")
    for person in team.people { person.sees(text, by: script) }
    // What the tracker still had to read would have come by now.
    usleep(500_000)
    for person in team.people { #expect(person.does(script) == text, "\(person.name)") }
  }

  private let tree =
    "cd team; find . -type f ! -name '.*' | sort | while read f; do echo $f $(cat \"$f\"); done"

  private func status(_ word: String) -> String {
    "python3 -c 'import json; print(json.load(open(\".status\"))[\"daemon\"][\"\(word)\"])'"
  }

  @Test func `what was removed, renamed or written anew while the tracker stalled stays so`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, tracker) = (team[0], team.story.tracker())
    alice.does("mkdir team/d; echo old > team/d/kept; echo first > team/twice")
    tracker.signal(SIGSTOP)
    defer { tracker.signal(SIGCONT) }
    let children = [
      "echo moved > team/from; mv team/from team/to", "echo gone > team/gone; rm team/gone",
      "echo old > team/anew; rm team/anew; echo new > team/anew",
      "echo second > team/twice; echo third > team/twice",
      "echo 1 > team/e; echo 2 > team/e.new; mv team/e.new team/e", "mkdir team/x; rmdir team/x",
    ].map { alice.starts($0) }
    for child in children {
      let outcome = child.finish(within: 60)
      #expect(outcome.exit == 0 && outcome.errors == "", "\(outcome)")
    }
    #expect(alice.does(status("pending")).contains("team/gone"))
    tracker.signal(SIGCONT)
    bothSee("./anew new\n./d/kept old\n./e 2\n./to moved\n./twice third", by: tree, in: team)
    #expect(alice.does("ls team") == "anew\nd\ne\nto\ntwice")
  }

  @Test func `it stays so when the daemon is killed in between`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, tracker) = (team[0], team.story.tracker())
    alice.does("echo kept > team/kept")
    tracker.signal(SIGSTOP)
    defer { tracker.signal(SIGCONT) }
    alice.does("echo moved > team/from; mv team/from team/to")
    alice.does("echo gone > team/gone; rm team/gone")
    alice.does("echo old > team/anew; rm team/anew; echo new > team/anew")
    // It can do nothing about it, and its line does not end.
    alice.daemon.signal(SIGSTOP)
    tracker.signal(SIGCONT)
    team[1].sees("anew\nfrom\ngone\nkept\nto", by: "ls team")
    alice.isKilled()
    alice.mountsAgain()
    bothSee("./anew new\n./kept kept\n./to moved", by: tree, in: team)
  }

  @Test func `what was never sent is nobody's business`() throws {
    let team = try MountedTeam("alice", "bob")
    let alice = team[0]
    team.story.killTracker()
    // The line's end is noticed here first.
    alice.sees("None", by: status("tracker"))
    alice.does("echo gone > team/gone; rm team/gone")
    #expect(alice.does(status("pending")) == "[]")
    team.story.startTracker()
    bothSee("", by: tree, in: team)
  }
}

// Two who make something under one name while no tracker answers: nothing of either is lost.

import Foundation
import Testing

@Suite(.serialized) struct MountConflictTests {
  private static let day = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

  /// What each does while no tracker answers, and then it is back.
  private func meanwhile(_ team: MountedTeam, _ alices: String, _ bobs: String, first: Int? = nil) {
    team.story.killTracker()
    team[0].does(alices)
    team[1].does(bobs)
    team.story.startTracker()
    for person in team.people { person.person.succeeds("sync") }
    let tree = "cd team; find . | LC_ALL=C sort"
    team[0].sees(team[1].does(tree), by: tree)
  }

  /// Whose copy it is, and its name.
  private func copy(in team: MountedTeam, _ pattern: String) -> (
    loser: Mounted, winner: Mounted, name: String
  )? {
    let names = team[0].does("cd team; find . -mindepth 1").split(separator: "\n").map {
      String($0.dropFirst(2))
    }
    for (loser, winner) in [(team[0], team[1]), (team[1], team[0])] {
      let pattern = pattern.replacing("USER", with: loser.name).replacing("DAY", with: Self.day)
      guard let regex = try? Regex(pattern) else { return nil }
      if let name = names.first(where: { $0.wholeMatch(of: regex) != nil }) { return (loser, winner, name) }
    }
    Issue.record("no \(pattern) in \(names)")
    return nil
  }

  @Test func `a copy whose name would be too long has a shorter one`() throws {
    let team = try MountedTeam("alice", "bob")
    let name = String(repeating: "n", count: 250)
    let umlauts = String(repeating: "ä", count: 120) + ".tar"
    let scripts = ["alice", "bob"].map { "echo \($0) > team/\(name); echo \($0) > team/\(umlauts)" }
    meanwhile(team, scripts[0], scripts[1])
    if let (loser, winner, copy) = copy(in: team, "n+ \\(conflict of USER DAY\\)") {
      #expect(copy.utf8.count == 255)
      #expect(winner.does("cat 'team/\(copy)' team/\(name)") == "\(loser.name)\n\(winner.name)")
    }
    if let (loser, winner, copy) = copy(in: team, "ä+ \\(conflict of USER DAY\\)\\.tar") {
      #expect(copy.utf8.count >= 254)
      #expect(winner.does("cat 'team/\(copy)' team/\(umlauts)") == "\(loser.name)\n\(winner.name)")
    }
  }

  @Test func `where no other name has room the bytes are kept aside`() throws {
    let team = try MountedTeam("alice", "bob")
    // The name is short, and its path is as long as a path may be.
    let deep = "import os; d = 'd' * 240; [(os.makedirs(d, exist_ok=True), os.chdir(d)) for i in range(16)]"
    func writes(_ text: String) -> String {
      "cd team; python3 -c \"\(deep); e = 'e' * 234; os.makedirs(e, exist_ok=True); os.chdir(e); open('f.x', 'w').write('\(text)')\""
    }
    team[0].does(writes("").replacing("open('f.x', 'w').write('')", with: "pass"))
    team[1].sees("17", by: "find team -mindepth 1 | wc -l")
    meanwhile(team, writes("of alice"), writes("of bob"))
    let kept = team.people.map { $0.tries("cat $S/state-\($0.name)/recovered/* 2>/dev/null").output }
    let content = team[0].does("find team -type f -execdir cat '{}' +")
    #expect(kept.sorted() == ["", content == "of bob" ? "of alice" : "of bob"])
    let loser = kept[0].isEmpty ? team[1] : team[0]
    #expect(loser.does("cat .log").contains("there is no room for another: its content is kept as "))
  }

  @Test func `a link that loses its name is kept beside it, unless it is the same`() throws {
    let team = try MountedTeam("alice", "bob")
    meanwhile(
      team, "ln -s of-alice team/link.txt; ln -s both team/same; ln -s of-alice team/mixed",
      "ln -s of-bob team/link.txt; ln -s both team/same; echo of-bob > team/mixed")
    #expect(team[0].does("ls team | grep -c conflict") == "2")
    if let (loser, winner, copy) = copy(in: team, "link \\(conflict of USER DAY\\)\\.txt") {
      #expect(
        winner.does("readlink 'team/\(copy)' team/link.txt team/same")
          == "of-\(loser.name)\nof-\(winner.name)\nboth")
      #expect(loser.does("cat .log").contains("team/link.txt was published by somebody else meanwhile"))
    }
    if let (loser, winner, copy) = copy(in: team, "mixed \\(conflict of USER DAY\\)") {
      let reads = "for f in 'team/\(copy)' team/mixed; do readlink \"$f\" || cat \"$f\"; done"
      #expect(winner.does(reads) == "of-\(loser.name)\nof-\(winner.name)")
    }
  }

  /// bob has published the files before alice hears of anything.
  @Test(arguments: [false, true])
  func `a directory that loses its name to a file goes on beside it with all that is in it`(
    afterRestart: Bool
  ) throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    team.story.killTracker()
    alice.does(
      "mkdir -p team/full/deep team/empty; echo in > team/full/in; echo deep > team/full/deep/f; ln -s in team/full/l"
    )
    alice.isKilled()
    bob.does("echo f > team/full; echo e > team/empty")
    team.story.startTracker()
    bob.person.succeeds("sync")
    alice.mountsAgain()
    if afterRestart {
      alice.isKilled()
      alice.mountsAgain()
    }
    alice.person.succeeds("sync")
    bob.sees("f\ne", by: "cat team/full team/empty")
    alice.sees("f\ne", by: "cat team/full team/empty")
    guard let (loser, _, copy) = copy(in: team, "full \\(conflict of USER DAY\\)") else { return }
    #expect(loser.name == "alice")
    bob.sees("in\ndeep\nin", by: "cd 'team/\(copy)'; cat in deep/f l")
    #expect(alice.does("ls team | wc -l") == "3")
    #expect(alice.does("cat .log").contains("team/empty was published by somebody else meanwhile: an empty"))
    #expect(alice.tries("ls $S/state-alice/recovered").exit != 0)
  }

  @Test func `what has lost its directory is kept under a name that tells`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    bob.does("mkdir -p team/above/gone")
    alice.sees("gone", by: "ls team/above")
    team.story.killTracker()
    alice.does("echo kept > team/above/gone/f")
    alice.isKilled()
    team.story.startTracker()
    bob.does("for i in 1 2 3 4 5 6 7 8; do rmdir team/above/gone && break; sleep 1; done")
    alice.mountsAgain()
    alice.person.succeeds("sync")
    #expect(alice.does("cat $S/state-alice/recovered/team_above_gone_f") == "kept")
    #expect(alice.does("cat .log").contains("team/above/gone/f "))
  }
}

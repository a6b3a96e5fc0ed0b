// What is being written where it can never be published: who writes it is told, and his bytes are kept.

import Testing

@Suite(.serialized) struct MountLostPlaceTests {
  enum Loss: CaseIterable {
    case directory, membership, leaving

    var file: String { self == .directory ? "gone/mine" : "mine" }
    var number: String { self == .directory ? "ESTALE" : "EACCES" }
    var flatName: String { self == .directory ? "team_gone_mine" : "team_mine" }
  }

  @Test(arguments: Loss.allCases)
  func `who writes where nothing is published any more hears of it at once`(_ loss: Loss) throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    bob.does("mkdir team/gone")
    alice.sees("gone", by: "ls team")
    let writer = bob.starts(
      """
      python3 -c '
      import errno, os, time
      f = os.open("team/\(loss.file)", os.O_RDWR | os.O_CREAT)
      os.write(f, b"of bob")
      open("\(team.story.scratch.path)/begun", "w").close()
      while not os.path.exists("\(team.story.scratch.path)/lost"): time.sleep(.01)
      seen = []
      for attempt in [lambda: os.write(f, b"more"), lambda: os.fsync(f), lambda: os.close(f)]:
        seen.append("")
        try: attempt()
        except OSError as error: seen[-1] = errno.errorcode[error.errno]
      print(*seen)'
      """)
    bob.sees("begun", by: "cd $S; ls begun")
    switch loss {
    case .directory: alice.does("rmdir team/gone")
    case .membership: alice.does("echo remove bob > team/.members")
    case .leaving: bob.does("echo team > .leave")
    }
    bob.sees("", by: loss == .directory ? "ls team" : "ls")
    bob.does("touch $S/lost")
    #expect(writer.finish(within: 20).output == "\(loss.number) \(loss.number) \(loss.number)\n")
    #expect(bob.does("cat $S/state-bob/recovered/\(loss.flatName)") == "of bob")
    #expect(bob.does("cat .log").contains("team/\(loss.file) has no directory any more: its content is kept"))
  }

  @Test func `what was removed by its own member is written on, as on any disk`() throws {
    let team = try MountedTeam("alice")
    team[0].does("exec 7> team/f; rm team/f; echo more >&7; exec 7>&-; test ! -e team/f")
    #expect(team[0].tries("ls $S/state-alice/recovered").exit != 0)
  }
}

// `top` on a terminal: it shows what goes on while it does, follows the window, and leaves no trace.

import Foundation
import Testing

@Suite(.serialized) struct TopTests {
  private let team: Team
  private var alice: Person { team[0] }
  private var bob: Person { team[1] }

  init() throws {
    team = try Team("alice", "bob")
    for person in team.people { person.environment = ["TERM": "xterm-256color"] }
  }

  private func top(_ person: Person) -> Child {
    let top = person.start(["top"], onTerminal: true)
    #expect(top.draws { $0.pictures.count > 1 }, "\(top.text(1))")
    return top
  }

  @Test func `a download's bar moves, with who sends it, and the picture is as large as the window`() throws {
    alice.serves("--up-limit", "1500K")
    let daemon = bob.serves()
    team.makeFile("film", bytes: 16 << 20)
    alice.succeeds("upload_file", team.path("film"), "team")
    let download = bob.begins("film", to: team.path("copy"))
    let top = top(bob)
    func parts(_ screen: Screen) -> [Int] {
      let rows = screen.pictures.joined().filter { $0.hasPrefix("team/film ") }
      return rows.compactMap { $0.firstMatch(of: /\s([0-9]+)%/).flatMap { Int($0.1) } }
    }
    #expect(top.draws { Set(parts($0)).count >= 3 }, "\(top.text(1))")
    #expect(parts(top.screen) == parts(top.screen).sorted())
    #expect(
      top.draws { $0.pictures.joined().contains { $0.contains(/^alice +1\.[0-9]M\/s .*↓ team\/film/) } })
    #expect(top.text(1).contains("\u{1B}[36m█"), "a bar has its colour")

    top.resize(columns: 50, rows: 12)
    #expect(top.draws { $0.pictures.dropLast().contains { $0.count == 12 } })
    let small = try #require(top.screen.pictures.last { $0.count == 12 })
    #expect(small.allSatisfy { $0.count <= 50 }, "\(small)")
    #expect(small.contains { $0.hasPrefix("team/film ") }, "\(small)")

    // Who is gone is told and waited for.
    daemon.isKilled()
    download.isKilled()
    #expect(top.draws { $0.pictures.joined().contains { $0.contains("the daemon has ended") } })
    let before = top.screen.pictures.count
    bob.serves()
    #expect(
      top.draws { $0.pictures.dropFirst(before).joined().contains { $0.hasPrefix("bob  at 127.0.0.1:") } })

    top.write("q")
    #expect(top.wait(within: 10) == 0)
    #expect(top.draws { $0.isLeftClean } && top.echoes, "\(top.text(1).suffix(200))")
  }

  @Test func `however it ends, the terminal is as it was`() {
    alice.serves()
    for (end, status) in [(SIGTERM, -SIGTERM), (SIGHUP, -SIGHUP), (SIGINT, 0)] {
      let top = top(alice)
      #expect(!top.echoes)
      top.signal(end)
      #expect(top.wait(within: 10) == status)
      #expect(top.draws(within: 5) { $0.isLeftClean } && top.echoes, "signal \(end)")
    }
    let top = top(alice)
    top.write("\u{3}")
    #expect(top.wait(within: 10) == 0)
    #expect(top.draws(within: 5) { $0.isLeftClean } && top.echoes)
  }

  @Test func `Ctrl-Z gives the shell its terminal back, and fg draws again`() {
    alice.serves()
    let shell = Child(
      "/bin/bash",
      ["-c", #"set -m; "$@"; echo "stopped $?"; read; fg; echo "over $?""#, "sh", Programs.p2pfs, "top"],
      environment: ["P2PFS_STATE": alice.state, "TERM": "xterm"], onTerminal: true)
    #expect(shell.draws { $0.pictures.count > 1 })
    shell.write("\u{1A}")
    #expect(shell.waitFor("stopped 148"))
    #expect(shell.echoes && shell.screen.bytes.contains(Screen.goodbye))
    let before = shell.screen.pictures.count
    shell.write("\n")
    #expect(shell.draws { $0.pictures.count > before + 1 })
    #expect(!shell.echoes)
    shell.write("q")
    #expect(shell.waitFor("over 0") && shell.echoes)
    #expect(shell.finish(within: 10).exit == 0)
  }

  @Test func `into a pipe it is one plain picture, and without a daemon there is none`() {
    alice.fails(69, "top")
    alice.fails(69, "top", "--once")
    alice.serves()
    let lines = alice.succeeds("top")
    #expect(lines.first?.hasPrefix("alice  at 127.0.0.1:") == true)
    #expect(!lines.joined().contains("\u{1B}"))
    let once = alice.start(["top", "--once"], onTerminal: true).finish()
    #expect(once.exit == 0 && once.output.contains("\u{1B}[1malice") && !once.output.contains("\u{1B}[?"))
  }
}

// The doctor beside real daemons, trackers and mounts, well and ill. Other tests of this machine have mounts too, and one
// that was killed has left its own: they are taken out of his sight, in a mount namespace of his.

import Foundation
import Testing

@Suite(.serialized) struct DoctorTests {
  private let team: Team
  private var story: Story { team.story }
  private var alice: Person { team[0] }

  init() throws { team = try Team("alice") }

  private struct Report {
    let exit: Int32
    let lines: [String]

    var problems: [String] { lines.filter { $0.hasPrefix("problem") } }

    func has(_ line: String) -> Bool { lines.contains { $0.hasPrefix(line) } }
  }

  private func examine(_ person: Person, _ options: String...) -> Report {
    let begun = Date()
    let outcome = person.run(["doctor"] + options, through: withOurMountsOnly)
    #expect(Date().timeIntervalSince(begun) < 6 && outcome.errors == "", "\(outcome)")
    return Report(exit: outcome.exit, lines: outcome.lines)
  }

  private var withOurMountsOnly: String {
    """
    exec unshare --mount --propagation private sh -c '
      while read -r source place type rest; do
        case $type:$place in
          fuse.p2pfs:\(story.scratch.path)/*) ;;
          fuse.p2pfs:*) umount --lazy "$place" ;;
        esac
      done </proc/self/mounts
      exec "$@"' sh "$@"
    """
  }

  @Test func `where all is well he says so, with and without a daemon, and changes nothing`() {
    let report = examine(alice)
    #expect(report.problems == [] && report.has("info daemon: none runs here"))
    let mounted = alice.mounts()
    let well = examine(alice)
    #expect(well.problems == [] && well.exit == 0, "\(well.lines)")
    for line in [
      "ok FUSE: ", "ok state: ", "ok login: alice, valid until ", "ok trackers: 1 tracker from ",
      "ok tracker: 127.0.0.1:\(story.ports[0]) answers in ", "ok clock: the same as the tracker's",
      "ok daemon: it runs, mounted at '\(mounted.place)', listening on 127.0.0.1:",
      "ok mount: '\(mounted.place)' answers (p2pfs:alice@127.0.0.1:\(story.ports[0]))", "ok cache: ",
    ] { #expect(well.has(line), "\(line)\n\(well.lines)") }

    let nobody = story.person("nobody")
    let stranger = examine(nobody)
    #expect(stranger.problems == [] && stranger.has("info login: nobody is logged in here"))
    #expect(stranger.has("ok tracker: 127.0.0.1:\(story.ports[0]) answers, connected in "))
    #expect(!FileManager.default.fileExists(atPath: nobody.state))
  }

  @Test func `a tracker that is away is out of reach, and an impostor is named and told nothing`() throws {
    story.killTracker()
    let away = examine(alice)
    #expect(away.exit == 69 && away.problems.count == 1, "\(away.lines)")
    #expect(away.has("problem tracker: 127.0.0.1:\(story.ports[0]) takes no connections: it is not running"))

    let impostor = try Impostor(at: story.ports[0])
    let fooled = examine(alice)
    #expect(fooled.exit == 78)
    #expect(
      fooled.has(
        "problem tracker: 127.0.0.1:\(story.ports[0]) speaks for another authority, \(impostor.authority)"))

    let deaf = try #require(DeafPort())
    let list = story.scratch.write("deaf.txt", "127.0.0.1:\(deaf.port)\n")
    let silent = examine(alice, "--tracker", list)
    #expect(silent.exit == 69 && silent.has("problem tracker: 127.0.0.1:\(deaf.port) does not answer: "))
    let nothing = story.scratch.write("nothing.txt", "# nothing\n")
    #expect(
      examine(alice, "--tracker", nothing).has("problem trackers: '\(nothing)', no line names a tracker"))
  }

  @Test func `files that are open to others are told, and stay as they are`() throws {
    let login = alice.state + "/login"
    chmod(login, 0o644)
    chmod(alice.state, 0o755)
    for _ in 1...2 {
      let report = examine(alice)
      #expect(report.exit == 78 && report.problems.count == 1, "\(report.lines)")
      #expect(
        report.has("problem key: '\(login)', with your private key in it, is open to others (mode 644)"))
      #expect(report.has("  chmod 600 '\(login)'"))
      #expect(report.has("warning state: '\(alice.state)' is open to others (mode 755)"))
    }
  }

  @Test func `a port in use, an address that nobody reaches, a cache that has no room`() {
    let report = examine(
      alice, "--listen", "127.0.0.1:\(story.ports[0])", "--cache-size", "1000T", "--advertise", "10.0.0.1:5")
    #expect(report.exit == 69, "\(report.lines)")
    #expect(report.has("problem listening: 127.0.0.1:\(story.ports[0]) is in use by another program"))
    #expect(report.has("info address: peers are told 10.0.0.1:5: a private address"))
    #expect(report.has("warning cache: it may take 1000.0T, but its disk has room for "))
  }

  @Test func `a mount whose daemon died, or hangs, is named, with what frees it`() throws {
    let mounted = alice.mounts()
    mounted.daemon.signal(SIGSTOP)
    let hanging = examine(alice)
    #expect(hanging.has("problem daemon: one runs here and does not answer"), "\(hanging.lines)")
    #expect(hanging.has("problem mount: '\(mounted.place)' does not answer: its daemon hangs"))
    mounted.daemon.signal(SIGCONT)
    mounted.isKilled()
    let dead = examine(alice)
    #expect(dead.exit == 78 && dead.problems.count == 1, "\(dead.lines)")
    #expect(dead.has("problem mount: '\(mounted.place)' is left of a daemon that died"))
    #expect(dead.has("  p2pfs unmount '\(mounted.place)' frees it"))
    alice.succeeds("unmount", mounted.place)
    #expect(examine(alice).problems == [])
  }

  @Test func `what waits to be published, and what was recovered, is told`() throws {
    let mounted = alice.mounts()
    story.killTracker()
    mounted.does("echo one > team/one")
    let waiting = examine(alice)
    #expect(waiting.has("warning unpublished: 1 change waits to be published"), "\(waiting.lines)")
    #expect(waiting.has("warning daemon: it runs, and no tracker answers it"))
    mounted.isKilled()
    alice.succeeds("unmount", mounted.place)
    story.scratch.make("state-alice/recovered")
    story.scratch.write("state-alice/recovered/draft", "x")
    let left = examine(alice)
    #expect(left.has("warning unpublished: 1 change waits to be published"), "\(left.lines)")
    #expect(left.has("warning recovered: 1 file in '\(alice.state)/recovered'"))
    story.startTracker()
    mounted.mountsAgain()
    alice.succeeds("sync")
    #expect(!examine(alice).has("warning unpublished"))
  }

  @Test func `on a terminal he is aligned and in colours`() {
    alice.environment = ["TERM": "xterm"]
    let page = alice.start(["doctor"], onTerminal: true).finish().output
    let lines = page.components(separatedBy: "\r\n").map(Screen.plain)
    #expect(page.contains("\u{1B}[32mok\u{1B}[0m       \u{1B}[1mFUSE\u{1B}[0m"))
    #expect(
      Set(
        lines.filter { $0.hasPrefix("ok ") }.compactMap { $0.firstMatch(of: /^ok +\S+( \S+)? {2,}/)?.0.count }
      ).count == 1)
    #expect(lines.allSatisfy { $0.count <= 100 })
  }
}

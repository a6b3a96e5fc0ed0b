// `status` as people see it.

import Testing

@testable import p2pfs

@Suite struct StatusPageTests {
  @Test func `it says who, where, how full, what is on its way and who sends it`() {
    let text = StatusPage.lines(StatusSample.full, width: 120, StatusSample.blocks).map(\.text)
    #expect(
      text.prefix(8) == [
        "user       alice", "login      valid until 2096-10-02 07:06:40 UTC",
        "tracker    ● 127.0.0.1:9002  answers",
        "           ● [::1]:9003  takes no connections: it stands by, or is not running",
        "           ● host.example:1  speaks for another authority, sha256:07070707070707070707070707070707070707070707070707070…",
        "authority  sha256:a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1",
        "state      /home/alice/state", "daemon     running, listening on 0.0.0.0:5757",
      ])
    #expect(text.contains("mounted    /mnt/a\"b\\033"))
    #expect(text.contains("cache      █████░░░░░░░░░░░░░░░  5.0G of 20.0G"))
    #expect(
      text.contains {
        $0.hasPrefix("  team/a\\nb \"写真\".bin  ██████████░")
          && $0.hasSuffix("25%  4.0M  1.0M/s  0:03       2")
      })
    #expect(text.contains { $0.hasPrefix("  team/read ") && $0.hasSuffix("-:--  nobody") })
    let bob =
      "  bob     2.0M/s  1.0K/s     20.0M  10.0K       1.3ms  192.0.2.1:4000  ↓ team/x  ↑ team/y  ↑ team/z"
    #expect(text.contains(bob))
    #expect(
      text.suffix(6) == [
        "WAITING TO BE PUBLISHED", "  team/one", "  team/two", "", "EVENTS",
        "  2023-11-14 22:13:20 UTC  a share\\nof team/f has ended",
      ])
  }

  @Test(arguments: [1, 2, 10, 20, 40, 60, 80, 200])
  func `no line is wider than the terminal`(width: Int) {
    for look in [Look.plain, StatusSample.colour] {
      let lines = StatusPage.lines(StatusSample.full, width: width, look)
      #expect(lines.allSatisfy { $0.width <= width })
    }
  }

  @Test func `a long list of what waits is counted`() {
    var report = StatusSample.report()
    report.pending = (1...500).map { "team/\($0)" }
    let text = StatusPage.lines(StatusSample.status(report), width: 80, .plain).map(\.text)
    #expect(text.count < 40 && text.contains("  and 490 more"))
  }

  @Test func `a daemon that does not answer is not called a running one`() {
    var status = StatusSample.status(nil)
    status.daemonIsSilent = true
    #expect(StatusPage.lines(status, width: 80, .plain).map(\.text).last == "daemon     does not answer")
    #expect(status.lines.last == "daemon does not answer")
  }

  @Test func `without a daemon it says how to start one`() {
    var status = StatusSample.status(nil)
    status.daemonRuns = false
    let text = StatusPage.lines(status, width: 80, .plain).map(\.text)
    #expect(text.last == "daemon     none: start one with 'p2pfs mount DIR' or 'p2pfs serve'")
  }

  @Test func `into a pipe it is a key and its value a line`() {
    let lines = StatusSample.full.lines
    #expect(lines.contains("transfer 1048576/4194304 team/a\\nb \"写真\".bin"))
    #expect(lines.contains("read 3/9 team/read"))
    #expect(lines.contains("peer bob 192.0.2.1:4000 sends 2.0M/s, gets 1.0K/s"))
    #expect(lines.last == "event 2023-11-14T22:13:20Z a share\\nof team/f has ended")
    #expect(!lines.contains { $0.contains("\u{1B}") })
  }
}

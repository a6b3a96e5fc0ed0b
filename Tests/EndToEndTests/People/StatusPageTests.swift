// `status` for people and for pipes, with a transfer going on.

import Foundation
import Testing

@Suite(.serialized) struct StatusPageTests {
  private func shown(_ person: Person, _ environment: [String: String]) -> String {
    person.environment = environment
    defer { person.environment = [:] }
    let outcome = person.start(["status"], onTerminal: true).finish()
    #expect(outcome.exit == 0)
    return outcome.output
  }

  @Test func `on a terminal it is a page in colours, in a pipe plain lines`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.serves("--up-limit", "1M")
    bob.serves()
    team.makeFile("film\u{1B}[31m", bytes: 24 << 20)
    alice.succeeds("upload_file", team.path("film\u{1B}[31m"), "team")
    let download = bob.begins("film\u{1B}[31m", to: team.path("copy"))
    defer { download.isKilled() }
    try bob.waits(forBytes: 2 << 20, of: "team/film\\033[31m")

    let page = shown(bob, ["TERM": "xterm"])
    let lines = page.components(separatedBy: "\r\n").map(Screen.plain)
    #expect(page.contains("\u{1B}[36m█") && !page.contains("film\u{1B}"))
    #expect(lines.first == "user       bob")
    #expect(
      lines.contains { $0.contains(/^  team\/film\\033\[31m +█.*░ +[0-9]+% +24\.0M +.*\/s +[0-9:]+ +1$/) })
    #expect(lines.contains { $0.contains(/^  alice +[0-9.]+[KM]\/s +- .*↓ team/) })
    #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
    let sending = shown(alice, ["TERM": "xterm"]).components(separatedBy: "\r\n").map(Screen.plain)
    #expect(sending.contains { $0.contains(/^  bob +- +[0-9.]+[KM]\/s .*↑ team/) })

    for plain in [["TERM": "xterm", "NO_COLOR": "1"], ["TERM": "dumb"], [:]] {
      let text = shown(bob, plain)
      #expect(!text.contains("\u{1B}") && text.contains("TRANSFERS"))
    }
    let piped = bob.succeeds("status")
    #expect(piped.contains { $0.contains(/^transfer [0-9]+\/25165824 team\/film\\033\[31m$/) })
    #expect(
      piped.contains { $0.contains(/^peer alice 127\.0\.0\.1:[0-9]+ sends [0-9.]+[KM]\/s, gets 0B\/s$/) })

    let json = try JSONSerialization.jsonObject(with: Data(bob.run(["status", "--json"]).output.utf8))
    let daemon = try #require((json as? [String: Any])?["daemon"] as? [String: Any])
    let peer = try #require((daemon["connections"] as? [[String: Any]])?.first)
    #expect(peer["user"] as? String == "alice" && (peer["receiveRate"] as? Int ?? 0) > 0)
    #expect((peer["receives"] as? [[String: Any]])?.first?["file"] as? String == "team/film\\033[31m")
    let transfer = try #require((daemon["transfers"] as? [[String: Any]])?.first)
    #expect((transfer["rate"] as? Int ?? 0) > 0 && transfer["sources"] as? Int == 1)
    #expect(daemon["tracker"] as? String == "127.0.0.1:\(team.story.ports[0])")
  }

  @Test func `what a program reads in a mount is on the page, too`() throws {
    let team = try Team("alice", "bob")
    team[0].serves("--up-limit", "500K")
    let bob = team[1].mounts()
    team.makeFile("film", bytes: 8 << 20)
    team[0].succeeds("upload_file", team.path("film"), "team")
    bob.sees("\(8 << 20)", by: "stat -c %s team/film")
    let reader = bob.starts("cat team/film > /dev/null")
    defer { reader.isKilled() }
    team[1].comes(to: "a read", "status") {
      $0.contains { $0.hasPrefix("read ") && $0.hasSuffix("/8388608 team/film") }
    }
    team[1].comes(to: "a row", "top", "--once") { $0.contains { $0.hasPrefix("team/film ") } }
  }
}

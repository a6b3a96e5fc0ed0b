// The sessions of classroom-style trackers, typed into the console of three members.

import Foundation
import Testing

@Suite(.serialized) struct ConsoleTests {
  /// A console at a pipe: what is typed, and what it says.
  private func console(_ person: Person) -> Child {
    let console = person.start(["127.0.0.1:0", person.story.info])
    person.story.daemons.append(console)
    return console
  }

  @Test func `three members at their consoles make a group, share, fetch and stop`() {
    let story = Story()
    story.startTracker()
    story.scratch.write("1.png", "a picture")
    let (alice, bob, carol) = (story.person("alice"), story.person("bob"), story.person("carol"))
    let (first, second, third) = (console(alice), console(bob), console(carol))

    first.write("create_user alice abc\nlogin alice abc\ncreate_group g1\nlist_groups\n")
    #expect(first.waitFor("g1 alice owner 1 0"))
    second.write("create_user bob def\nlogin bob def\njoin_group g1\n")
    #expect(second.waitFor("asked to join g1"))
    third.write("create_user carol ghi\nlogin carol ghi\nlist_groups\njoin_group g1\n")
    #expect(third.waitFor("asked to join g1"))
    first.write("list_requests g1\naccept_request g1 bob\nreject_request g1 carol\nupload_file 1.png g1\n")
    #expect(first.waitFor("sharing 1.png in g1"))
    second.write("list_files g1\n")
    #expect(second.waitFor("9 alice 1 1.png"), "\(second.text(1))\(second.text(2))")
    second.write("download_file g1 1.png 2.png\n")
    #expect(second.waitFor("downloading 1.png"))
    var tries = 0
    while !second.text(1).contains("[C] [g1] 1.png"), tries < 100 {
      second.write("show_downloads\n")
      usleep(50_000)
      tries += 1
    }
    #expect(FileManager.default.contents(atPath: story.scratch.path + "/2.png") == Data("a picture".utf8))
    third.write("list_files g1\n")
    #expect(third.waitFor("you are not a member of g1", on: 2))

    second.write("stop_share g1 1.png\nleave_group g1\nlogout\nquit\n")
    #expect(second.finish().exit == 0)
    first.write("stop_share g1 1.png\nlist_files g1\nexit\n")
    #expect(first.finish().exit == 0)
    #expect(third.finish().exit == 0)
  }

  @Test func `Ctrl-C throws a half-typed line away, or calls a command off, and the peer goes on`() throws {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    alice.succeeds("create_group", "team")
    let path = story.scratch.write("big", "")
    #expect(truncate(path, 8 << 30) == 0)
    let console = alice.start(["127.0.0.1:0", story.info], onTerminal: true)
    story.daemons.append(console)
    #expect(console.waitFor("p2pfs> "))
    console.write("nonsense\u{3}list_groups\r")
    #expect(console.waitFor("alice  owner"), "\(console.text(1))")
    console.write("upload_file \(path) team\r")
    #expect(console.waitFor("%"))
    console.write("\u{3}")
    #expect(console.waitFor("it was stopped"), "\(console.text(1))")
    console.write("list_groups\rquit\r")
    #expect(console.finish().exit == 0)
    #expect(!console.text(1).contains("no command"))
  }

  @Test func `options and names with a dash are what they are at a shell`() {
    let story = Story()
    story.startTracker()
    story.scratch.write("-dd", "something")
    story.scratch.write("--json", "else")
    let alice = story.member("alice")
    alice.succeeds("create_group", "team")
    let console = console(alice)
    console.write("upload_file -- -dd --json team\nlist_files -- team\nseed -- -dd\nlink team -dd\n")
    console.write("link --help\nlist_files --json team\nlist_groups --state x\n--\nexit\n")
    let outcome = console.finish()
    #expect(outcome.exit == 0)
    #expect(
      outcome.lines.filter { $0.hasPrefix("sharing ") } == [
        "sharing -dd in team", "sharing --json in team", "sharing -dd in team",
      ])
    #expect(outcome.output.contains("9 alice 1 -dd\n") && outcome.output.contains("4 alice 1 --json\n"))
    #expect(outcome.lines.contains { $0.hasPrefix("p2pfs://team/") && $0.hasSuffix("/9/-dd") })
    #expect(outcome.output.contains("usage: p2pfs link <group> <file>\n"))
    #expect(
      outcome.errors.split(separator: "\n").filter { $0.hasPrefix("p2pfs: ") } == [
        "p2pfs: '-dd' is no option: 'help' lists them; put -- before an argument that starts with a dash",
        "p2pfs: list_files does not know --json: usage is 'list_files <group>'",
        "p2pfs: options are for the command line that starts the console: leave them out here",
        "p2pfs: no command is given: 'help' lists them",
      ])
  }

  @Test func `words of other trackers are understood`() {
    let story = Story()
    story.startTracker()
    story.scratch.write("f", "something")
    story.scratch.write("g", "else")
    let alice = story.member("alice")
    alice.succeeds("create_group", "team")
    let console = console(alice)
    console.write("share 2 f, g\nshow\nseed f\nstart\nnonsense\nshare 3 f\n")
    console.write("download team f\nhelp seed\nshow --help\nexit\n")
    let outcome = console.finish()
    #expect(outcome.exit == 0)
    #expect(outcome.output.contains("sharing g in team"))
    #expect(outcome.output.contains("4 alice 1 g"))
    #expect(outcome.errors.contains("'nonsense' is no command"))
    #expect(outcome.errors.contains("usage is 'download <file>'"))
    #expect(outcome.output.contains("usage: seed <file>\nusage: show\n"))
    #expect(outcome.errors.contains("share wants the number of files"))
  }
}

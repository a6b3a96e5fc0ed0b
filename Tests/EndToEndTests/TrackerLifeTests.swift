// A tracker from its ready line to its end.

import Foundation
import Testing

@Suite struct TrackerLifeTests {
  @Test func `it says that it is ready, in one line and to the letter`() {
    let story = Story()
    let tracker = story.startTracker()
    let line = tracker.text(1)
    #expect(
      line.wholeMatch(of: /tracker 1 ready on 127\.0\.0\.1:(\d+) ca sha256:([0-9a-f]{64})\n/)?.1
        == "\(story.ports[0])", "\(line)")
    #expect(story.person("alice").succeeds("status").contains("tracker 127.0.0.1:\(story.ports[0]) answers"))
    // The authority outlives the process.
    let authority = story.authority
    story.killTracker()
    story.startTracker()
    #expect(story.authority == authority)
  }

  @Test(arguments: ["quit\n", "help\nquit\r\n", "\t  quit  \n", "help\nquit", "SIGINT", "SIGTERM"])
  func `it ends cleanly when it is told to`(how: String) {
    let story = Story()
    let tracker = story.startTracker()
    story.person("alice").succeeds("create_user", "alice", "secret")
    switch how {
    case "SIGINT": tracker.signal(SIGINT)
    case "SIGTERM": tracker.signal(SIGTERM)
    default:
      tracker.write(how)
      if !how.hasSuffix("\n") { tracker.endInput() }
    }
    #expect(tracker.wait(within: 5) == 0)
    #expect(!tracker.text(2).contains("error"), "\(tracker.text(2))")
    story.startTracker()
    story.person("alice").succeeds("login", "alice", "secret")
  }

  @Test func `after a clean stop one file holds everything`() throws {
    let story = Story()
    story.startTracker()
    story.member("alice").succeeds("create_group", "team")
    story.tracker().signal(SIGTERM)
    #expect(story.tracker().wait() == 0)
    let log = URL(filePath: story.data + "/ledger.sqlite-wal")
    let left = try? log.resourceValues(forKeys: [.fileSizeKey]).fileSize
    #expect(left ?? 0 == 0)
  }

  @Test func `the end of its input means nothing`() {
    let story = Story()
    let tracker = story.startTracker()
    tracker.write("quite another word\nqui")
    tracker.endInput()
    let alice = story.person("alice")
    for _ in 1...2 {
      #expect(alice.succeeds("status").contains("tracker 127.0.0.1:\(story.ports[0]) answers"))
    }
    #expect(tracker.wait(within: 0) == nil)
  }

  @Test(arguments: ["[::1]", "localhost", "LocalHost"])
  func `it is reached by IPv6 and by name`(host: String) {
    let story = Story()
    let place = "\(host.lowercased()):\(story.ports[0])"
    _ = story.scratch.write("tracker_info.txt", "\(host):\(story.ports[0])\n")
    let tracker = story.startTracker()
    #expect(tracker.text(1).hasPrefix("tracker 1 ready on \(place) ca "))
    #expect(story.person("alice").succeeds("status").contains("tracker \(place) answers"))
  }

  @Test func `its data directory is its own, and found where XDG says`() throws {
    let story = Story()
    for (environment, place) in [
      (["XDG_DATA_HOME": story.scratch.path + "/xdg"], "xdg/p2pfs-tracker"),
      (["HOME": story.scratch.path + "/home"], "home/.local/share/p2pfs-tracker"),
    ] {
      let tracker = Child(Programs.tracker, [story.info, "1"], environment: environment)
      #expect(tracker.waitFor(" ready on "))
      let path = story.scratch.path + "/" + place
      let modes = Child("/usr/bin/find", [path, "-printf", "%m %P\n"]).finish().lines.sorted()
      #expect(
        modes.contains("700 ") && modes.contains("600 authority.pem") && modes.contains("600 ledger.sqlite"))
      #expect(modes.allSatisfy { $0 == "700 " || $0.hasPrefix("600 ") }, "\(modes)")
      tracker.signal(SIGTERM)
      #expect(tracker.finish(within: 10).exit == 0)
    }
  }

  @Test func `a data directory that others may enter is closed to them`() {
    let story = Story()
    story.scratch.make("data")
    chmod(story.data, 0o755)
    story.startTracker()
    #expect(Child("/usr/bin/stat", ["-c", "%a", story.data]).finish().output == "700\n")
  }

  @Test func `it logs only errors when told so, and says who came when asked for all`() {
    let story = Story()
    let loud = story.startTracker(options: ["--log=debug"])
    story.person("alice").succeeds("status")
    #expect(loud.waitFor(" debug 127.0.0.1:", on: 2))
    loud.signal(SIGTERM)
    loud.wait()
    let quiet = story.startTracker(options: ["--log", "error"])
    story.person("alice").succeeds("status")
    quiet.signal(SIGTERM)
    #expect(quiet.finish().errors == "")
  }
}

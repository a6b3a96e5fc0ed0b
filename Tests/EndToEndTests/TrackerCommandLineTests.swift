// The tracker's own command line and its list of trackers: what it says when it starts, and when it does not.

import Foundation
import Testing

@Suite struct TrackerCommandLineTests {
  private let scratch = Scratch()

  private func run(
    _ words: [String], environment: [String: String] = [:], through wrapper: [String] = []
  ) -> Outcome {
    let command = wrapper + [Programs.tracker] + words
    return Child(command[0], Array(command.dropFirst()), environment: environment, directory: scratch.path)
      .finish(
        within: 15)
  }

  /// That exit code, and one line on stderr, a sentence of two halves.
  private func expectRefusal(
    _ outcome: Outcome, _ exit: Int32, _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(outcome.exit == exit, "\(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.output == "", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 1 && lines[0].hasPrefix("tracker: "), "\(outcome)", sourceLocation: sourceLocation)
    #expect(lines.first?.dropFirst(9).contains(": ") == true, "\(outcome)", sourceLocation: sourceLocation)
    for part in parts {
      #expect(outcome.errors.contains(part), "\(outcome)", sourceLocation: sourceLocation)
    }
  }

  private func list(_ text: String) -> String { scratch.write("tracker_info.txt", text) }

  @Test func `a command line that makes no sense is answered with the usage`() {
    let info = list("127.0.0.1:\(Ports.free())\n")
    let usage = "usage: tracker [--data DIR] [--log LEVEL] [--metrics IP:PORT] <tracker_info.txt> <number>"
    for words in [
      [], [info], [info, "1", "2"], ["--dta", "x", info, "1"], ["-d", info, "1"], [info, "1", "--data"],
    ] {
      let outcome = run(words)
      #expect(outcome.exit == 64 && outcome.errors.contains(usage), "\(words): \(outcome)")
      #expect(outcome.errors.split(separator: "\n").count == 1)
    }
    for number in ["0", "-1", "one", "1x", "", "99999999999999999999"] {
      expectRefusal(run(["--data", scratch.path + "/d", "--", info, number]), 64)
      expectRefusal(run(["--data", scratch.path + "/d", info, number]), 64)
    }
    expectRefusal(run([info, "2"]), 64, "there is no tracker 2 in", "lists 1", "from 1 to 1")
    expectRefusal(run(["--log", "loud", info, "1"]), 64, "error, warning, info, debug")
    expectRefusal(run([info, "1"], environment: ["HOME": ""]), 64, "--data")
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/d"))
  }

  @Test func `it explains itself`() {
    for words in [["--help"], ["-h"], ["--data", "x", "--help"]] {
      let outcome = run(words)
      #expect(outcome.exit == 0 && outcome.errors == "")
      #expect(outcome.output.hasPrefix("usage: tracker "))
      for word in ["--data", "--log", "--metrics", "quit", "HOST:PORT"] {
        #expect(outcome.output.contains(word))
      }
    }
    #expect(run(["--version"]).output.wholeMatch(of: /tracker \d+\.\d+\.\d+\n/) != nil)
  }

  @Test(
    arguments: [
      ("127.0.0.1\n", "line 1: there is no port"),
      ("127.0.0.1: 31000\n", "line 1: there is no port"),
      ("# a comment\n\n127.0.0.1:9002\n:9003\n", "line 4: there is no host before the colon"),
      ("127.0.0.1:port\n", "line 1: the port is not a number"),
      ("127.0.0.1:0\n", "line 1: the port is not between 1 and 65535"),
      ("127.0.0.1:65536\n", "line 1: the port is not between 1 and 65535"),
      ("::1:9002\n", "line 1: an IPv6 address has to stand in brackets"),
      ("[::1]9002\n", "line 1: the brackets do not hold an IPv6 address"),
      ("[::g]:9002\n", "line 1: the brackets do not hold an IPv6 address"),
      ("300.1.2.3:9002\n", "line 1: that is neither an IP address nor a host name"),
      ("127.0.0.1:9002 sha256:abc\n", "line 1: the authority's fingerprint is not sha256:"),
      ("127.0.0.1:9002 md5:abc\n", "line 1: the authority's fingerprint is not sha256:"),
      ("127.0.0.1:9002 x y\n", "line 1: there is more than an address and a fingerprint"),
      ("127.0.0.1:9002\n127.0.0.1:9002\n", "line 2: 127.0.0.1:9002 is listed twice"),
      ("localhost:9002\nLOCALHOST:9002\n", "line 2: localhost:9002 is listed twice"),
      (
        "a:1 sha256:\(String(repeating: "a", count: 64))\nb:1 sha256:\(String(repeating: "b", count: 64))\n",
        "line 2: it names another authority than a line before it"
      ),
      ("127.0.0.1:9002\u{7}\n", "line 1: it holds control characters"),
      ("127.0.0.1:9002 #\(String(repeating: "x", count: 1025))\n", "line 1: it is longer than 1024 bytes"),
      ("", "no line names a tracker"), ("# nothing\n\r\n", "no line names a tracker"),
    ])
  func `each mistake in the list is told with its line and the right form`(text: String, sentence: String) {
    expectMistake(text, sentence)
  }

  @Test func `a list that is too large is told`() {
    expectMistake(String(repeating: "#\n", count: 40_000), "the file is larger than 64 KiB")
  }

  private func expectMistake(_ text: String, _ sentence: String) {
    let outcome = run(["--data", scratch.path + "/d", list(text), "1"])
    expectRefusal(outcome, 78, "tracker_info.txt, \(sentence)", ": a line is HOST:PORT or [IPv6]:PORT")
    // The client reads the same file by the same rules.
    let client = Child(
      Programs.p2pfs, ["create_user", "alice", "secret"],
      environment: ["P2PFS_STATE": scratch.path + "/state"],
      directory: scratch.path
    ).finish()
    expectFailure(client, 78, sentence)
    #expect(client.errors.contains(sentence))
  }

  @Test func `a list with a fingerprint begins no new network, and leaves nothing behind`() {
    let pinned = "sha256:" + String(repeating: "5", count: 64)
    let info = list("127.0.0.1:\(Ports.free()) \(pinned)\n")
    for directory in ["new/er", "empty"] {
      if directory == "empty" { scratch.make(directory) }
      expectRefusal(
        run(["--data", scratch.path + "/" + directory, info, "1"]), 78, "names the authority \(pinned)",
        "there is none yet in \(scratch.path)/\(directory): give the --data DIR of that network")
    }
    #expect(scratch.names() == ["empty", "tracker_info.txt"] && scratch.names(in: "empty") == [])
  }

  @Test func `a list that cannot be read is told`() {
    expectRefusal(run(["no-such-file", "1"]), 78, "no-such-file", "No such file or directory")
    expectRefusal(run([scratch.path, "1"]), 78, "Is a directory")
    try? Data([0x31, 0xFF, 0x0A]).write(to: URL(filePath: scratch.path + "/latin1"))
    expectRefusal(run(["latin1", "1"]), 78, "line 1: it is not UTF-8 text")
  }

  @Test func `a list may hold comments, blank lines, and the line ends of other systems`() {
    let port = Ports.free()
    let info = list("\u{FEFF}# two trackers\r\n\r\n  localhost:1 # not this one\r\n\t127.0.0.1:\(port)\r\n")
    let tracker = Child(Programs.tracker, ["--data", scratch.path + "/d", info, "2"])
    #expect(tracker.lines().first?.hasPrefix("tracker 2 ready on 127.0.0.1:\(port) ca sha256:") == true)
    tracker.write("quit\n")
    #expect(tracker.finish(within: 10).exit == 0)
  }

  @Test func `a port in use is told with a remedy`() throws {
    let taken = try #require(DeafPort())
    let info = list("127.0.0.1:\(taken.port)\n")
    expectRefusal(
      run(["--data", scratch.path + "/d", info, "1"]), 69, "cannot listen on 127.0.0.1:\(taken.port)",
      "Address already in use", "ss -ltnp")
  }

  @Test func `an address of another machine or of none is told`() {
    expectRefusal(
      run(["--data", scratch.path + "/d", list("192.0.2.1:9002\n"), "1"]), 69,
      "it has to be an address of this machine")
    expectRefusal(
      run(["--data", scratch.path + "/d", list("no-such-host.invalid:9002\n"), "1"]), 69,
      "no address is known for no-such-host.invalid")
  }
}

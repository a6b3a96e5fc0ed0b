// Options where people put them, what stands in for them in the environment, and help.

import Foundation
import Testing

extension OneNetwork {
  @Suite struct Options {
    /// Commands that tell where they look, with an environment of the test's own and nothing else.
    private func tells(
      _ words: String..., with environment: [String: String], in directory: String? = nil
    ) -> [String] {
      let outcome = Child(
        Programs.p2pfs, words, environment: environment,
        directory: directory ?? network.scratch.path + "/data"
      ).finish()
      #expect(outcome.exit == 0, "\(words): \(outcome)")
      return outcome.lines
    }

    @Test func `options stand before and after the command, with or without an equals sign`() {
      let alice = network.member("alice")
      alice.environment = ["P2PFS_STATE": "/nowhere", "P2PFS_TRACKER": "/nowhere"]
      defer { alice.environment = [:] }
      let (state, tracker) = (alice.state, network.info)
      let lines = [
        ["--state", state, "--tracker", tracker, "list_members", "options"],
        ["list_members", "options", "--state", state, "--tracker", tracker],
        ["--state=\(state)", "list_members", "--tracker=\(tracker)", "options"],
        [
          "--cache-size", "1G", "--read-timeout=5", "--state=\(state)", "list_members", "--tracker", tracker,
          "options",
        ],
      ]
      #expect(alice.run(["create_group", "options", "--state", state, "--tracker", tracker]).exit == 0)
      for line in lines { #expect(alice.run(line).lines == ["alice owner online"]) }
    }

    @Test(
      arguments: [
        (["P2PFS_STATE": "/p", "XDG_STATE_HOME": "/x", "HOME": "/h"], "state /p"),
        (["P2PFS_STATE": "", "XDG_STATE_HOME": "/x", "HOME": "/h"], "state /x/p2pfs"),
        (["XDG_STATE_HOME": "relative", "HOME": "/h"], "state /h/.local/state/p2pfs"),
        (["HOME": "/h"], "state /h/.local/state/p2pfs"),
      ])
    func `the state directory is where the environment says`(environment: [String: String], line: String) {
      #expect(tells("status", with: environment).contains(line))
    }

    @Test func `an option beats the environment`() {
      #expect(tells("status", "--state", "/o", with: ["P2PFS_STATE": "/p"]).contains("state /o"))
    }

    @Test
    func `the list of trackers is the option's, the environment's, the login's, the one here, in this order`()
    {
      let alice = network.member("alice")
      let lists = ["option", "environment", "here"].enumerated().map { number, name in
        network.scratch.make("lists/\(name)")
        return network.scratch.write("lists/\(name)/tracker_info.txt", "127.0.0.1:\(number + 1)\n")
      }
      let here = network.scratch.path + "/lists/here"
      func tracker(_ words: String..., environment: [String: String]) -> String? {
        let lines = Child(
          Programs.p2pfs, ["status"] + words, environment: environment, directory: here
        ).finish().lines
        return lines.first { $0.hasPrefix("tracker ") }.map { String($0.split(separator: " ")[1]) }
      }
      let named = ["P2PFS_STATE": alice.state, "P2PFS_TRACKER": lists[1]]
      #expect(tracker("--tracker", lists[0], environment: named) == "127.0.0.1:1")
      #expect(tracker(environment: named) == "127.0.0.1:2")
      #expect(tracker(environment: ["P2PFS_STATE": alice.state]) == "127.0.0.1:\(network.ports[0])")
      #expect(tracker(environment: ["P2PFS_STATE": "/nobody"]) == "127.0.0.1:3")
    }

    @Test func `without any list of trackers it says how to name one`() {
      let outcome = Child(
        Programs.p2pfs, ["create_user", "alice", "secret"],
        environment: ["P2PFS_STATE": network.scratch.path + "/state-lost"], directory: network.data
      ).finish()
      expectFailure(outcome, 78, "no list")
      #expect(
        outcome.sentence
          == "there is no tracker_info.txt here: say where with --tracker FILE or $P2PFS_TRACKER")
    }

    @Test(arguments: [
      ["--cache-size", "0"], ["--cache-size=1.5G"], ["--up-limit", "fast"], ["--down-limit", "-1"],
      ["--read-timeout", "0"], ["--listen", "localhost:1"], ["--advertise", "0.0.0.0:0"], ["--state"],
      ["--state="], ["--tracker"], ["--help=yes"], ["--version=1"], ["--json"], ["--jsno"], ["-x"],
    ])
    func `a bad value is told before anything is done`(words: [String]) {
      let alice = network.member("alice")
      expectFailure(alice.run(["create_group", "optionless"] + words), 64, "\(words)")
      #expect(!alice.succeeds("list_groups").contains { $0.hasPrefix("optionless ") })
    }

    @Test func `it says which version it is`() {
      for words in [["--version"], ["version"], ["list_groups", "--version"]] {
        let outcome = network.person("nobody").run(words)
        #expect(outcome.exit == 0 && outcome.errors == "")
        #expect(outcome.output.wholeMatch(of: /p2pfs \d+\.\d+\.\d+\n/) != nil, "\(outcome)")
      }
    }

    @Test func `every command is listed and explained, in either way of asking`() throws {
      let nobody = network.person("nobody")
      let overview = nobody.succeeds("help")
      #expect(nobody.succeeds("--help") == overview)
      #expect(nobody.succeeds("-h") == overview)
      let begin = try #require(overview.firstIndex(of: "Commands:"))
      let end = try #require(overview.firstIndex { $0.hasPrefix("Options") })
      let commands = overview[(begin + 1)..<end].map { String($0.split(separator: " ")[0]) }
      #expect(commands.count >= 17 && commands.contains("accept_request"))
      for command in commands {
        let explanation = nobody.succeeds("help", command)
        #expect(explanation[0].hasPrefix("usage: p2pfs \(command)"))
        #expect(explanation.count >= 3 && explanation.allSatisfy { $0.count <= 80 })
        #expect(command == "help" || nobody.succeeds(command, "--help") == explanation)
      }
      let options = overview[end...].joined()
      for option in ["--state", "--tracker", "--listen", "--advertise", "--cache-size", "--up-limit"] {
        #expect(options.contains(option))
      }
      nobody.fails(64, "help", "xyzzy", says: "'xyzzy' is no command: 'p2pfs help' lists them")
    }
  }
}

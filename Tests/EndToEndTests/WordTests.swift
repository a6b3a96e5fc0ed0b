// What is no name, no command or no command line: told at once, before any tracker is asked.

import GroupModel
import Testing

extension OneNetwork {
  @Suite struct Words {
    private static let badNames = [
      "", String(repeating: "x", count: 65), ".hidden", "_x", "a/b", "../x", "te am", " team", "team\n",
      "te\tam",
      "größe", "te\u{1B}[2Jam", "team:", "te*m",
    ]

    @Test(arguments: badNames)
    func `a bad name is malformed, at every command that takes one`(bad: String) {
      let alice = network.member("alice")
      let commands = [
        (["create_user", bad, "secret"], "user"), (["login", bad, "secret"], "user"),
        (["accept_request", "team", bad], "user"), (["create_group", bad], "group"),
        (["join_group", bad], "group"), (["list_files", bad], "group"),
        (["remove_member", bad, "bob"], "group"),
      ]
      for (words, kind) in commands {
        let outcome = alice.run(words)
        expectFailure(outcome, 65, "\(words)")
        #expect(outcome.sentence.hasSuffix("' is no \(kind) name: \(NameRule.sentence)"))
        #expect(!outcome.errors.contains("\u{1B}"))
      }
    }

    @Test(arguments: ["x", "0", String(repeating: "x", count: 64), "Team", "a..b", "9-_."])
    func `a good name is taken as it is`(good: String) {
      let alice = network.member("alice")
      alice.succeeds("create_group", good)
      #expect(alice.succeeds("list_groups").contains("\(good) alice owner 1 0"))
    }

    @Test func `names differ by the case of their letters`() {
      let alice = network.member("alice")
      for name in ["Case", "case"] { alice.succeeds("create_group", name) }
      #expect(alice.succeeds("list_groups").filter { $0.lowercased().hasPrefix("case ") }.count == 2)
    }

    @Test func `a name that begins with a dash is named behind two`() {
      let alice = network.member("alice")
      alice.fails(64, "create_group", "-x")
      alice.fails(65, "create_group", "--", "-x")
    }

    @Test func `an argument that is no UTF-8 is malformed`() {
      let outcome = network.member("alice").run(
        [], through: #"exec "$@" create_group "$(printf 'te\377am')""#)
      expectFailure(outcome, 65, "bad UTF-8")
      #expect(outcome.sentence.hasPrefix("argument 2 is not UTF-8: "))
    }

    @Test(arguments: [
      "create_user <user> [password]", "login <user> [password]", "logout", "passwd", "list_groups",
      "create_group <group>", "join_group <group>", "leave_group <group>", "list_requests <group>",
      "accept_request <group> <user>", "reject_request <group> <user>", "list_members <group>",
      "remove_member <group> <user>", "list_files <group>", "help [command]", "version",
    ])
    func `too few or too many words are answered with the usage`(usage: String) {
      let alice = network.member("alice")
      let words = usage.split(separator: " ").map(String.init)
      let few = words.filter { !$0.hasPrefix("<") && !$0.hasPrefix("[") }
      let many = few + Array(repeating: "x", count: words.count)
      for line in (words.contains { $0.hasPrefix("<") } ? [few, many] : [many]) {
        let outcome = alice.run(line)
        expectFailure(outcome, 64, "\(line)")
        #expect(outcome.sentence.hasSuffix(": usage is '\(usage)'"))
      }
    }

    @Test(arguments: [
      ("list_group", "'list_group' is no command: did you mean 'list_groups'?"),
      ("jion_group", "'jion_group' is no command: did you mean 'join_group'?"),
      ("Login", "'Login' is no command: did you mean 'login'?"),
      ("xyzzy", "'xyzzy' is no command: 'p2pfs help' lists them"),
      ("", "'' is no command: 'p2pfs help' lists them"),
    ])
    func `an unknown command is guessed`(word: String, sentence: String) {
      network.person("nobody").fails(64, word, says: sentence)
    }

    @Test func `without a command the usage is told`() {
      let outcome = network.person("nobody").run([])
      #expect(outcome.exit == 64 && outcome.output == "")
      #expect(
        outcome.errors == """
          p2pfs: no command is given: 'p2pfs help' lists them
          usage: p2pfs [OPTION]... COMMAND [ARGUMENT]...
                 p2pfs help [COMMAND]

          """)
    }
  }
}

// The command language: which words are which command, and what is told about those that are none.

import GroupModel
import Testing

@testable import p2pfs

private let team = GroupName("team")!
private let bob = UserName("bob")!

@Test(
  arguments: [
    ("create_user bob", .createUser(bob, password: nil)),
    ("create_user bob secret", .createUser(bob, password: Array("secret".utf8))),
    ("login bob", .login(bob, password: nil)),
    ("login bob secret", .login(bob, password: Array("secret".utf8))),
    ("logout", .logout),
    ("passwd", .passwd),
    ("list_groups", .listGroups),
    ("create_group team", .createGroup(team)),
    ("join_group team", .joinGroup(team)),
    ("leave_group team", .leaveGroup(team)),
    ("list_requests team", .listRequests(team)),
    ("accept_request team bob", .acceptRequest(team, bob)),
    ("reject_request team bob", .rejectRequest(team, bob)),
    ("list_members team", .listMembers(team)),
    ("remove_member team bob", .removeMember(team, bob)),
    ("list_files team", .listFiles(team)),
    ("status", .status(json: false)),
    ("help", .help(topic: nil)),
    ("help login", .help(topic: "login")),
    ("version", .version),
  ] as [(String, Command)])
func `every command is understood`(line: String, command: Command) throws {
  #expect(try Command(words: line.split(separator: " ").map(String.init)) == command)
}

@Test(arguments: CommandWord.all)
func `every command is explained`(word: CommandWord) {
  #expect(!word.summary.isEmpty && !word.explanation.isEmpty)
  #expect(HelpText.overview.contains(word.usage))
  #expect(HelpText.explanation(of: word).hasPrefix("usage: p2pfs \(word.usage)\n"))
  #expect(HelpText.explanation(of: word).split(separator: "\n").allSatisfy { $0.count <= 80 })
}

@Test(arguments: CommandWord.all)
func `too many or too few arguments are answered with the usage`(word: CommandWord) {
  let required = word.parameters.count { $0.isRequired }
  let tooMany = [word.name] + Array(repeating: "a", count: word.parameters.count + 2)
  if !word.parameters.contains(where: \.mayRepeat) {
    #expect(failure(of: tooMany)?.hasSuffix("usage is '\(word.usage)'") == true)
  }
  guard required > 0 else { return }
  let tooFew = [word.name] + Array(repeating: "a", count: required - 1)
  #expect(failure(of: tooFew)?.hasSuffix("usage is '\(word.usage)'") == true)
}

/// The sentence of a usage error, and nothing where it is another error or none.
private func failure(of words: [String]) -> String? {
  do throws(Failure) {
    _ = try Command(words: words)
    return nil
  } catch {
    return error.exitCode == 64 ? error.sentence(for: nil) : nil
  }
}

@Test(arguments: [
  ("list-groups", "list_groups"), ("listgroups", "list_groups"), ("LIST_GROUPS", "list_groups"),
  ("lsit_groups", "list_groups"), ("acept_request", "accept_request"), ("loggin", "login"),
  ("password", "passwd"),
  ("stats", "status"), ("hepl", "help"), ("joingroup", "join_group"),
])
func `a misspelt command is guessed`(typed: String, meant: String) {
  #expect(failure(of: [typed]) == "'\(typed)' is no command: did you mean '\(meant)'?")
}

@Test(arguments: [
  "xyzzy", "", "-", "127.0.0.1", String(repeating: "x", count: 5000),
])
func `an unknown command is not guessed wildly`(typed: String) {
  #expect(failure(of: [typed])?.hasSuffix("is no command: 'p2pfs help' lists them") == true)
}

@Test func `an address instead of a command is the console's`() throws {
  let words = ["127.0.0.1:5757", "tracker_info.txt"]
  #expect(try Command(words: words) == .console(listen: "127.0.0.1:5757", tracker: "tracker_info.txt"))
  #expect(try Command(words: ["console"]) == .console(listen: nil, tracker: nil))
}

@Test func `several paths may stand before the group`() throws {
  let team = try #require(GroupName("team"))
  #expect(try Command(words: ["upload_file", "a", "b", "team"]) == .uploadFile(["a", "b"], team))
}

@Test(arguments: [
  ("a b  c", ["a", "b", "c"]), (#"a "b c" 'd e'"#, ["a", "b c", "d e"]), (#"a\ b"#, ["a b"]), ("''", [""]),
  ("\r", []), (#""a\"b""#, [#"a"b"#]),
])
func `a line of the console is cut as a shell would`(line: String, words: [String]) {
  #expect(ConsoleWords.split(line) == words)
}

@Test func `a quote that is not closed is noticed`() {
  #expect(ConsoleWords.split("a 'b") == nil)
}

@Test func `no command at all is a usage error`() {
  #expect(failure(of: []) == "no command is given: 'p2pfs help' lists them")
}

@Test func `an unknown command cannot speak to the terminal`() {
  #expect(failure(of: ["\u{1B}[2J\n"]) == #"'\033[2J\n' is no command: 'p2pfs help' lists them"#)
}

@Test(arguments: [
  ["create_group", "te am"], ["create_group", ""], ["create_group", ".team"], ["login", "bób"],
  ["accept_request", "team", "-bob"], ["accept_request", "team/", "bob"],
  ["join_group", String(repeating: "x", count: 65)],
])
func `a bad name is malformed, and the rule is told`(words: [String]) {
  let failure = #expect(throws: Failure.self) { try Command(words: words) }
  #expect(failure?.exitCode == 65)
  #expect(failure?.sentence(for: nil).hasSuffix(": \(NameRule.sentence)") == true)
}

@Test(arguments: ["", "line\nbreak", String(repeating: "x", count: 1025)])
func `a password that cannot be one is malformed`(password: String) {
  let failure = #expect(throws: Failure.self) { try Command(words: ["login", "bob", password]) }
  #expect(failure?.exitCode == 65)
}

@Test func `the longest password passes`() throws {
  let password = String(repeating: "x", count: 1024)
  #expect(try Command(words: ["login", "bob", password]).givenPassword == Array(password.utf8))
}

@Test func `a flag belongs to its command`() throws {
  #expect(try Command(words: ["status"], flags: ["--json"]) == .status(json: true))
  let failure = #expect(throws: Failure.self) { try Command(words: ["logout"], flags: ["--json"]) }
  #expect(failure?.exitCode == 64)
}

// Options of the command line: where they may stand, what they may be, and what stands in for them.

import GroupModel
import Testing

@testable import p2pfs

private let home = Environment { $0 == "HOME" ? "/home/alice" : nil }

private func line(_ text: String, _ environment: Environment = home) throws -> ShellLine {
  try ShellLine(text.split(separator: " ").map(String.init), environment: environment)
}

@Test func `without options the defaults hold`() throws {
  let options = try line("list_groups").options
  #expect(options.state == "/home/alice/.local/state/p2pfs")
  #expect(options.tracker == nil)
  #expect(options.listen.description == "0.0.0.0:0")
  #expect(options.advertise == nil)
  #expect(options.metrics == nil)
  #expect(options.cacheBytesMax == 20 << 30)
  #expect(options.upBytesPerSecondMax == nil)
  #expect(options.downBytesPerSecondMax == nil)
  #expect(options.readTimeoutSeconds == 30)
  #expect(options.passwordFile == nil)
}

@Test(arguments: [
  "--state /s --tracker t login bob secret", "login --state=/s bob --tracker=t secret",
  "login bob secret --state /s --tracker t", "--state /s --tracker=t -- login bob secret",
  "--state /other --state /s --tracker t login bob secret",
])
func `options stand before or after the command and between its words`(text: String) throws {
  let line = try line(text)
  #expect(line.options.state == "/s")
  #expect(line.options.tracker == "t")
  #expect(line.command == .login(UserName("bob")!, password: Array("secret".utf8)))
}

@Test func `every option has its value`() throws {
  let options = try line(
    """
    list_groups --listen [::1]:5757 --advertise 192.0.2.1:5757 --cache-size 512M --up-limit 500K
    --down-limit=10m --read-timeout 5 --password-file=/p=q --metrics 127.0.0.1:0
    """.split(separator: "\n").joined(separator: " ")
  ).options
  #expect(options.listen.description == "[::1]:5757")
  #expect(options.advertise?.description == "192.0.2.1:5757")
  #expect(options.cacheBytesMax == 512 << 20)
  #expect(options.upBytesPerSecondMax == 500 << 10)
  #expect(options.downBytesPerSecondMax == 10 << 20)
  #expect(options.readTimeoutSeconds == 5)
  #expect(options.passwordFile == "/p=q")
  #expect(options.metrics?.description == "127.0.0.1:0")
}

@Test func `after two dashes everything is a word`() throws {
  let command = try ShellLine(["login", "bob", "--", "--help"], environment: home).command
  #expect(command.givenPassword == Array("--help".utf8))
}

@Test(
  arguments: [
    ("1", 1), ("1k", 1 << 10), ("3M", 3 << 20), ("20G", 20 << 30), ("2T", 2 << 40),
    ("8388607T", 8_388_607 << 40),
  ]
    as [(String, UInt64)])
func `sizes are powers of 1024`(text: String, bytes: UInt64) throws {
  #expect(try line("status --cache-size \(text)").options.cacheBytesMax == bytes)
}

@Test(arguments: [
  "--cache-size 0", "--cache-size=-1", "--cache-size +1", "--cache-size 1.5G", "--cache-size G",
  "--cache-size 1GB",
  "--cache-size 8388608T", "--cache-size 99999999999999999999", "--up-limit fast", "--down-limit 0K",
  "--read-timeout 0", "--read-timeout 5s", "--read-timeout 86401", "--listen localhost:1",
  "--listen 127.0.0.1",
  "--metrics localhost:1", "--metrics 9464", "--metrics=", "--listen ::1:80", "--listen 127.0.0.1:65536",
  "--advertise 0.0.0.0:1", "--advertise 127.0.0.1:0",
  "--state=", "--help=yes", "--json=yes", "--state",
])
func `a bad value is a usage error that names its option`(text: String) {
  let failure = #expect(throws: Failure.self) { try line("status \(text)") }
  #expect(failure?.exitCode == 64)
  let option = text.split(whereSeparator: { $0 == " " || $0 == "=" })[0]
  #expect(failure?.sentence(for: nil).hasPrefix("\(option) ") == true)
  #expect(failure?.sentence(for: nil).contains(": ") == true)
}

@Test(arguments: [
  ("--trakcer x", "'--trakcer' is no option: did you mean '--tracker'?"),
  ("--passwordfile x", "'--passwordfile' is no option: did you mean '--password-file'?"),
  ("--jsno", "'--jsno' is no option: did you mean '--json'?"),
  ("-x", "'-x' is no option: 'p2pfs help' lists them; put -- before an argument that starts with a dash"),
])
func `an unknown option is a usage error with a hint`(text: String, sentence: String) {
  #expect(throws: Failure.usage(sentence)) { try line("status \(text)") }
}

@Test(
  arguments: [
    (["link", "team", "--", "-dd"], ["link", "team", "-dd"], [], nil),
    (["status", "--json"], ["status"], ["--json"], nil),
    (["list_files", "--help"], ["list_files"], [], .help(topic: "list_files")), (["--"], [], [], nil),
    (["--version"], [], [], .version),
  ] as [([String], [String], Set<String>, Command?)])
func `a line of the console is taken apart as a shell's`(
  typed: [String], words: [String], flags: Set<String>, question: Command?
) throws {
  let line = try ConsoleLine(typed)
  #expect(line.words == words && line.flags == flags && line.question == question)
}

@Test(
  arguments: [
    ("--help", .help(topic: nil)), ("-h", .help(topic: nil)), ("login --help", .help(topic: "login")),
    ("--help login", .help(topic: "login")), ("help --help", .help(topic: nil)), ("--version", .version),
    ("--version --help", .version), ("login a b c d e --help", .help(topic: "login")),
  ] as [(String, Command)])
func `help and version are asked for in either way`(text: String, command: Command) throws {
  #expect(try line(text).command == command)
}

@Test(arguments: [
  (["P2PFS_STATE": "/p", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/p"),
  (["P2PFS_STATE": "", "XDG_STATE_HOME": "/x", "HOME": "/h"], "/x/p2pfs"),
  (["XDG_STATE_HOME": "relative", "HOME": "/h"], "/h/.local/state/p2pfs"),
  (["HOME": "/h"], "/h/.local/state/p2pfs"),
])
func `the state directory comes from the environment`(variables: [String: String], path: String) throws {
  let line = try line("status", Environment { variables[$0] })
  #expect(try line.options.stateDirectory() == path)
}

@Test func `an option beats the environment`() throws {
  let environment = Environment { ["P2PFS_STATE": "/env", "P2PFS_TRACKER": "env.txt"][$0] }
  #expect(try line("status", environment).options.tracker == "env.txt")
  #expect(try line("status --tracker t --state /s", environment).options.tracker == "t")
  #expect(try line("status --tracker t --state /s", environment).options.state == "/s")
}

@Test func `without a home the state directory has to be said`() throws {
  let nowhere = Environment { _ in nil }
  #expect(try line("help", nowhere).command == .help(topic: nil))
  let failure = #expect(throws: Failure.self) { try line("status", nowhere).options.stateDirectory() }
  #expect(failure?.exitCode == 64)
}

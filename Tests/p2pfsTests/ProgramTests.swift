// The program as it is started: what it prints where, how it ends, and what others can see of it.

import Glibc
import Testing

@testable import p2pfs

/// A run of the program that was just built, which lies beside the tests.
private final class Run {
  private(set) var pid: pid_t = 0
  private let scratch = Scratch()

  /// `terminal` becomes its controlling terminal; without one it has none.
  init(
    _ arguments: [String], environment: [String] = [], terminal: String? = nil, output: String? = nil,
    outputDescriptor: Int32? = nil
  ) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, terminal ?? "/dev/null", O_RDWR, 0)
    if let outputDescriptor {
      posix_spawn_file_actions_adddup2(&actions, outputDescriptor, 1)
    } else {
      posix_spawn_file_actions_addopen(&actions, 1, output ?? scratch.path("out"), O_WRONLY | O_CREAT, 0o600)
    }
    posix_spawn_file_actions_addopen(&actions, 2, scratch.path("err"), O_WRONLY | O_CREAT, 0o600)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // POSIX_SPAWN_SETSID and POSIX_SPAWN_SETSIGMASK: the tests' threads have signals blocked.
    posix_spawnattr_setflags(&attributes, 0x80 | 0x08)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    let argv = (["p2pfs"] + arguments).map { strdup($0) } + [nil]
    let envp = environment.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    precondition(posix_spawn(&pid, Self.program, &actions, &attributes, argv, envp) == 0)
  }

  private static let program: String = {
    var buffer = [CChar](repeating: 0, count: 4096)
    readlink("/proc/self/exe", &buffer, buffer.count - 1)
    let path = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return String(path[...path.lastIndex(of: "/")!]) + "p2pfs"
  }()

  /// The exit code, or minus the signal that ended it.
  lazy var end: Int32 = {
    var status: Int32 = 0
    waitpid(pid, &status, 0)
    return status & 0x7F == 0 ? status >> 8 & 0xFF : -(status & 0x7F)
  }()

  var said: String { Self.text(scratch.path("out")) }
  var complained: String { Self.text(scratch.path("err")) }

  /// What `ps` and everybody of the same user could read.
  func visible(_ file: String) -> String { Self.text("/proc/\(pid)/\(file)") }

  private static func text(_ path: String) -> String {
    String(decoding: (try? SmallFile.bytes(at: path, max: 1 << 20)) ?? [], as: UTF8.self)
  }
}

@Test func `version and help go to the output and end well`() {
  let version = Run(["--version"])
  #expect(version.end == 0)
  #expect(version.said == "p2pfs 0.1.0\n" && version.complained == "")
  let help = Run(["help"])
  #expect(help.end == 0)
  #expect(help.said == HelpText.overview + "\n" && help.complained == "")
}

@Test func `without arguments the usage is shown as an error`() {
  let run = Run([])
  #expect(run.end == 64)
  #expect(run.said == "")
  #expect(run.complained == "p2pfs: no command is given: 'p2pfs help' lists them\n\(HelpText.usage)\n")
}

@Test(
  arguments: [
    (["mount", "/x"], 77), (["login", "a b"], 65), (["login", "bob", "--tracker", "/nonexistent"], 78),
    (["list_groups"], 77), (["list_groups", "--state", "/dev/null"], 74), (["login", "b\u{FF}", "x"], 65),
  ] as [([String], Int32)])
func `an error is one line on stderr and the exit code of the table`(arguments: [String], code: Int32) {
  let scratch = Scratch()
  let run = Run(arguments, environment: ["P2PFS_STATE=\(scratch.path("state"))"])
  #expect(run.end == code)
  #expect(run.said == "")
  #expect(run.complained.hasPrefix("p2pfs: "))
  #expect(run.complained.utf8.count { $0 == 10 } == 1)
}

@Test func `an answer that cannot be written is a failure`() {
  let run = Run(["help"], output: "/dev/full")
  #expect(run.end == 74)
  #expect(run.complained == "p2pfs: writing the answer: No space left on device: make room on that disk\n")
}

@Test func `a reader who has gone ends it silently, as other tools`() {
  var ends: [Int32] = [0, 0]
  pipe(&ends)
  close(ends[0])
  let run = Run(["help"], outputDescriptor: ends[1])
  close(ends[1])
  #expect(run.end == -SIGPIPE)
  #expect(run.complained == "")
}

// The tracker file is a pipe: while the program waits for it, it has read its passwords and can be looked at.
@Test func `a password is not to be seen in the process list`() throws {
  let scratch = Scratch()
  mkfifo(scratch.path("tracker"), 0o600)
  let run = Run(
    [
      "login", "alice", "hunter2pass", "--tracker", scratch.path("tracker"), "--state", scratch.path("state"),
    ],
    environment: ["P2PFS_PASSWORD=hunter3word", "OTHER=kept"])
  let pipe = open(scratch.path("tracker"), O_WRONLY)
  #expect(run.visible("cmdline").contains("alice"))
  #expect(!run.visible("cmdline").contains("hunter"))
  #expect(run.visible("environ").contains("OTHER=kept"))
  #expect(!run.visible("environ").contains("hunter"))
  close(pipe)
  #expect(run.end == 78)
}

@Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func `however a prompt ends, the terminal echoes again`(
  signal: Int32
) throws {
  let scratch = Scratch()
  let tracker = scratch.file("tracker_info.txt", "127.0.0.1:1\n")
  let terminal = PseudoTerminal()
  let run = Run(
    ["create_user", "alice", "--tracker", tracker, "--state", scratch.path("state")], terminal: terminal.name)
  #expect(terminal.shown(until: ": ") == "Password for alice: ")
  #expect(!terminal.echoes)
  if signal == SIGINT { terminal.type("\u{3}") } else { kill(run.pid, signal) }
  #expect(run.end == -signal)
  #expect(terminal.echoes)
}

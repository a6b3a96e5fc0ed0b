// Completion in real shells on a real terminal: what TAB makes of a line is what the command then gets.

import Foundation
import Testing

/// A member with a group of files whose names are hard to type.
private final class Typist {
  static let names = [
    "plain.txt", "with space.txt", "it's.txt", #"say "hi".txt"#, "line\nbreak.txt", #"back\101"#,
    "😀 smile.txt",
    "dollar$HOME.txt", "semi;colon&", "photos/2026/a b.jpg", "photos/c.jpg", "a:b=c.txt",
  ]

  let story = Story()
  let alice: Person
  private let daemon: Child

  init() {
    story.startTracker()
    alice = story.member("alice")
    daemon = alice.start(["serve", "--listen", "127.0.0.1:0"])
    story.daemons.append(daemon)
    #expect(daemon.waitFor("serving", on: 2))
    alice.succeeds("create_group", "team")
    alice.succeeds("create_group", "others")
    for name in Self.names {
      story.scratch.make(URL(filePath: "files/" + name).deletingLastPathComponent().relativePath)
      story.scratch.write("files/" + name, name)
    }
    let files = (try? FileManager.default.contentsOfDirectory(atPath: story.scratch.path + "/files")) ?? []
    #expect(alice.run(["upload_file"] + files.map { "files/" + $0 } + ["team"]).exit == 0)
    let installed = Child(
      "/usr/bin/make", ["-s", "install", "DESTDIR=\(story.scratch.path)"], directory: Programs.root
    ).finish()
    #expect(installed.exit == 0, "\(installed)")
  }

  var share: String { story.scratch.path + "/usr/local/share" }

  var surroundings: [String: String] {
    [
      "P2PFS_STATE": alice.state, "P2PFS_TRACKER": story.info, "HOME": story.scratch.path, "TERM": "xterm",
      "PATH": "\(story.scratch.path)/usr/local/bin:/usr/bin:/bin", "PS1": "$ ", "XDG_DATA_DIRS": share,
      "XDG_CONFIG_HOME": story.scratch.path, "COLUMNS": "200",
    ]
  }

  func starts(_ shell: [String], saying script: String) -> Child {
    let child = Child(
      shell[0], Array(shell.dropFirst()), environment: surroundings, directory: story.scratch.path,
      onTerminal: true)
    child.write(script + "; printf '%s%s\\n' rea dy\n")
    #expect(child.waitFor("ready"), "\(child.text(1))")
    return child
  }
}

/// What is typed, and what the command gets.
private let lines: [([String], [String])] = [
  (["p2pfs downlo\t"], ["p2pfs", "download_file"]),
  (["p2pfs status --js\t"], ["p2pfs", "status", "--json"]),
  (["p2pfs link te\t", "pla\t"], ["p2pfs", "link", "team", "plain.txt"]),
  (["p2pfs link team with\t"], ["p2pfs", "link", "team", "with space.txt"]),
  (["p2pfs link team it\t"], ["p2pfs", "link", "team", "it's.txt"]),
  (["p2pfs link team say\t"], ["p2pfs", "link", "team", #"say "hi".txt"#]),
  (["p2pfs link team lin\t"], ["p2pfs", "link", "team", "line\r\nbreak.txt"]),
  (["p2pfs link team bac\t"], ["p2pfs", "link", "team", #"back\101"#]),
  (["p2pfs link team 😀\t"], ["p2pfs", "link", "team", "😀 smile.txt"]),
  (["p2pfs link team dol\t"], ["p2pfs", "link", "team", "dollar$HOME.txt"]),
  (["p2pfs link team sem\t"], ["p2pfs", "link", "team", "semi;colon&"]),
  (["p2pfs link team pho\t", "20\t", "\t"], ["p2pfs", "link", "team", "photos/2026/a b.jpg"]),
  (["p2pfs link team a\t"], ["p2pfs", "link", "team", "a:b=c.txt"]),
  (["p2pfs link team 'it\t"], ["p2pfs", "link", "team", "it's.txt"]),
  (["p2pfs upload_file files/plai\t", "oth\t"], ["p2pfs", "upload_file", "files/plain.txt", "others"]),
  (["p2pfs remove_member team ali\t"], ["p2pfs", "remove_member", "team", "alice"]),
  (["p2pfs mount -o allow_other,show\t"], ["p2pfs", "mount", "-o", "allow_other,show_control"]),
  (["p2pfs --state nowhere link te\t"], ["p2pfs", "--state", "nowhere", "link", "te"]),
]

@Suite(.serialized) struct CompletionTests {
  /// Types each line, and instead of running it has it printed.
  private func completes(_ shell: Child, _ name: String) {
    for (typed, words) in lines {
      let wanted = words.map { "[\($0)]" }.joined()
      for part in typed { shell.write(part) }
      shell.write("\u{1}printf '[%s]' \u{5}\r")
      #expect(
        shell.waitFor(wanted, within: 5), "\(name): \(typed): \(shell.text(1).suffix(300).debugDescription)")
    }
    shell.signal(SIGKILL)
    shell.wait()
  }

  @Test func `TAB finds commands, options, groups, members and files in bash, zsh and fish`() throws {
    let typist = Typist()
    let shells = [
      ("bash", ["/bin/bash", "--norc", "--noprofile", "-i"], ". /usr/share/bash-completion/bash_completion"),
      (
        "zsh", ["/usr/bin/zsh", "-f", "-i"],
        "PS1='$ '; fpath=(\(typist.share)/zsh/site-functions $fpath); autoload -Uz compinit; compinit -u -D"
      ),
      ("fish", ["/usr/bin/fish", "--private", "-i"], "true"),
    ]
    for (name, command, script) in shells where Machine.has(command[0]) {
      completes(typist.starts(command, saying: script), name)
    }
    bashGivesItsFunction(typist)
  }

  /// As a framework calls it, without a terminal.
  private func bashGivesItsFunction(_ typist: Typist) {
    func replies(_ words: String..., function: String = "p2pfs") -> [String] {
      let line = words.joined(separator: " ")
      let outcome = Child(
        "/bin/bash",
        [
          "-c",
          """
          . "$1/bash-completion/completions/\(function)"; shift; complete -p \(function) >/dev/null || exit 9
          COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE='\(line)' COMP_POINT=${#COMP_LINE}
          _\(function) \(function) "${@: -1}" "${@: -2:1}"; printf '%s\\n' "${COMPREPLY[@]}"
          """, "bash", typist.share,
        ] + words, environment: typist.surroundings
      ).finish()
      #expect(outcome.exit == 0 && outcome.errors == "", "\(outcome)")
      return outcome.lines
    }
    let commands = replies("p2pfs", "")
    let help = Child(Programs.p2pfs, ["help"]).finish().lines
    #expect(
      commands.count > 30
        && commands.allSatisfy { command in help.contains { $0.hasPrefix("  \(command) ") } })
    #expect(replies("p2pfs", "link", "team", "photos/") == ["photos/2026/", "photos/c.jpg"])
    #expect(replies("p2pfs", "join_group", "").isEmpty)
    #expect(replies("p2pfs", "leave_group", "") == ["others", "team"])
    #expect(replies("p2pfs", "help", "stop_") == ["stop_download", "stop_share"])
    #expect(replies("p2pfs", "list_members", "--down") == ["--down-limit"])
    #expect(replies("tracker", "--d", function: "tracker") == ["--data"])
    #expect(replies("tracker", "--log", "w", function: "tracker") == ["warning"])
  }

  @Test func `without a tracker TAB gives up after two seconds, and says nothing`() throws {
    let deaf = try #require(DeafPort())
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    story.killTracker()
    let silent = story.scratch.write("silent", "127.0.0.1:\(deaf.port)\n")
    let begin = Date()
    let outcome = Child(
      "/bin/bash",
      [
        "-c",
        """
        . \(Programs.root)Packaging/completion/p2pfs.bash; COMP_WORDS=(p2pfs link te) COMP_CWORD=2
        COMP_LINE='p2pfs link te' COMP_POINT=13; _p2pfs; echo "${#COMPREPLY[@]}"
        """,
      ],
      environment: [
        "PATH": "\(Programs.root).build/release:/usr/bin:/bin", "P2PFS_STATE": alice.state,
        "P2PFS_TRACKER": silent,
      ]
    ).finish()
    #expect(outcome.output == "0\n" && outcome.errors == "", "\(outcome)")
    #expect(Date().timeIntervalSince(begin) < 4)
  }
}

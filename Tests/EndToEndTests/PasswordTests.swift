// Where a password comes from, and where it never shows.

import Foundation
import Testing

extension OneNetwork {
  @Suite struct Passwords {
    /// A stranger to all other stories, with a password of several words and a letter of two bytes.
    let petra = network.member("petra")

    @Test func `it comes from the argument, else the file, else the environment`() {
      let here = network.person("petra", at: "sources")
      let (right, wrong) = (petra.password, "wrong")
      let file = network.scratch.write("right", "\(right)\nwhatever else\n")
      let wrongFile = network.scratch.write("wrong", "\(wrong)\n")
      here.environment = ["P2PFS_PASSWORD": wrong]
      here.succeeds("login", "petra", right, "--password-file", wrongFile)
      here.succeeds("login", "petra", "--password-file", file)
      here.environment = ["P2PFS_PASSWORD": right]
      here.succeeds("login", "petra")
      here.fails(77, "login", "petra", "--password-file", wrongFile)
    }

    @Test(arguments: ["%", "%\n", "%\r\n", "%\nsecond line\n"])
    func `it is the first line of its file`(form: String) {
      let file = network.scratch.write("form", form.replacing("%", with: petra.password))
      network.person("petra", at: "forms").succeeds("login", "petra", "--password-file", file)
    }

    @Test func `its file may be a pipe`() {
      let outcome = network.person("petra", at: "pipes").run(
        ["login", "petra", "--password-file", "/dev/stdin"], through: "echo '\(petra.password)' | \"$@\"")
      #expect(outcome.exit == 0, "\(outcome)")
    }

    @Test(
      arguments: [
        ("login", ["p", "--password-file", "/nowhere/at/all"], 74),
        ("login", ["p", "--password-file", "/tmp"], 74),
        ("login", ["p", "--password-file", "/dev/null"], 65), ("login", ["p", "--password-file"], 64),
        ("login", ["p", ""], 65), ("create_user", ["p", "two\nlines"], 65),
        ("create_user", ["p", String(repeating: "x", count: 1025)], 65),
      ] as [(String, [String], Int32)])
    func `what can be no password is told`(command: String, words: [String], exit: Int32) {
      expectFailure(network.person("p").run([command] + words), exit, "\(words)")
    }

    @Test func `the longest password of all letters opens its account`() {
      let long = String(repeating: "pß🦆 ", count: 128)
      #expect(long.utf8.count == 1024)
      network.person("long").succeeds("create_user", "long", long)
      network.person("long").succeeds("login", "long", long)
    }

    @Test func `without a terminal and any other source it says how to give one`() {
      for command in ["login", "create_user"] {
        let outcome = network.person("petra").run(
          [command, "petra"], through: #"exec setsid -w "$@" </dev/null"#)
        expectFailure(outcome, 64, command)
        #expect(outcome.sentence.contains("--password-file FILE or in $P2PFS_PASSWORD"))
      }
    }

    @Test func `it is asked for on the terminal, and not shown`() {
      let terminal = network.person("petra", at: "terminal").start(["login", "petra"], onTerminal: true)
      #expect(terminal.waitFor("Password for petra: "))
      #expect(!terminal.echoes)
      terminal.write("\(petra.password)\n")
      #expect(terminal.waitFor("logged in as petra"))
      let outcome = terminal.finish()
      #expect(outcome.exit == 0)
      #expect(!outcome.output.contains(petra.password))
    }

    @Test func `a new one is asked for twice, and a slip is noticed`() {
      let quentin = network.person("quentin", at: "terminal")
      func types(_ first: String, _ second: String, to words: [String]) -> Outcome {
        let terminal = quentin.start(words, onTerminal: true)
        #expect(terminal.waitFor("assword for quentin: "))
        terminal.write("\(first)\n")
        #expect(terminal.waitFor("The same once more: "))
        terminal.write("\(second)\n")
        return terminal.finish()
      }
      let slip = types("one", "other", to: ["create_user", "quentin"])
      #expect(slip.exit == 65)
      #expect(slip.output.contains("p2pfs: the two passwords differ: type the same one twice"))
      #expect(types("one", "one", to: ["create_user", "quentin"]).exit == 0)
      quentin.succeeds("login", "quentin", "one")
      #expect(types("two", "two", to: ["passwd"]).exit == 0)
      quentin.fails(77, "login", "quentin", "one")
      quentin.succeeds("login", "quentin", "two")
    }

    @Test(arguments: [SIGINT, SIGTERM])
    func `who is interrupted while he types finds his terminal as it was`(signal: Int32) {
      let terminal = network.person("petra", at: "terminal").start(["login", "petra"], onTerminal: true)
      #expect(terminal.waitFor("Password for petra: "))
      signal == SIGINT ? terminal.write("\u{3}") : terminal.signal(signal)
      #expect(terminal.wait(within: 10) == -signal)
      #expect(terminal.echoes)
    }

    @Test func `the end of input at the prompt is no password`() {
      let terminal = network.person("petra", at: "terminal").start(["login", "petra"], onTerminal: true)
      #expect(terminal.waitFor("Password for petra: "))
      terminal.write("\u{4}")
      let outcome = terminal.finish()
      #expect(outcome.exit == 64)
      #expect(outcome.output.contains("p2pfs: no password was typed: "))
    }

    @Test func `nobody reads it in the list of processes once the program runs`() throws {
      let canary = "canary-in-proc-7f3a"
      let nowhere = network.scratch.write("nowhere.txt", "127.0.0.1:\(Ports.free())\n")
      let person = network.person("walter")
      person.environment = ["P2PFS_PASSWORD": canary]
      let child = person.start(["login", "walter", canary, "--tracker", nowhere])
      func traces() -> String {
        ["cmdline", "environ"].map { KernelText.of("/proc/\(child.pid)/\($0)") }.joined()
      }
      let deadline = Date(timeIntervalSinceNow: 3)
      while traces().contains(canary) || !traces().contains("nowhere.txt"), Date() < deadline { usleep(1000) }
      let left = traces()
      #expect(left.contains("nowhere.txt") && !left.contains(canary), "\(left)")
      child.signal(SIGKILL)
      child.wait()
    }

    @Test func `it is written nowhere, and what is written is for its owner only`() {
      let canary = "canary-on-disk-51c9"
      let person = network.person("xenia")
      person.succeeds("create_user", "xenia", canary)
      person.succeeds("login", "xenia", canary)
      person.fails(77, "login", "xenia", canary + "-wrong")
      person.succeeds("passwd", "--password-file", network.scratch.write("canary", canary + "-new\n"))
      _ = try? FileManager.default.removeItem(atPath: network.scratch.path + "/canary")
      #expect(shell("grep -raF canary-on-disk \(network.scratch.path)") == "")
      #expect(!network.tracker().text(2).contains("canary-on-disk"))
      #expect(network.tracker().text(2).contains(" debug "), "the log is not at work")

      #expect(shell("find \(person.state) \(network.data) -perm /077") == "")
      #expect(shell("find \(person.state) \(network.data)").contains("/state-xenia/login\n"))
    }

    /// What a line of shell says.
    private func shell(_ script: String) -> String {
      Child("/bin/sh", ["-c", script]).finish().output
    }
  }
}

// Life in a group by control files alone (SPEC 4), and what ordinary tools do to them.

import Foundation
import Testing

private let canMount = geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0

@Suite(.serialized, .enabled(if: canMount)) struct ControlFileTests {
  private func story() -> (Story, MountedDirectory, MountedDirectory) {
    let story = Story()
    story.startTracker()
    let (alice, bob) = (story.member("alice"), story.member("bob"))
    return (story, alice.mountsApart(), bob.mountsApart())
  }

  private func team() -> (Story, MountedDirectory, MountedDirectory) {
    let (story, alice, bob) = story()
    alice.does("mkdir team")
    bob.does("echo team > .join")
    alice.sees("bob\n", by: "cat team/.requests")
    alice.does("echo accept bob > team/.requests")
    bob.sees("team\n", by: "ls")
    return (story, alice, bob)
  }

  @Test func `somebody asks, is rejected, asks anew, is accepted, and is removed`() {
    let (_, alice, bob) = story()
    alice.does("mkdir team")
    bob.does("echo team > .join")
    bob.does("echo team >> .join")
    #expect(bob.does("cat .join") == "team pending\n")
    alice.sees("bob\n", by: "cat team/.requests")
    alice.does("echo reject bob > team/.requests")
    #expect(alice.does("cat team/.requests") == "")
    #expect(bob.does("cat .join") == "team rejected\n")
    bob.does("printf team > .join")
    alice.sees("bob\n", by: "cat team/.requests")
    alice.does("echo accept bob > team/.requests")
    #expect(alice.does("cat team/.members") == "alice owner online\nbob member online\n")
    bob.sees("team\n", by: "ls")
    #expect(bob.does("cat .groups") == "team alice member 2 0\n")
    alice.does("echo remove bob > team/.members")
    bob.sees("", by: "ls")
    #expect(bob.does("cat .join") == "")
  }

  @Test func `each failure is the errno of the write, and the log says why`() {
    let (_, alice, bob) = team()
    alice.fails("echo accept bob > team/.requests", EEXIST)
    alice.fails("echo accept carol > team/.requests", ENOENT)
    alice.fails("echo accept > team/.requests", EINVAL)
    alice.fails("echo remove alice > team/.members", EINVAL)
    bob.fails("echo accept alice > team/.requests", EACCES)
    bob.fails("echo remove alice > team/.members", EACCES)
    bob.fails("cat team/.requests", EACCES)
    bob.fails("echo team > .join", EEXIST)
    bob.fails("echo nowhere > .join", ENOENT)
    bob.fails("echo 'a b' > .join", EINVAL)
    bob.fails("echo nowhere > .leave", ENOENT)
    bob.fails("echo stop team nothing > .downloads", ENOENT)
    bob.fails("echo x > .groups", EACCES)
    bob.fails("rm .join", EPERM)
    let log = bob.does("cat .log")
    #expect(log.contains("team/.members: 'remove alice': only the owner"))
    #expect(log.contains(".join: 'nowhere': there is no group nowhere"))
  }

  @Test func `the lines before the first that fails stand`() {
    let (_, alice, bob) = story()
    alice.does("mkdir one two three")
    bob.fails(#"printf 'one\nnowhere\ntwo\n' | cat > .join"#, ENOENT)
    #expect(bob.does("cat .join") == "one pending\n")
    bob.does(#"printf 'two\nthree' > .join"#)
    #expect(bob.does("cat .join") == "one pending\nthree pending\ntwo pending\n")
  }

  @Test func `one write may hold many lines, and a line without end is told once`() {
    let (_, alice, bob) = story()
    alice.does("mkdir one two three")
    func python(_ bytes: String) -> String {
      """
      python3 -c "
      import os
      file = os.open('.join', os.O_WRONLY)
      try: print(os.write(file, \(bytes)))
      except OSError as error: print(os.strerror(error.errno))
      os.close(file)"
      """
    }
    #expect(bob.does(python("b'one\\n' + b'\\n' * 3000000 + b'two'")).hasSuffix("\n"))
    #expect(bob.does("cat .join") == "one pending\ntwo pending\n")
    #expect(bob.does(python("b'one\\n' * 20000")) == "80000\n")
    #expect(bob.does(python("b'three\\n' + b'x' * 70000 + b'\\n'")) == "Invalid argument\n")
    #expect(bob.does("cat .join") == "one pending\nthree pending\ntwo pending\n")
    let log = bob.does("cat .log").split(separator: "\n")
    #expect(
      log.filter { $0.contains(".join: ") }.count == 1 && log.allSatisfy { $0.utf8.count < 1000 }, "\(log)")
    #expect(log.last?.contains("a line is too long") == true)
  }

  @Test func `a long write ends when whoever writes is told to end`() {
    let (_, alice, bob) = story()
    alice.does("mkdir one")
    let began = Date()
    _ = bob.shell(
      "timeout -s INT 1 python3 -c \"import os,signal; signal.signal(2, signal.SIG_DFL); os.write(os.open('.join', 1), b'one\\n' * 250000)\""
    )
    #expect(Date().timeIntervalSince(began) < 10)
    #expect(bob.does("cat .join") == "one pending\n")
  }

  @Test func `a length is that of what is read, right after a line was taken`() {
    let (_, alice, bob) = team()
    alice.does("mkdir one")
    let look = """
      python3 -c '
      import os, sys
      written, line, seen = sys.argv[1:]
      os.stat(seen)
      open(written, "w").write(line)
      print(os.stat(seen).st_size == len(open(seen).read()) != 0)' "$@"
      """
    #expect(bob.does("set .join one .join; \(look)") == "True\n")
    #expect(alice.does("set team/.members 'remove bob' team/.members; \(look)") == "True\n")
    #expect(alice.does("set .leave one .groups; \(look)") == "True\n")
  }

  @Test func `what can only be read cannot be cut`() {
    let (_, alice, _) = team()
    for file in [".groups", ".help", ".log", ".status"] {
      alice.fails("python3 -c 'import os; os.truncate(\"\(file)\", 0)'", EACCES)
    }
    alice.does("python3 -c 'import os; os.truncate(\".join\", 0)'; touch .help")
  }

  @Test func `a file that says the same keeps its times`() {
    let (_, alice, bob) = team()
    bob.does("cat .groups team/.members > /dev/null")
    #expect(bob.shell("tar cf - .groups .help team/.members | wc -c").errors == "")
    let help = bob.does("stat -c %y%z .help .groups")
    usleep(50_000)
    #expect(bob.does("stat -c %y%z .help .groups") == help)
    alice.does("mkdir other")
    #expect(bob.does("cat .groups; stat -c %y%z .help .groups") != help)
  }

  @Test func `a mode is what it is for who looks`() {
    let (_, alice, bob) = team()
    let look = "cd team; stat -c '%a %n' .requests .members .shares"
    #expect(alice.does(look) == "644 .requests\n644 .members\n644 .shares\n")
    #expect(bob.does(look) == "0 .requests\n444 .members\n644 .shares\n")
  }

  @Test func `a group is made, left, inherited and removed as directories are`() {
    let (_, alice, bob) = team()
    alice.does("mkdir team/d")
    alice.fails("rmdir team", ENOTEMPTY)
    bob.fails("rmdir team", ENOTEMPTY)
    bob.does("echo team > .leave")
    #expect(bob.does("ls") == "")
    bob.does("echo team > .join")
    alice.sees("bob\n", by: "cat team/.requests")
    alice.does("echo accept bob > team/.requests; rmdir team/d")
    bob.sees("team\n", by: "ls")
    alice.does("rmdir team")
    #expect(alice.does("ls; cat .groups") == "")
    bob.sees("", by: "ls")
    bob.does("mkdir team")
    #expect(alice.does("cat .groups") == "team bob - 1 0\n")
  }

  @Test func `downloads begin and shares end there`() {
    let (_, alice, bob) = team()
    alice.does("head -c 3000000 /dev/urandom > 'team/a b' && mkdir team/d && echo x > team/d/y")
    bob.sees("a b\nd\n", by: "ls team")
    bob.does("echo 'start team a b' > .downloads && echo start team d > .downloads")
    bob.sees("[C] [team] a b\n[C] [team] d/y\n", by: "cat .downloads")
    #expect(bob.does("cat team/.shares") == "a b\nd/y\n")
    bob.does("echo 'stop a b' > team/.shares")
    #expect(bob.does("cat team/.shares") == "d/y\n")
    bob.does("echo 'start a b' > team/.shares")
    #expect(bob.does("cat team/.shares") == "a b\nd/y\n")
    alice.does("echo 'stop a b' > team/.shares")
    bob.fails("echo start team nothing > .downloads", ENOENT)
  }

  @Test func `ordinary tools read them whole`() {
    let (_, alice, _) = team()
    for file in [
      ".join", ".groups", ".downloads", ".log", ".help", "team/.members", "team/.requests", "team/.shares",
    ] {
      let whole = alice.does("cat \(file)")
      #expect(alice.does("stat -c %s \(file)") == "\(whole.utf8.count)\n", "\(file)")
      #expect(alice.does("dd bs=1 status=none if=\(file)") == whole, "\(file)")
      #expect(
        alice.does("cp \(file) /tmp/p2pfs-copy.$$; cat /tmp/p2pfs-copy.$$; rm /tmp/p2pfs-copy.$$") == whole)
      #expect(alice.does("tail -c +2 \(file)") == String(whole.dropFirst()), "\(file)")
    }
    #expect(alice.does("grep -c . .help; head -1 .groups; wc -l < team/.members").hasSuffix("\n2\n"))
    #expect(alice.does("ls -A team") == "")
    #expect(alice.does("ls -A") == ".downloads\n.groups\n.help\n.join\n.leave\n.log\n.status\nteam\n")
    let status =
      try? JSONSerialization.jsonObject(with: Data(alice.does("cat .status").utf8)) as? [String: Any]
    #expect(status?["user"] as? String == "alice")
  }
}

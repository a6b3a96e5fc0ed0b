// The life of a group by directories and control files, and what is refused on the way, each with its error.

import Foundation
import Testing

extension OnOneMount {
  @Suite struct GroupLife: AtOneMount {
    @Test func `a group is made, joined, peopled, left and ended by files and directories`() {
      alice.does("mkdir club")
      bob.sees("club alice - 1 0", by: "grep '^club ' .groups")
      bob.isRefused(ENOENT, "ls club")
      bob.does("echo club > .join")
      #expect(bob.does("cat .join") == "club pending")
      #expect(bob.does("grep '^club ' .groups") == "club alice pending 1 0")
      carol.does("printf club >> .join")
      alice.sees("bob\ncarol", by: "cat club/.requests")

      alice.does("printf 'accept bob\\nreject carol\\n' > club/.requests")
      #expect(alice.does("cat club/.requests") == "")
      carol.sees("club rejected", by: "cat .join")
      bob.sees("alice owner online\nbob member online", by: "cat club/.members")
      #expect(bob.does("ls -a club") == ".\n..")

      carol.does("echo club > .join")
      #expect(carol.does("cat .join") == "club pending")
      alice.does("echo accept carol > club/.requests")
      carol.sees("club", by: "ls -d club")
      alice.does("echo remove carol > club/.members")
      carol.sees("", by: "ls -d club 2>/dev/null || true")

      bob.does("echo of bob > club/his")
      alice.does("echo club > .leave")
      alice.isRefused(ENOENT, "ls club")
      bob.sees("bob owner online", by: "cat club/.members")
      bob.isRefused(ENOTEMPTY, "rmdir club")
      bob.does("rm club/his; rmdir club")
      #expect(alice.does("grep '^club ' .groups || true") == "")
    }

    @Test func `an empty group is left by rmdir`() {
      alice.does("mkdir hall; cat hall/.requests")
      bob.does("echo hall > .join")
      alice.does("echo accept bob > hall/.requests")
      bob.sees("hall", by: "ls -d hall")
      bob.does("rmdir hall")
      #expect(alice.does("cat hall/.members") == "alice owner online")
      alice.does("rmdir hall")
    }

    @Test func `what makes no sense is EINVAL`() {
      for line in ["a b", "-x", "two words more", ".hidden", String(repeating: "x", count: 65)] {
        bob.isRefused(EINVAL, "echo '\(line)' > .join")
      }
      for line in ["accept", "frobnicate bob", "accept bob carol", "accept b/b"] {
        alice.isRefused(EINVAL, "echo '\(line)' > team/.requests")
      }
      alice.isRefused(EINVAL, "echo remove > team/.members")
      alice.isRefused(EINVAL, "echo start > .downloads")
      alice.isRefused(EINVAL, "mkdir -- -x")
      alice.isRefused(EINVAL, "mkdir .x")
      alice.isRefused(EINVAL, "mkdir \(String(repeating: "x", count: 65))")
      let loop = "python3 -c 'import os; os.rename(\"team/loop\", \"team/loop/inside\")'"
      alice.isRefused(EINVAL, "mkdir team/loop; \(loop) || { rmdir team/loop; false; }")
      #expect(alice.does("cat .log").contains(".downloads"), "the reason is in the log")
    }

    @Test func `what is not there is ENOENT`() {
      bob.isRefused(ENOENT, "echo nowhere > .join")
      bob.isRefused(ENOENT, "echo nowhere > .leave")
      alice.isRefused(ENOENT, "echo accept nobody > team/.requests")
      alice.isRefused(ENOENT, "echo remove nobody > team/.members")
      alice.isRefused(ENOENT, "echo start team nothing > .downloads")
      alice.isRefused(ENOENT, "cat team/nothing")
      alice.isRefused(ENOENT, "echo x > team/nowhere/f")
    }

    @Test func `what is there already is EEXIST`() {
      bob.isRefused(EEXIST, "echo team > .join")
      bob.isRefused(EEXIST, "mkdir team")
      bob.does("mkdir team/twice")
      bob.isRefused(EEXIST, "mkdir team/twice")
      bob.isRefused(EEXIST, "ln -s x team/twice/y; ln -s x team/twice/y")
      bob.does("rm -r team/twice")
      alice.does("mkdir mine")
      bob.isRefused(EEXIST, "mkdir mine")
      alice.does("rmdir mine")
    }

    @Test func `what others may is EACCES`() {
      alice.does("mkdir team/hers; echo hers > team/hers/f; mkdir team/hers/empty; ln -s f team/hers/l")
      bob.sees("hers", by: "cat team/hers/f")
      bob.isRefused(EACCES, "cat team/.requests")
      bob.isRefused(EACCES, "echo accept carol > team/.requests")
      bob.isRefused(EACCES, "echo remove alice > team/.members")
      bob.isRefused(EACCES, "echo mine > team/hers/f")
      bob.isRefused(EACCES, "echo mine >> team/hers/f")
      bob.isRefused(EACCES, "truncate -s 0 team/hers/f")
      bob.isRefused(EACCES, "rm -f team/hers/f")
      bob.isRefused(EACCES, "mv team/hers/f team/hers/g")
      bob.isRefused(EACCES, "rm team/hers/l")
      bob.isRefused(EACCES, "rmdir team/hers/empty")
      let reasons = bob.does("tail -n 7 .log")
      for attempt in [
        "write team/hers/f", "rm team/hers/f", "mv team/hers/f", "rm team/hers/l", "rmdir team/hers/empty",
      ] {
        #expect(reasons.contains(" \(attempt): hers/"), "the reason is in the log: \(reasons)")
      }
      bob.does("echo mine > team/bobs")
      bob.isRefused(EACCES, "mv -f team/bobs team/hers/f")
      #expect(bob.does("stat -c %a team/hers/f team/bobs") == "444\n644")

      // The group's owner may.
      alice.sees("mine", by: "cat team/bobs")
      alice.does("echo more >> team/bobs")
      bob.sees("mine\nmore", by: "cat team/bobs")
      alice.does("rm -r team/hers team/bobs")
    }

    @Test func `what nobody may is EPERM`() {
      alice.does("echo f > team/f")
      alice.isRefused(EPERM, "touch f")
      alice.isRefused(EPERM, "rm .join")
      alice.isRefused(EPERM, "rm team/.shares")
      alice.isRefused(EPERM, "mv team/f team/.shares")
      alice.isRefused(EPERM, "mv team/.members team/g")
      alice.isRefused(EPERM, "mv team other")
      alice.isRefused(EPERM, "ln team/f team/g")
      alice.isRefused(EPERM, "mkfifo team/p")
      alice.isRefused(EPERM, "mknod team/n c 1 3")
      alice.isRefused(EPERM, "chown nobody team/f")
      #expect(alice.does("tail -n 4 .log").split(separator: "\n").count == 4)
      for reason in ["ln team/g: ", "mknod team/p: ", "mknod team/n: ", "chown team/f: "] {
        #expect(alice.does("tail -n 4 .log").contains(reason), "the reason is in the log")
      }
      alice.isRefused(EPERM, "ln -s /etc team/l")
      alice.isRefused(EPERM, "ln -s ../other team/l")
      alice.does("chown $(id -u):$(id -g) team/f; chmod 600 team/f; rm team/f")
    }

    @Test func `a file goes to another group by copying, as between file systems`() {
      alice.does("mkdir other; echo moved > team/f")
      alice.isRefused(EXDEV, "python3 -c 'import os; os.rename(\"team/f\", \"other/f\")'")
      alice.does("mv team/f other/f; test ! -e team/f")
      #expect(alice.does("cat other/f") == "moved")
      alice.does("echo other > .leave")
    }

    @Test func `control files are read and written by whatever reads and writes`() {
      #expect(alice.does("dd if=.groups bs=1 2>/dev/null") == alice.does("cat .groups"))
      #expect(alice.does("stat -c %s team/.members") == alice.does("wc -c < team/.members"))
      #expect(alice.does("head -n 1 team/.members") == "alice owner online")
      #expect(alice.does("grep -c '' .help") == alice.does("wc -l < .help"))
      #expect(alice.does("cp .status $S/status.json; cat $S/status.json").hasPrefix("{"))
      #expect(
        alice.does("python3 -c 'import json; print(json.load(open(\".status\"))[\"user\"])'") == "alice")
      alice.does("mkdir byte")
      bob.does("printf 'byte\\n' | dd of=.join bs=1 2>/dev/null")
      alice.does("printf 'accept bob' | tee -a byte/.requests")
      bob.sees("byte", by: "ls -d byte")
      alice.does("echo byte > .leave")
      bob.does("echo byte > .leave")
      // Listed in the root, not in a group: what copies a group does not meet them.
      #expect(alice.does("ls -a | head -n 5 | tail -n 3") == ".downloads\n.groups\n.help")
      #expect(alice.does("ls -A team | grep -c '^[.]' || true") == "0")
    }

    @Test func `who is removed is out at once`() {
      alice.does("mkdir brief; head -c 3000000 /dev/urandom > brief/f")
      carol.does("echo brief > .join")
      alice.does("echo accept carol > brief/.requests")
      carol.sees("f", by: "ls brief")
      let reader = carol.starts("exec 3< brief/f; head -c 4096 <&3 | wc -c; read; cat <&3 | wc -c")
      #expect(reader.waitFor("4096"))
      alice.does("echo remove carol > brief/.members")
      carol.sees("", by: "ls -d brief 2>/dev/null || true", within: 5)
      reader.write("\n")
      #expect(reader.finish().exit != 0, "bytes were given to somebody who was removed")
      alice.does("rm brief/f; rmdir brief")
    }
  }
}

// Who shares what he has read through a mount, and what `.shares` says of it.

import Foundation
import Testing

extension OnOneMount {
  @Suite struct Shares: AtOneMount {
    @Test func `who has read a file whole shares it when its publisher stops, until the last one stops`() {
      alice.does("mkdir team/sh; head -c 1000000 /dev/urandom > team/sh/f; cp team/sh/f $S/sh-ref")
      for reader in [bob, carol] { reader.sees("", by: "cmp team/sh/f $S/sh-ref") }
      alice.sees("3", by: "getfattr --only-values -n user.p2pfs.sharers team/sh/f")
      alice.does("echo 'stop sh/f' > team/.shares")
      carol.sees("2", by: "getfattr --only-values -n user.p2pfs.sharers team/sh/f")
      alice.does("cmp team/sh/f $S/sh-ref; ! grep -x sh/f team/.shares")

      bob.does("echo 'stop sh/f' > team/.shares; ls team/sh/f")
      #expect(carol.does("ls team/sh; grep sh/f team/.shares") == "f\nsh/f")
      carol.does("echo 'stop sh/f' > team/.shares")
      for person in [alice, bob, carol] { person.sees("", by: "ls team/sh") }
      alice.does("rmdir team/sh; rm $S/sh-ref")
    }

    @Test func `a directory is stopped and started with all that is shared of it, however it came`() {
      let inD2 = "grep ^d2/ team/.shares || true"
      alice.does(
        "cd team; mkdir -p d2/sub; head -c 1000 /dev/urandom > d2/b; cp d2/b $S/d2-ref; echo a > d2/sub/a")
      alice.does("touch team/d2/empty")
      bob.sees("b\nempty\nsub", by: "ls team/d2")
      for line in ["stop d2", "start d2"] { bob.isRefused(ENOENT, "echo \(line) > team/.shares") }
      #expect(
        bob.does("tail -n 1 .log").contains(
          "team/.shares: 'start d2': you do not share 'd2': only what you have uploaded, downloaded or read"))
      bob.does("echo start team d2 > .downloads")
      bob.sees("[C] [team] d2/b\n[C] [team] d2/empty\n[C] [team] d2/sub/a", by: "grep d2/ .downloads")
      bob.does("echo stop d2 > team/.shares")
      #expect(bob.does(inD2) == "")
      bob.person.fails(
        66, "stop_share", "team", "d2",
        says:
          "you do not share 'd2': only what you have uploaded, downloaded or read can be stopped and started")
      bob.does("echo start d2 > team/.shares")
      #expect(bob.does(inD2) == "d2/b\nd2/sub/a")
      bob.does("echo start d2 > team/.shares; echo start d2/b > team/.shares")
      bob.person.succeeds("stop_share", "team", "d2")
      #expect(bob.does(inD2) == "")

      alice.person.succeeds("stop_share", "team", "d2")
      for person in [alice, bob] { person.sees("d2/sub", by: "cd team; find d2 -mindepth 1") }
      alice.person.fails(66, "stop_share", "team", "d2")
      alice.person.succeeds("start_share", "team", "d2")
      #expect(alice.does("cd team; find d2 -type f | sort") == "d2/b\nd2/empty\nd2/sub/a")
      carol.sees("", by: "cmp team/d2/b $S/d2-ref")
      alice.does("rm -r team/d2; rm $S/d2-ref")
    }

    @Test func `what has been removed or replaced is not said to be shared`() {
      alice.does("mkdir team/sg; echo hi > team/sg/x; echo ho > team/sg/y")
      #expect(alice.does("grep sg/ team/.shares") == "sg/x\nsg/y")
      bob.sees("ho", by: "cat team/sg/y")
      alice.does("rm team/sg/x; echo hey > team/sg/y")
      #expect(alice.does("grep sg/ team/.shares") == "sg/y")
      bob.sees("hey", by: "cat team/sg/y")
      alice.does("mv team/sg/y team/sg/z; rm team/sg/z; echo ho > team/sg/y")
      #expect(alice.does("grep sg/ team/.shares") == "sg/y")
      bob.sees("y", by: "ls team/sg")
      #expect(bob.does("grep sg/ team/.shares || true") == "")
      alice.does("rm -r team/sg")
    }
  }
}

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

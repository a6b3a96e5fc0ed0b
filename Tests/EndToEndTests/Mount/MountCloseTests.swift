// Which close publishes: the last of an opening by the process that opened it, and then before it returns.

import Testing

extension OnOneMount {
  @Suite struct MountCloseTests: AtOneMount {
    @Test(arguments: ["os.O_RDONLY", "os.O_RDWR"])
    func `what else a program has open of a file makes its close no less a close`(_ mode: String) {
      alice.does("echo old > team/closed")
      bob.sees("old", by: "cat team/closed")
      let stale = alice.does(
        """
        python3 -c '
        import os
        stale = 0
        for i in range(20):
          other = os.open("team/closed", \(mode))
          f = os.open("team/closed", os.O_RDWR)
          os.pwrite(f, b"%03d" % i, 0)
          os.close(f)
          stale += open("\(bob.place)/team/closed", "rb").read(3) != b"%03d" % i
          os.close(other)
        print(stale)'
        """)
      #expect(stale == "0")
      alice.does("rm team/closed")
    }

    @Test(arguments: [
      "(echo a; sleep 0.2; /bin/echo b) > team/parts",
      "{ echo a; echo >&2; sleep 0.2; echo b; } > team/parts",
      "exec 13>team/parts 14>&13; echo a >&13; exec 13>&-; sleep 0.2; echo b >&14; exec 14>&-",
    ])
    func `what a shell writes by parts is published once`(_ script: String) {
      alice.does("echo old > team/parts")
      bob.sees("old", by: "cat team/parts")
      let watcher = bob.starts(
        """
        last=
        while test "$last" != $'a\\nb'; do
          now=$(cat team/parts 2>/dev/null) || continue
          test "$now" = "$last" || printf '%s;' "$now"
          last=$now
        done
        """)
      // Without a word on stderr, which the second script writes to.
      alice.does("exec 2>/dev/null; \(script)")
      #expect(watcher.finish(within: 20).output == "old;a\nb;")
      alice.does("rm team/parts")
    }
  }
}

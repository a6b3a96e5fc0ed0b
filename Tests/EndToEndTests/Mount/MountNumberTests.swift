// The number that `ls -i` shows: of one version of a file, and the same for whoever compares it.

import Testing

extension OnOneMount {
  @Suite struct MountNumberTests: AtOneMount {
    private static let number = "stat -c %i"

    @Test func `what is seen right after a close stands`() {
      let seen = alice.does(
        """
        python3 -c '
        import os, time
        p = "team/closed"
        open(p, "w").write("x" * 5000)
        changes = 0
        for i in range(100):
          f = os.open(p, os.O_RDWR)
          os.pwrite(f, b"%d" % i, 0)
          os.fstat(f)
          os.close(f)
          first = os.stat(p)
          time.sleep(.005)
          changes += first[:] != os.stat(p)[:]
        print(changes)'
        """)
      #expect(seen == "0")
      alice.does("rm team/closed")
    }

    @Test func `who has a file open keeps its number, and its name has the same`() {
      alice.does(
        """
        echo one > team/open
        exec 7< team/open
        first=$(stat -L -c %i /proc/self/fd/7)
        echo two > team/open; echo three >> team/open; sleep 0.2
        test $first = $(stat -L -c %i /proc/self/fd/7)
        test $first = $(\(Self.number) team/open)
        exec 7<&-
        sleep 0.2
        echo four > team/open
        test $first != $(\(Self.number) team/open)
        rm team/open
        """)
    }

    @Test func `another time and another mode are no other version, here and elsewhere`() {
      alice.does("echo one > team/mode")
      bob.sees("one", by: "cat team/mode")
      let first = [alice, bob].map { $0.does("\(Self.number) team/mode") }
      alice.does("chmod +x team/mode; touch -d 2001-02-03 team/mode")
      bob.sees("555 2001", by: "stat -c '%a %y' team/mode | cut -c 1-8")
      #expect([alice, bob].map { $0.does("\(Self.number) team/mode") } == first)
      alice.does("echo two > team/mode")
      bob.sees("two", by: "cat team/mode")
      for (person, number) in zip([alice, bob], first) {
        #expect(person.does("\(Self.number) team/mode") != number)
      }
      alice.does("rm team/mode")
    }

    @Test(arguments: ["delete", "truncate"])
    func `several programs open and close one database`(_ journal: String) {
      let program = """
        import sqlite3
        for i in range(8):
          c = sqlite3.connect("team/db", timeout=60, isolation_level=None)
          c.execute("pragma journal_mode=\(journal)")
          for j in range(5):
            c.execute("begin immediate")
            c.execute("insert into t values(?)", ("x" * 300,))
            c.execute("commit")
          c.close()
        """
      for _ in 0..<length(3, full: 10) {
        alice.does(
          """
          sqlite3 team/db 'create table t(a)'
          for i in 1 2 3; do python3 -c '\(program)' & done
          for i in 1 2 3; do wait -n; done
          test $(sqlite3 team/db 'select count(*) from t') = 120
          rm team/db
          """)
      }
    }
  }
}

// The exercises of Tests/Exercisers on a mount, and the same tree at another member afterwards. P2PFS_FULL=1 gives them
// their full length.

import Foundation
import Testing

extension OnOneMount {
  @Suite struct Exercises: AtOneMount {
    private func exercise(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) {
      let outcome = alice.tries("\(Programs.exercise) \(words)", within: 600)
      print(outcome.output)
      #expect(outcome.exit == 0, "\(outcome)", sourceLocation: sourceLocation)
    }

    @Test func `random operations give what they give on a disk`() {
      let count = length(4_000, full: 10_000)
      for _ in 0..<length(1, full: 10) {
        alice.does("mkdir $S/believed team/compared")
        exercise("compare --ops \(count) $S/believed team/compared")
        let facts =
          "find . ! -type d -printf '%P %y %s %l\\n' | sort; find . -type f -perm -100 | sort; find . -type d | sort"
        bob.sees(alice.does("cd $S/believed; \(facts)"), by: "cd team/compared; \(facts)")
        bob.does("diff -r --no-dereference $S/believed team/compared")
        alice.does("rm -r $S/believed team/compared")
      }
    }

    @Test(arguments: ["", "--mmap", "--mmap --fallocate", "--mmap --fallocate --reopen 50"])
    func `a file that is changed at random holds what was written`(options: String) {
      exercise("fsx --ops \(length(3_000, full: 20_000)) \(options) team/fsx")
      alice.does("cp team/fsx $S/fsx")
      bob.sees("", by: "cmp team/fsx $S/fsx 2>&1")
      alice.does("rm team/fsx")
    }

    @Test func `a crowd in one directory leaves it to all members as it is`() {
      alice.does("mkdir team/crowd")
      exercise("crowd --ops \(length(3_000, full: 10_000)) team/crowd")
      bob.sees(alice.does(everything("team/crowd")), by: everything("team/crowd"))
      alice.does("rm -r team/crowd")
    }

    @Test func `so do two crowds on two machines`() {
      alice.does("mkdir team/crowds")
      bob.sees("team/crowds", by: "ls -d team/crowds")
      let count = length(2_000, full: 10_000)
      let his = bob.starts("\(Programs.exercise) crowd --ops \(count) --beside-others team/crowds")
      exercise("crowd --ops \(count) --beside-others team/crowds")
      let outcome = his.finish(within: 300)
      #expect(outcome.exit == 0, "\(outcome)")
      for person in [alice, bob] { person.person.succeeds("sync") }
      bob.sees(alice.does(everything("team/crowds")), by: everything("team/crowds"))
      alice.does("rm -r team/crowds")
    }

    /// Names, kinds, sizes, contents and targets below a directory.
    private func everything(_ place: String) -> String {
      "cd \(place); find . -printf '%P %y %l\\n' | sort; find . -type f -print0 | sort -z | xargs -0r sha256sum"
    }

    @Test func `nasty names live, and another member sees the same`() {
      alice.does("mkdir team/names")
      exercise("names --keep team/names")
      let names = #"cd team/names; for f in * .[!.]* ..?*; do printf '%s=' "$f"; cat -- "$f"; echo; done"#
      bob.sees(alice.does(names), by: names)
      #expect(bob.does("ls -A team/names | wc -c") == alice.does("ls -A team/names | wc -c"))
      // In what is read by lines, each is one line.
      #expect(
        alice.does("grep -c names/ team/.shares") == alice.does("find team/names -type f -printf x | wc -c"))
      alice.does("rm -r team/names")
    }

    @Test func `who stays is in every listing once while others come and go`() {
      alice.does("mkdir team/listing")
      exercise("listing --names 3000 --times \(length(6, full: 30)) team/listing")
      alice.does("rmdir team/listing")
    }

    @Test func `each reader of what is replaced sees a whole version, here and elsewhere`() {
      let times = length(300, full: 1_000)
      alice.does("mkdir team/replace; touch team/replace/begin")
      bob.sees("begin", by: "ls team/replace")
      let elsewhere = bob.starts(
        "until [ -e team/replace/replaced ]; do sleep 0.05; done; \(Programs.exercise) watch --until \(times) team/replace/replaced"
      )
      exercise("replace --times \(times) team/replace")
      let outcome = elsewhere.finish(within: 120)
      print(outcome.output)
      #expect(outcome.exit == 0, "\(outcome)")
      alice.does("rm -r team/replace")
    }

    @Test(.enabled(if: geteuid() == 0)) func `what is looked up and forgotten takes no memory`() {
      alice.does("mkdir team/lookups")
      let (files, count) = (length(500, full: 5_000), length(5_000, full: 100_000))
      exercise("lookups --files \(files) --count \(count) --pid \(alice.daemon.pid) team/lookups")
      alice.does("rm -r team/lookups")
    }
  }

  /// An exercise that could not fail would say nothing.
  @Suite struct Canaries: AtOneMount {
    private func failsWith(_ text: String, _ exercise: Child, _ meddle: String) {
      #expect(exercise.waitFor("--seed"))
      alice.does(meddle)
      let outcome = exercise.finish()
      #expect(outcome.exit == 1 && outcome.output.contains(text), "\(outcome)")
    }

    @Test func `comparing finds what only one side has`() {
      alice.does("mkdir $S/one $S/other")
      failsWith(
        "differ", alice.starts("\(Programs.exercise) compare --ops 1000000 $S/one $S/other"),
        "touch $S/other/more")
      alice.does("rm -r $S/one $S/other")
    }

    @Test func `a changed byte is found`() {
      failsWith(
        "should", alice.starts("\(Programs.exercise) fsx --ops 10000000 $S/file"),
        "for i in $(seq 200); do printf X | dd of=$S/file bs=1 seek=$((i * 1000)) conv=notrunc status=none; done"
      )
      alice.does("rm $S/file")
    }
  }
}

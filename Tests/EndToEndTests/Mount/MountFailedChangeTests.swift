// What could not be done leaves everything as it was; and what changes no content leaves a file whose it is.

import Foundation
import Testing

extension OnOneMount {
  @Suite struct MountFailedChangeTests: AtOneMount {
    /// Without opening it, as truncate(1) would.
    private static func truncates(_ file: String) -> String {
      "python3 -c 'import os; os.truncate(\"\(file)\", 1 << 45)'"
    }

    @Test func `a truncation that fails leaves the file to the others`() {
      alice.does("echo 0123456789 > team/cut")
      bob.sees("0123456789", by: "cat team/cut")
      alice.isRefused(EFBIG, Self.truncates("team/cut"))
      #expect(alice.does("stat -c %s team/cut") == "11")
      #expect(alice.attribute("state", of: "team/cut") == "complete")
      alice.does("echo new > team/cut")
      bob.sees("new", by: "cat team/cut")
      alice.does("rm team/cut; test ! -e team/cut")
    }

    @Test func `a truncation of another's file that fails does not hide what he writes next`() {
      bob.does("echo 0123456789 > team/bobs")
      alice.sees("0123456789", by: "cat team/bobs")
      alice.isRefused(EFBIG, Self.truncates("team/bobs"))
      bob.does("echo new > team/bobs")
      alice.sees("new", by: "cat team/bobs")
      bob.does("rm team/bobs")
    }

    @Test(arguments: [
      "os.pwrite(f, b'x', 1 << 46)", "os.ftruncate(f, 1 << 46)", "os.posix_fallocate(f, 1 << 45, 1)",
    ])
    func `a write that fails takes no file away from its owner`(_ attempt: String) {
      bob.does("echo of bob > team/kept")
      alice.sees("of bob", by: "cat team/kept")
      let version = alice.does("stat -c '%i %y' team/kept")
      alice.does(
        """
        python3 -c '
        import errno, os
        f = os.open("team/kept", os.O_RDWR)
        try: \(attempt.replacing("'", with: "\"")); raise SystemExit("done")
        except OSError as error: assert error.errno == errno.EFBIG, error
        os.close(f)'
        sleep 0.5
        """)
      #expect(alice.does("stat -c '%i %y' team/kept") == version)
      #expect(alice.attribute("owner", of: "team/kept") == "bob")
      bob.does("echo more >> team/kept")
      alice.sees("of bob\nmore", by: "cat team/kept")
      bob.does("rm team/kept")
    }

    @Test func `other attributes leave a file whose it is, another content does not`() {
      bob.does("echo of bob > team/tool; ln -s tool team/link; mkdir team/box")
      alice.sees("of bob", by: "cat team/link")
      alice.does(
        "chmod +x team/tool; touch -d 2001-02-03 team/tool; touch -h -d 2001-02-03 team/link team/box")
      bob.sees("755 2001", by: "stat -c '%a %y' team/tool | cut -c 1-8")
      for file in ["tool", "box"] {
        for person in [alice, bob] { #expect(person.attribute("owner", of: "team/\(file)") == "bob") }
      }
      bob.does("echo more >> team/tool; rm team/link; rmdir team/box")
      alice.sees("of bob\nmore", by: "cat team/tool")
      alice.does("echo of alice >> team/tool")
      bob.sees("alice", by: "getfattr --only-values -n user.p2pfs.owner team/tool")
      bob.isRefused(EACCES, "echo even more >> team/tool")
      alice.does("rm team/tool")
    }

    @Test func `a directory is not renamed to where a path below it would be too long`() {
      let deep = "import os; d = 'd' * 200; [(os.makedirs(d), os.chdir(d)) for i in range(19)]"
      alice.does(
        """
        mkdir team/short; cd team/short; python3 -c "\(deep); open('f' * 200, 'w').close()"; cd ../..
        """)
      let longer = String(repeating: "e", count: 100)
      alice.isRefused(ENAMETOOLONG, "mv team/short team/\(longer)")
      #expect(alice.does("tail -n 1 .log").contains("would have a path of more than 4096 bytes"))
      alice.does("mv team/short team/other; rm -r team/other")
      // The group does not know of what stays local, and it has to have a path nevertheless.
      alice.does(
        "mkdir team/short; cd team/short; python3 -c \"\(deep); open('f' * 200 + '~', 'w').close()\"")
      alice.isRefused(ENAMETOOLONG, "mv team/short team/\(longer)")
      alice.does("rm -r team/short")
    }
  }
}

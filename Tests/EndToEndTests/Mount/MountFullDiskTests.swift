// A disk that has no room left: who writes is told, and nobody gets half a file.

import Foundation
import Testing

@Suite(.serialized, .enabled(if: Disk.isPossible)) struct MountFullDiskTests {
  /// alice's state lies on a disk of 32 MiB.
  private struct Fixture {
    let team: Team
    let disk = Disk(.memory(mebibytes: 32))
    let alice: Mounted
    let bob: Mounted

    init() throws {
      team = try Team("alice", "bob")
      team.story.belongings.append(disk)
      let person = team[0]
      person.environment["P2PFS_STATE"] = disk.path + "/state"
      person.succeeds("login", person.name, person.password)
      alice = person.mounts()
      bob = team[1].mounts()
      alice.does("echo old > team/f; head -c 24M /dev/urandom > $S/big")
      bob.sees("old", by: "cat team/f")
    }
  }

  @Test func `a copy that fails leaves the others the old file, and succeeds when there is room`() throws {
    let story = try Fixture()
    let (alice, bob) = (story.alice, story.bob)
    alice.does("head -c 20M /dev/zero > \(story.disk.path)/filler")
    alice.isRefused(ENOSPC, "cp $S/big team/f")
    alice.isRefused(ENOSPC, "cp $S/big team/new")
    #expect(alice.does("cat .log").contains("team/f is not published: there is no room left for it"))
    alice.person.succeeds("sync")
    #expect(bob.does("sleep 1; cat team/f; ls team") == "old\nf")
    alice.does("rm \(story.disk.path)/filler team/new; cp $S/big team/f; cmp $S/big team/f")
    bob.sees("f", by: "cmp $S/big team/f; ls team")
  }

  @Test func `a write that was refused and is made good is published`() throws {
    let story = try Fixture()
    let filler = story.disk.path + "/filler"
    story.alice.does(
      """
      python3 -c '
      import errno, os
      f = os.open("team/f", os.O_RDWR)
      os.pwrite(f, b"new", 0)
      full = os.open("\(filler)", os.O_RDWR | os.O_CREAT)
      os.posix_fallocate(full, 0, 24 << 20)
      part = os.urandom(1 << 20)
      done = 0
      try:
        while True: done += os.pwrite(f, part, done)
      except OSError as error: assert error.errno == errno.ENOSPC, error
      os.ftruncate(full, 0)
      while done < 10 << 20: done += os.pwrite(f, part, done)
      os.close(f)'
      """)
    story.bob.sees("\(10 << 20)", by: "stat -c %s team/f")
  }

  @Test func `what could not be closed is not published later`() throws {
    let story = try Fixture()
    let (alice, bob) = (story.alice, story.bob)
    let filler = story.disk.path + "/filler"
    let closing = alice.does(
      """
      python3 -c '
      import errno, os
      f = os.open("team/late", os.O_RDWR | os.O_CREAT)
      os.write(f, os.urandom(1 << 20))
      full = os.open("\(filler)", os.O_RDWR | os.O_CREAT)
      for size in [1 << 20, 1]:
        try:
          while True: os.write(full, b"x" * size)
        except OSError: pass
      try:
        os.close(f)
        print("closed")
      except OSError as error: print(errno.errorcode[error.errno])'
      """)
    #expect(closing == "ENOSPC")
    alice.does("rm \(filler)")
    _ = alice.tries("chmod +x team/late")
    alice.person.succeeds("sync")
    #expect(bob.does("sleep 1; ls team") == "f")
    alice.does("echo new > team/late")
    bob.sees("new", by: "cat team/late")
  }
}

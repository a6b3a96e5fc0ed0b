// The catalog in the state directory is a copy of what the tracker knows: what is wrong with it, the daemon puts right.

import Foundation
import Testing

@Suite(.serialized) struct MountCatalogTests {
  private let team: MountedTeam
  private var alice: Mounted { team[0] }
  private var bob: Mounted { team[1] }
  private var catalog: String { bob.person.state + "/catalog.sqlite" }

  init() throws {
    team = try MountedTeam("alice", "bob")
    alice.does("mkdir team/d; for i in $(seq 100); do echo $i > team/d/$i; done")
    bob.sees("100", by: "ls team/d | wc -l")
  }

  @Test(arguments: ["truncate -s 8192", "truncate -s 100", "dd if=/dev/urandom bs=4096 count=5 of="])
  func `a catalog that is damaged is made anew, and the log says so`(_ damage: String) {
    bob.unmounts()
    let harm = damage.hasSuffix("=") ? "\(damage)'\(catalog)' 2> /dev/null" : "\(damage) '\(catalog)'"
    alice.does(harm)
    bob.mountsAgain()
    bob.sees("100", by: "ls team/d | wc -l")
    #expect(bob.does("grep -c 'the catalog was damaged .* and is fetched anew from the tracker' .log") == "1")
    bob.does("rm team/d/1 2> /dev/null || mkdir team/mine")
    alice.sees("d\nmine", by: "ls team")
  }

  @Test func `one that is damaged while the daemon runs is made anew, too`() {
    alice.does(
      """
      for f in '\(catalog)' '\(catalog)-wal'; do
        head -c "$(stat -c %s "$f")" /dev/urandom | dd of="$f" bs=64k conv=notrunc 2> /dev/null
      done
      touch team/d/more
      """)
    bob.sees("101", by: "ls team/d | wc -l")
    bob.sees("1", by: "grep -c 'the catalog was damaged' .log")
    alice.does("touch team/last")
    bob.sees("d\nlast", by: "ls team")
  }

  @Test func `something else in its place is told in words`() throws {
    bob.unmounts()
    for file in ["", "-wal", "-shm"] { unlink(catalog + file) }
    mkdir(catalog, 0o700)
    let said = bob.person.fails(74, "mount", bob.place)
    #expect(said.contains("Is a directory: check the state directory"))
    rmdir(catalog)
    bob.mountsAgain()
    bob.sees("100", by: "ls team/d | wc -l")
  }
}

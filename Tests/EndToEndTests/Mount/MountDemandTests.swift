// What is fetched of a file is what is read of it.

import Foundation
import Testing

extension OnOneMount {
  @Suite struct Demand: AtOneMount {
    private static let gibibyte = 1 << 30

    /// 1 GiB, mostly holes, shared in place; random where it is looked at.
    private func sharesLarge(_ name: String) {
      alice.does(
        """
        truncate -s 1G $S/\(name)
        for place in 0 131072 262142; do
          head -c 8192 /dev/urandom | dd of=$S/\(name) bs=4096 seek=$place conv=notrunc status=none
        done
        """)
      alice.person.succeeds("upload_file", name, "team")
      bob.sees("\(Self.gibibyte)", by: "stat -c %s team/\(name)")
    }

    private func drops(_ name: String) { alice.does("rm team/\(name) $S/\(name)") }

    @Test func `4 KiB in the middle of a cold GiB cost 64 KiB at most`() {
      sharesLarge("middle")
      #expect(bob.attribute("state", of: "team/middle") == "remote")
      bob.does(
        "cmp <(dd if=team/middle bs=4096 skip=131072 count=1 status=none) <(dd if=$S/middle bs=4096 skip=131072 count=1 status=none)"
      )
      #expect(bob.attribute("state", of: "team/middle") == "partial")
      let have = bob.have("team/middle")
      #expect((4096...65_536).contains(have), "\(have) bytes for 4 KiB")
      bob.does("dd if=team/middle bs=4096 skip=131072 count=1 status=none > /dev/null")
      #expect(bob.have("team/middle") == have, "what is here is not fetched again")
      drops("middle")
    }

    @Test func `head and tail of a cold GiB cost 2 MiB at most`() {
      sharesLarge("ends")
      bob.does(
        "cmp <(head -c 4096 team/ends) <(head -c 4096 $S/ends); cmp <(tail -c 4096 team/ends) <(tail -c 4096 $S/ends)"
      )
      let have = bob.have("team/ends")
      #expect((8192...2 << 20).contains(have), "\(have) bytes for head and tail")
      drops("ends")
    }

    @Test func `random readers get what they touch, and not much more`() {
      sharesLarge("random")
      bob.does(
        """
        python3 -c "
        import os, random
        f = os.open('team/random', os.O_RDONLY); random.seed(7)
        for _ in range(64): assert len(os.pread(f, 4096, random.randrange(2**18) * 4096)) == 4096
        "
        """)
      let have = bob.have("team/random")
      #expect(have <= 64 * 65_536, "\(have) bytes for 64 times 4 KiB")
      drops("random")
    }

    @Test func `the listing of a cold archive touches its ends only`() {
      alice.does(
        """
        mkdir $S/files; cd $S/files; for i in $(seq 60); do head -c 1000000 /dev/urandom > file$i; done
        zip -q -0 -r $S/archive.zip .
        """)
      alice.person.succeeds("upload_file", "archive.zip", "team")
      bob.sees("60", by: "unzip -Z1 team/archive.zip | grep -c file")
      let have = bob.have("team/archive.zip")
      #expect(have <= 2 << 20, "\(have) bytes of 60 MB for a listing")
      bob.does("unzip -p team/archive.zip file30 | cmp - $S/files/file30")
      #expect(bob.have("team/archive.zip") <= 8 << 20)
      alice.does("rm -r team/archive.zip $S/archive.zip $S/files")
    }

    @Test(arguments: [1, 2])
    func `a file is read through a cache that is much smaller, and df shows its limit`(mebibytes: Int) {
      let elsewhere = bob.person.story.person("bob", at: "small\(mebibytes)")
      elsewhere.succeeds("login", "bob", elsewhere.password)
      let mount = elsewhere.mountsApart("--listen", "127.0.0.1:0", "--cache-size", "\(mebibytes)M")
      alice.does("head -c 30000000 /dev/urandom > team/wide")
      mount.sees("30000000\n", by: "stat -c %s team/wide")
      for _ in 0..<3 {
        // What the kernel has kept of it is dropped, or the next would read that.
        mount.does("dd if=team/wide iflag=nocache count=0 status=none")
        mount.does("set -o pipefail; cat team/wide | cmp - '\(alice.place)/team/wide'")
        #expect(mount.does("df -B 1M --output=size . | tail -n 1 | tr -d ' '") == "\(mebibytes)\n")
        #expect(mount.does("df -B 1M --output=used . | tail -n 1 | tr -d ' '") == "\(mebibytes)\n")
      }
      elsewhere.succeeds("unmount", mount.path)
      alice.does("rm team/wide")
    }

    /// What four readers wait for at once, and the kernel reads ahead for them, is more than the cache may hold.
    @Test(arguments: [1, 5])
    func `many files are read at once through a cache that is smaller than what they wait for`(mebibytes: Int)
      throws
    {
      let elsewhere = bob.person.story.person("bob", at: "crowded\(mebibytes)")
      elsewhere.succeeds("login", "bob", elsewhere.password)
      let mount = elsewhere.mountsApart("--listen", "127.0.0.1:0", "--cache-size", "\(mebibytes)M")
      alice.does("for i in 1 2 3 4; do head -c 6000000 /dev/urandom > team/at-once$i; done")
      mount.sees("4\n", by: "ls team/at-once* | wc -l")
      mount.does(
        """
        for i in 1 2 3 4; do timeout 30 cmp team/at-once$i '\(alice.place)/team/'at-once$i & all="$all $!"; done
        for one in $all; do wait $one || exit 1; done
        """)
      let received = try elsewhere.status.fetched.received
      #expect(received < 2 * 24_000_000, "\(received) bytes for 24 MB")
      elsewhere.succeeds("unmount", mount.path)
      alice.does("rm team/at-once*")
    }

    @Test func `a file is overwritten in part through a cache that is smaller than it`() throws {
      let elsewhere = alice.person.story.person("alice", at: "narrow")
      elsewhere.succeeds("login", "alice", elsewhere.password)
      let mount = elsewhere.mountsApart("--listen", "127.0.0.1:0", "--cache-size", "5M")
      bob.does("head -c 12000000 /dev/urandom > $S/narrow; cp $S/narrow team/narrow")
      mount.sees("12000000\n", by: "stat -c %s team/narrow")
      mount.does("printf x | dd of=team/narrow conv=notrunc bs=1 seek=6000000 status=none")
      elsewhere.succeeds("sync")
      bob.does(
        "printf x | dd of=$S/narrow conv=notrunc bs=1 seek=6000000 status=none; cmp $S/narrow team/narrow")
      elsewhere.succeeds("unmount", mount.path)
      alice.does("rm team/narrow")
    }

    /// A peer takes joins of 1,024 contents.
    @Test func `no file of very many in a row is waited for`() {
      alice.does(
        "mkdir team/many; cd team/many; for d in 1 2 3; do mkdir $d; for i in {1..500}; do echo $d $i > $d/$i; done; done"
      )
      bob.sees("1500", by: "find team/many -type f | wc -l")
      let slow = bob.does(
        """
        python3 -c "
        import os, time
        slow = 0
        for place, _, names in os.walk('team/many'):
          for name in names:
            began = time.time()
            assert open(place + '/' + name).read() == os.path.basename(place) + ' ' + name + chr(10)
            slow += time.time() - began > 0.5
        print(slow)"
        """)
      #expect(slow == "0")
      alice.does("rm -r team/many")
    }

    @Test func `.downloads fetches whole files in the background`() {
      alice.does("head -c 3000000 /dev/urandom > 'team/in the back'")
      bob.sees("3000000", by: "stat -c %s 'team/in the back'")
      bob.does("echo 'start team in the back' > .downloads")
      bob.sees("3000000", by: "getfattr --only-values -n user.p2pfs.have 'team/in the back'")
      bob.sees("[C] [team] in the back", by: "grep back .downloads")
      alice.does("rm 'team/in the back'")
    }
  }
}

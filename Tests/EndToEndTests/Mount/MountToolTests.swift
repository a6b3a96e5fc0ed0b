// Ordinary programs on a mount, and what another member sees of their work.

import Foundation
import Testing

extension OnOneMount {
  @Suite struct Tools: AtOneMount {
    /// A directory with a bit of everything, on a disk.
    private let source = MountedTeam.shared!.story.scratch.path + "/source"

    init() {
      alice.does(
        """
        rm -rf '\(source)'; mkdir -p '\(source)/sub/deep' '\(source)/empty'; cd '\(source)'
        head -c 700000 /dev/urandom > random; : > nothing; seq 10000 > 'with spaces'; echo x > $'new\\nline'
        printf '#!/bin/sh\\necho ran' > sub/run; chmod +x sub/run; ln -s ../random sub/link; seq 99 > sub/deep/.hidden
        find . -exec touch -h -d '2001-02-03 04:05:06.123456789' {} +
        """)
    }

    /// All that matters of a tree: kinds, sizes, times, executable bits, targets.
    private func facts(_ place: String) -> String {
      """
      cd \(place); find . ! -type d -printf '%P %y %s %T@ %l\\n' | sort; \
      find . -type f -perm -100 | sort; find . -type d | sort
      """
    }

    private func isSame(_ place: String, sourceLocation: SourceLocation = #_sourceLocation) {
      let own = alice.does(facts(source))
      for person in [alice, bob] {
        person.sees(own, by: facts(place), sourceLocation: sourceLocation)
        person.does("diff -r --no-dereference \(source) \(place)", sourceLocation: sourceLocation)
      }
    }

    @Test func `cp, mv and rm`() {
      alice.does("mkdir team/cp; cp -r $S/source team/cp/plain; cp -a $S/source team/cp/exact")
      isSame("team/cp/exact")
      bob.does("diff -r --no-dereference $S/source team/cp/plain")
      #expect(bob.does("team/cp/plain/sub/run; stat -c %a team/cp/plain/sub/run") == "ran\n555")
      alice.does(
        "cp -p $S/source/random team/cp/one; cp team/cp/one team/cp/two; cmp team/cp/one team/cp/two")
      #expect(
        bob.does("stat -c %y team/cp/one") == alice.does("stat -c %y $S/source/random"),
        "cp -p keeps the time")

      alice.does("mv team/cp/plain team/cp/moved; mv team/cp/exact team/cp/moved/inner")
      isSame("team/cp/moved/inner")
      alice.does(
        "mv team/cp/moved/inner $S/out; diff -r --no-dereference $S/source $S/out; mv $S/out team/cp/back")
      isSame("team/cp/back")
      alice.does("mv team/cp/one team/cp/two; test ! -e team/cp/one")
      bob.does(
        "cp -r team/cp/back $S/fetched; diff -r --no-dereference $S/source $S/fetched; rm -r $S/fetched")
      alice.does("rm -rf team/cp")
      bob.sees("", by: "ls -d team/cp 2>/dev/null || true")
    }

    @Test func `rsync moves what has changed, and then nothing`() {
      alice.does("mkdir team/rsync; rsync -a --delete $S/source/ team/rsync/")
      isSame("team/rsync")
      let again = "rsync -a --delete --itemize-changes $S/source/ team/rsync/"
      #expect(alice.does(again) == "", "the second time there is nothing to do")
      alice.does("cd $S/source; rm 'with spaces'; echo more >> random; mkdir added")
      #expect(alice.does(again).contains("*deleting"))
      isSame("team/rsync")
      #expect(alice.does(again) == "")
      #expect(alice.does("rsync -a --inplace --checksum --itemize-changes $S/source/ team/rsync/") == "")
      bob.does("rsync -a team/rsync/ $S/bobs/; diff -r --no-dereference $S/source $S/bobs; rm -r $S/bobs")
      alice.does("rm -r team/rsync")
      // A group's own directory, too.
      alice.does("mkdir synced; rsync -a --delete $S/source/ synced/")
      #expect(alice.does("rsync -a --delete --itemize-changes $S/source/ synced/") == "")
      alice.does("rm -r synced/* && rmdir synced")
    }

    @Test func `tar in and out`() {
      alice.does(
        "mkdir team/tar; tar -C $S/source --format=posix -cf - . | tar -C team/tar -xf -; tar -C $S/source --format=posix -cf $S/t.tar ."
      )
      alice.does("tar -C team/tar -df $S/t.tar")
      isSame("team/tar")
      bob.does(
        "mkdir $S/untar; tar -C team/tar -cz . | tar -C $S/untar -xz; diff -r --no-dereference $S/source $S/untar"
      )
      alice.does("rm -r team/tar $S/untar")
    }

    @Test func `git clones, commits, packs and is cloned from`() {
      let git = "git -c user.name=a -c user.email=a@b -c safe.directory='*' -c init.defaultBranch=main"
      alice.does(
        """
        cd $S/source; \(git) init -q .; \(git) add -A; \(git) commit -qm one; cd ~-
        mkdir team/git; \(git) clone -q $S/source team/git/clone; cd team/git/clone
        test -z "$(\(git) status --porcelain)"
        echo two > two; \(git) add two; \(git) commit -qm two; \(git) gc -q; \(git) fsck --strict
        \(git) checkout -qb side HEAD~1; \(git) checkout -q main; test -z "$(\(git) status --porcelain)"
        """)
      bob.sees("two\none", by: "\(git) -C team/git/clone log --format=%s main")
      #expect(bob.does("\(git) clone -q team/git/clone $S/bobs; cat $S/bobs/two; rm -rf $S/bobs") == "two")
      alice.does("rm -rf team/git $S/source/.git")
    }

    @Test(arguments: ["delete", "truncate", "wal"])
    func `sqlite writes and queries`(journal: String) {
      alice.does(
        """
        mkdir team/sql; sqlite3 team/sql/db 'PRAGMA journal_mode=\(journal); CREATE TABLE t (a INTEGER PRIMARY KEY, b);'
        for i in 1 2 3; do sqlite3 team/sql/db "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 500)
          INSERT INTO t (b) SELECT hex(randomblob(200)) FROM n;"; done
        test "$(sqlite3 team/sql/db 'DELETE FROM t WHERE a % 3 = 0; SELECT count(*) FROM t; PRAGMA integrity_check;')" = $'1000\\nok'
        """)
      bob.sees("1000", by: "sqlite3 'file:team/sql/db?immutable=1' 'SELECT count(*) FROM t'")
      #expect(bob.does("ls team/sql") == "db")
      alice.does("rm -r team/sql")
    }

    @Test func `dd of each kind`() {
      alice.does("mkdir team/dd; dd if=$S/source/random of=team/dd/f bs=64k status=none; cp team/dd/f $S/ref")
      for file in ["team/dd/f", "$S/ref"] {
        alice.does("printf patch | dd of=\(file) bs=1 seek=300001 conv=notrunc status=none")
        alice.does("printf more | dd of=\(file) oflag=append conv=notrunc status=none")
        alice.does("dd if=/dev/zero of=\(file) bs=1 count=1 seek=2000000 conv=notrunc status=none")
        alice.does("dd if=$S/source/random of=\(file) bs=16k count=3 seek=40 conv=notrunc,fsync status=none")
        alice.does("printf over | dd of=\(file) bs=1 seek=1000000 status=none")
      }
      alice.does("cmp team/dd/f $S/ref")
      bob.sees("", by: "cmp team/dd/f $S/ref 2>&1")
      #expect(bob.does("dd if=team/dd/f bs=1 skip=300001 count=5 status=none") == "patch")
      alice.does("rm -r team/dd")
    }

    @Test func `truncate, fallocate and appending`() {
      alice.does("mkdir team/cut; cp $S/source/random team/cut/f; cp team/cut/f $S/ref")
      for file in ["team/cut/f", "$S/ref"] {
        alice.does(
          """
          truncate -s 400000 \(file); truncate -s +1000000 \(file); fallocate -p -o 100000 -l 50000 \(file)
          fallocate -l 3000000 \(file); echo end >> \(file); truncate -s -2 \(file); fallocate -z -o 1 -l 5 \(file)
          """)
      }
      alice.does(
        "cmp team/cut/f $S/ref; (echo one; echo two) > team/cut/both; : > team/cut/none; > team/cut/none")
      bob.sees("", by: "cmp team/cut/f $S/ref 2>&1")
      #expect(bob.does("cat team/cut/both") == "one\ntwo")
      alice.does("rm -r team/cut")
    }

    @Test func `a file mapped into memory is read and written`() {
      let write = """
        import mmap, os
        f = open('team/map', 'r+b'); m = mmap.mmap(f.fileno(), 0)
        assert m[100:104] == b'\\0\\0\\0\\0'; m[70000:70006] = b'mapped'; m[0:5] = b'begin'; m.flush(); m.close(); f.close()
        """
      alice.does("truncate -s 100000 team/map; python3 -c \"\(write)\"")
      let read = """
        import mmap
        f = open('team/map', 'rb'); m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
        print(m[0:5].decode(), m[70000:70006].decode(), m.find(b'mapped'), len(m))
        """
      bob.sees("begin mapped 70000 100000", by: "python3 -c \"\(read)\"")
      alice.does("rm team/map")
    }

    @Test func `vim saves in each of its ways`() {
      alice.does("mkdir team/vim; seq 3 > team/vim/f")
      for (number, way) in ["yes", "no", "auto"].enumerated() {
        let vim = alice.starts(
          "vim.tiny -u NONE -c 'set backup writebackup backupskip= backupcopy=\(way)' team/vim/f",
          onTerminal: true)
        vim.waitFor("team/vim/f", within: 30)
        vim.write("Goline \(number)\u{1B}:wq\r")
        #expect(vim.finish().exit == 0)
      }
      bob.sees("1\n2\n3\nline 0\nline 1\nline 2", by: "cat team/vim/f")
      #expect(bob.does("ls -A team/vim") == "f", "what vim leaves about stays with alice")
      #expect(alice.does("ls -A team/vim") == "f\nf~")
      alice.does("rm -r team/vim")
    }

    @Test func `nano saves, with a backup and without`() {
      alice.does("mkdir team/nano; echo old > team/nano/f")
      for (text, option) in [("first ", ""), ("second ", "-B")] {
        let nano = alice.starts("nano -I \(option) team/nano/f", onTerminal: true)
        nano.waitFor("old", within: 30)
        nano.write(text + "\u{0F}\r")
        nano.waitFor("Wrote", within: 30)
        nano.write("\u{18}")
        #expect(nano.finish().exit == 0)
      }
      bob.sees("second first old", by: "cat team/nano/f")
      #expect(bob.does("ls -A team/nano") == "f")
      alice.does("rm -r team/nano")
    }

    @Test func `every member has the same sums`() {
      alice.does("mkdir team/sums; cp -r $S/source team/sums/hers")
      bob.does("cp -r $S/source team/sums/his")
      let sums = "cd team/sums; find . -type f -print0 | sort -z | xargs -0 sha256sum"
      let hers = alice.does("find team/sums -type f | wc -l; \(sums)")
      for person in [alice, bob, carol] { person.sees(hers, by: "find team/sums -type f | wc -l; \(sums)") }
      alice.does("rm -r team/sums")
    }

    @Test func `many read one cold file at once, and it comes once`() throws {
      alice.does("head -c 20000000 /dev/urandom > team/cold")
      let sum = alice.does("sha256sum team/cold")
      carol.sees("team/cold", by: "ls team/cold")
      let before = try carol.person.status.fetched.received
      let readers = (0..<8).map { _ in carol.starts("sha256sum team/cold") }
      for reader in readers { #expect(reader.finish().output == sum + "\n") }
      let received = try carol.person.status.fetched.received - before
      #expect((20_000_000..<24_000_000).contains(received))
      alice.does("rm team/cold")
    }

    @Test func `who reads while the file is overwritten reads the old version to its end`() {
      alice.does("set +o pipefail; yes old | head -c 3000000 > team/changing")
      bob.sees("3000000", by: "stat -c %s team/changing")
      let reader = bob.starts("exec 3< team/changing; head -c 1000 <&3 | tail -c 4; read; cat <&3 | sort -u")
      #expect(reader.waitFor("old"))
      alice.does("set +o pipefail; yes new | head -c 4000000 > team/changing")
      bob.sees("4000000", by: "stat -c %s team/changing")
      reader.write("\n")
      #expect(reader.finish().output == "old\nold\n")
      #expect(bob.does("sort -u team/changing") == "new")
      alice.does("rm team/changing")
    }

    @Test func `du tells what is here, df the cache, and mount whose it is`() {
      alice.does("head -c 1000000 /dev/urandom > team/du")
      bob.sees("0", by: "du -k team/du | cut -f 1")
      bob.does("cat team/du > /dev/null")
      #expect((976...1040).contains(Int(bob.does("du -k team/du | cut -f 1")) ?? 0))
      #expect(bob.does("df --output=fstype . | tail -n 1") == "fuse.p2pfs")
      #expect(bob.does("df --output=source . | tail -n 1").hasPrefix("p2pfs:bob@127.0.0.1:"))
      #expect(bob.does("df -B 1G --output=size . | tail -n 1").contains("20"))
      #expect(bob.attribute("owner", of: "team/du") == "alice")
      #expect(bob.attribute("state", of: "team/du") == "complete")
      #expect(bob.attribute("sharers", of: "team/du") == "2")
      #expect(bob.attribute("root", of: "team/du").count == 64)
      #expect(bob.attribute("link", of: "team/du").hasPrefix("p2pfs://team/"))
      alice.does("rm team/du")
    }
  }
}

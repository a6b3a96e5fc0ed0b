// `make install`, `make uninstall` and the package: what is where, and that nothing stays behind.

import Foundation
import Testing

/// Built once, of what `make build` has built.
enum BuiltPackage {
  static let path: String = {
    let outcome = Child("/usr/bin/make", ["-s", "package"], directory: Programs.root).finish()
    #expect(outcome.exit == 0 && outcome.errors == "", "\(outcome)")
    return Programs.root + (outcome.lines.last ?? "no package")
  }()

  static func field(_ name: String) -> String {
    Child("/usr/bin/dpkg-deb", ["-f", path, name]).finish().output.trimmingCharacters(in: .newlines)
  }

  /// Places without the first slash.
  static var files: [String] {
    Child("/bin/sh", ["-c", "dpkg-deb --fsys-tarfile \(path) | tar t"]).finish().lines
      .filter { !$0.hasSuffix("/") }.map { String($0.dropFirst(2)) }
  }
}

@Suite(.serialized) struct PackageTests {
  private func make(_ words: String...) {
    let outcome = Child("/usr/bin/make", ["-s"] + words, directory: Programs.root).finish()
    #expect(outcome.exit == 0 && outcome.errors == "", "\(outcome)")
  }

  private func files(below path: String) -> Set<String> {
    Set(Child("/usr/bin/find", [path, "!", "-type", "d", "-printf", "%m %P\n"]).finish().lines)
  }

  @Test func `make install puts everything below PREFIX, and uninstall takes exactly that away`() throws {
    let scratch = Scratch()
    for place in ["usr/local/share/man/man1", "usr/local/bin"] {
      scratch.make(place)
      _ = scratch.write("\(place)/not-ours", "")
    }
    make("install", "DESTDIR=\(scratch.path)")
    let installed = files(below: scratch.path + "/usr/local")
    for file in [
      "755 bin/p2pfs", "755 bin/tracker", "755 sbin/mount.p2pfs", "644 share/man/man1/p2pfs.1",
      "644 share/man/man7/p2pfs-protocol.7", "644 share/zsh/site-functions/_p2pfs",
      "644 lib/systemd/user/p2pfs.service", "644 share/doc/p2pfs/examples/fstab.example",
    ] {
      #expect(installed.contains(file), "\(file)")
    }
    let unit = try String(
      contentsOfFile: scratch.path + "/usr/local/lib/systemd/system/p2pfs-tracker.service", encoding: .utf8)
    #expect(unit.contains("\nExecStart=/usr/local/bin/tracker ") && !unit.contains("/usr/bin/"))
    make("uninstall", "DESTDIR=\(scratch.path)")
    #expect(
      files(below: scratch.path + "/usr/local") == ["644 bin/not-ours", "644 share/man/man1/not-ours"])
    #expect(!FileManager.default.fileExists(atPath: scratch.path + "/usr/local/share/doc/p2pfs"))
  }

  @Test
  func `the package is named by the version that both programs say, and wants what they are linked with`() {
    let version = BuiltPackage.field("Version")
    #expect(Child(Programs.p2pfs, ["--version"]).finish().output == "p2pfs \(version)\n")
    #expect(Child(Programs.tracker, ["--version"]).finish().output == "tracker \(version)\n")
    #expect(BuiltPackage.path.contains("/p2pfs_\(version)_"))
    let wanted = Set(
      BuiltPackage.field("Depends").split(separator: ",").map { dependency in
        String(dependency.split(separator: " ")[0])
      })
    let libraries = Child(
      "/bin/sh",
      [
        "-c", "for p in \"$@\"; do objdump -p $p | sed -n 's/.*NEEDED *//p'; done | sort -u", "sh",
        Programs.p2pfs, Programs.tracker,
      ]
    ).finish().lines
    #expect(libraries.count > 5)
    let search = "dpkg -S $(printf '*/%s ' \"$@\") | grep -v -- -dev:"
    let owners = Child("/bin/sh", ["-c", search, "sh"] + libraries).finish().lines
    for library in libraries where !library.hasPrefix("ld-linux") {
      let found = owners.filter { $0.hasSuffix("/\(library)") }.map { String($0.split(separator: ":")[0]) }
      #expect(!wanted.isDisjoint(with: found), "\(library) of \(found) is not in \(wanted)")
    }
    #expect(wanted.contains("fuse3"))
  }

  @Test(.enabled(if: Machine.canBeReplicated))
  func `it is installed, works, and when it is purged nothing of it is left`() {
    let story = Story()
    story.startTracker()
    let replica = Replica(in: story.scratch)
    let before = replica.changes
    replica.installs(BuiltPackage.path)
    for file in BuiltPackage.files where !file.contains("share/doc/") {
      #expect(replica.tries("test -f /\(file)").exit == 0, "\(file)")
    }
    for page in ["1 p2pfs", "8 tracker", "8 mount.p2pfs", "7 p2pfs-protocol"] {
      #expect(replica.does("man -w \(page)").hasPrefix("/usr/share/man/"))
    }
    #expect(replica.does("MANPAGER=cat man 1 p2pfs").contains("download_file group file destination"))
    #expect(replica.does("dpkg --verify p2pfs") == "")
    mountsFromExample(replica, story)
    if Machine.has("/usr/sbin/updatedb.plocate") { isNotLocated(replica) }
    #expect(replica.does("mkdir -p /var/lib/p2pfs-tracker; ls -d /etc/p2pfs") == "/etc/p2pfs\n")
    replica.does("rm -r /var/lib/p2pfs /srv/swarm /srv/archive")
    replica.purges()
    #expect(replica.changes == before)
    #expect(
      replica.tries("ls -d /etc/p2pfs /var/lib/p2pfs-tracker /usr/share/doc/p2pfs").output == "",
      "left behind")
  }

  /// Each line of the example, by the real mount(8), as root; others can read there.
  private func mountsFromExample(_ replica: Replica, _ story: Story) {
    replica.does(
      """
      mkdir /srv/swarm /srv/archive
      export P2PFS_STATE=/var/lib/p2pfs P2PFS_TRACKER=\(story.info) P2PFS_PASSWORD=secret
      p2pfs create_user archive && p2pfs login archive && p2pfs create_group team
      """)
    let example = "/usr/share/doc/p2pfs/examples/fstab.example"
    let lines = replica.does("sed -n 's/^#*\\(\\/var.*\\)/\\1/p' \(example)").split(separator: "\n")
    #expect(lines.count == 3)
    for line in lines {
      let place = line.split(separator: " ")[1]
      replica.does("echo '\(line)' > /tmp/fstab && mount -T /tmp/fstab \(place)")
      #expect(replica.does("findmnt -no FSTYPE \(place)") == "fuse.p2pfs\n")
      replica.does("su nobody -s /bin/sh -c 'ls \(place)/team'")
      let writes = replica.tries("touch \(place)/team/f").exit == 0
      #expect(writes == !line.contains(",ro "))
      replica.does("umount \(place) && flock --timeout 10 /var/lib/p2pfs/daemon.lock true")
    }
  }

  /// What lies in groups is not for locate(1).
  private func isNotLocated(_ replica: Replica) {
    replica.does(
      """
      mkdir /srv/look && p2pfs --state /var/lib/p2pfs mount /srv/look -o allow_other
      touch /srv/look/team/needle /srv/needle
      """)
    // What the unit says with the drop-in, on this tree only.
    let unit = "/lib/systemd/system/plocate-updatedb.service"
    let lines = replica.does("cat \(unit) \(unit).d/*").split(separator: "\n")
    let command = lines.last { $0.hasPrefix("ExecStart=/") }?.dropFirst("ExecStart=".count) ?? "false"
    let there = "--database-root /srv --prunepaths '' --output /tmp/db; plocate -d /tmp/db needle"
    #expect(replica.does("/usr/sbin/updatedb.plocate \(there)").contains("/srv/look/team/needle"))
    #expect(replica.does("\(command) \(there)") == "/srv/needle\n")
    replica.does("p2pfs --state /var/lib/p2pfs unmount /srv/look; rm -r /srv/look /srv/needle")
  }
}

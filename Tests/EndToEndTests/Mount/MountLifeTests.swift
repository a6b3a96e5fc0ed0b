// A mount from its beginning to its end, however that comes. As root, for mounting is root's, or fusermount3's.

import Foundation
import Testing

private let canMount = geteuid() == 0 && access("/dev/fuse", R_OK | W_OK) == 0

@Suite(.serialized, .enabled(if: canMount)) struct MountLifeTests {
  private func story() -> (Story, Person) {
    let story = Story()
    story.startTracker()
    return (story, story.member("alice"))
  }

  @Test func `it is there when mount returns, and gone with its daemon when unmount does`() {
    let (_, alice) = story()
    let mount = alice.mountsApart()
    #expect(mount.isMounted)
    mount.does("mkdir team && echo hello > team/f && cat team/f")
    #expect(alice.succeeds("list_files", "team") == ["6 alice 1 f"])
    #expect(alice.succeeds("status").contains("mounted \(mount.path)"))
    #expect(alice.succeeds("unmount", mount.path) == ["unmounted \(mount.path)"])
    #expect(!mount.isMounted && mount.daemon == nil)
    alice.fails(69, "unmount", mount.path)
  }

  @Test func `who has just mounted again is found with all that he has`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does("mkdir team/d; for i in {1..300}; do echo $i > team/d/$i; done", within: 120)
    bob.sees("300", by: "ls team/d | wc -l")
    alice.unmounts()
    bob.isRefused(EHOSTDOWN, "cat team/d/1")
    alice.mountsAgain()
    #expect(bob.does("cat team/d/* | wc -l") == "300")
  }

  @Test func `what stands keeps its inode, whoever wrote it, over an end and over a kill`() throws {
    let team = try MountedTeam("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.does(
      """
      cd team; mkdir d; echo one > d/f; echo two > g; mv g d/g; ln -s f d/l; mkdir e; echo x > e/x; mv e d/e
      echo old > d/h; echo new > d/h; echo more >> d/g
      """)
    bob.does("echo b > team/d/b")
    alice.sees("b", by: "cat team/d/b")
    alice.does("cd team; n=$(stat -c %i d/f); chmod +x d/f; touch d/f; test $n = $(stat -c %i d/f)")
    let look = "cd team; stat -c '%i %n' d d/* d/e/*"
    let first = alice.does(look)
    #expect(Set(first.split(separator: "\n").map { $0.split(separator: " ")[0] }).count == 8)
    alice.unmounts()
    alice.mountsAgain()
    #expect(alice.does(look) == first)
    alice.isKilled()
    alice.mountsAgain()
    #expect(alice.does(look) == first)
  }

  @Test func `it does not hide what it lives on, nor the place one happens to be in`() {
    let (story, alice) = story()
    let above = story.scratch.path
    let refused = alice.fails(74, "mount", above)
    #expect(
      refused.contains("'\(alice.state)', where p2pfs keeps its own, would disappear below '\(above)': "))
    for command in ["mount", "unmount"] {
      #expect(alice.fails(65, command, "") == "'' is no place: name a directory")
    }
  }

  @Test func `what lies in a mount is not shared once more, and keeps nothing busy`() {
    let (story, alice) = story()
    story.scratch.make("home")
    story.scratch.write("home/f", "x")
    let mount = alice.mountsApart(at: story.scratch.path + "/home/swarm")
    mount.does("mkdir one two; echo hello > one/f")
    let refused = alice.fails(65, "upload_file", mount.path + "/one/f", "two")
    #expect(refused.hasSuffix("/one/f lies in a mount of p2pfs: copy it with cp, which shares it too"))
    let around = alice.run(["upload_file", story.scratch.path + "/home", "two"])
    #expect(around.exit == 65 && around.lines.contains("sharing home/f in two"), "\(around)")
    #expect(around.lines.contains { $0.hasPrefix("left out home/swarm: ") }, "\(around)")
    #expect(alice.succeeds("list_files", "two") == ["1 alice 1 home/f"])
    alice.succeeds("unmount", mount.path)
  }

  @Test func `there is one daemon for a state directory`() {
    let (_, alice) = story()
    let mount = alice.mountsApart()
    alice.fails(69, "mount", mount.path + "-other")
    alice.fails(69, "serve")
    alice.succeeds("unmount", mount.path)
    let daemon = alice.serves()
    alice.fails(69, "mount", mount.path)
    alice.fails(66, "unmount", mount.path)
    daemon.signal(SIGTERM)
  }

  @Test func `who uses it is named, and keeps it mounted`() {
    let (_, alice) = story()
    let mount = alice.mountsApart()
    mount.does("mkdir team")
    let user = Child("/bin/sleep", ["60"], directory: mount.path + "/team")
    usleep(200_000)
    #expect(alice.fails(75, "unmount", mount.path).contains("sleep (\(user.pid))"))
    #expect(mount.isMounted)
    user.signal(SIGKILL)
    user.wait()
    alice.succeeds("unmount", mount.path)
  }

  @Test(arguments: [SIGTERM, SIGINT])
  func `a daemon that is told to stop unmounts`(signal: Int32) {
    let (_, alice) = story()
    let daemon = alice.start(["mount", "-f", alice.mountPoint])
    #expect(daemon.waitFor("mounted", on: 2))
    let mount = MountedDirectory(of: alice)
    #expect(mount.isMounted)
    daemon.signal(signal)
    #expect(daemon.wait() == 0)
    #expect(!mount.isMounted)
  }

  @Test func `umount ends the daemon`() {
    let (_, alice) = story()
    let daemon = alice.start(["mount", "-f", alice.mountPoint])
    #expect(daemon.waitFor("mounted", on: 2))
    #expect(Child("/usr/bin/umount", [alice.mountPoint]).finish().exit == 0)
    #expect(daemon.wait() == 0)
  }

  @Test func `what kill -9 leaves behind the next mount clears away, and unmount too`() {
    let (_, alice) = story()
    let mount = alice.mountsApart()
    mount.does("mkdir team && echo kept > team/f")
    for _ in 0..<2 {
      kill(mount.daemon!, SIGKILL)
      usleep(200_000)
      mount.fails("ls \(mount.path)", ENOTCONN)
      mount.comesUp()
      #expect(mount.does("cat team/f") == "kept\n")
    }
    kill(mount.daemon!, SIGKILL)
    usleep(200_000)
    alice.succeeds("unmount", mount.path)
    #expect(!mount.isMounted)
  }

  @Test func `a mount point is made, and what is none is refused`() {
    let (story, alice) = story()
    let mount = alice.mountsApart()
    #expect(FileManager.default.fileExists(atPath: mount.path))
    alice.succeeds("unmount", mount.path)
    alice.fails(74, "mount", story.scratch.path + "/no/such/place")
    alice.fails(74, "mount", story.scratch.write("plain", ""))
    alice.fails(64, "mount", mount.path, "-o", "bogus")
    story.person("nobody").fails(77, "mount", mount.path)
    #expect(!mount.isMounted)
  }

  @Test func `it logs in first where it is told to`() {
    let (story, _) = story()
    let elsewhere = story.person("alice", at: "elsewhere")
    let (right, wrong) = (story.scratch.write("right", elsewhere.password), story.scratch.write("wrong", "x"))
    elsewhere.fails(77, "mount", elsewhere.mountPoint, "--user", "alice", "--password-file", wrong)
    let mount = elsewhere.mountsApart("--user", "alice", "--password-file", right)
    #expect(mount.isMounted)
    elsewhere.succeeds("unmount", mount.path)
  }

  @Test func `it is away while nobody is logged in`() {
    let (_, alice) = story()
    let mount = alice.mountsApart()
    mount.does("mkdir team")
    alice.succeeds("logout")
    #expect(!mount.isMounted && mount.daemon != nil)
    alice.succeeds("login", "alice", alice.password)
    mount.sees("team\n", by: "ls \(mount.path)")
    alice.succeeds("login", "alice", alice.password)
    #expect(mount.isMounted)
    mount.does("mkdir other")
    alice.succeeds("unmount", mount.path)
  }

  @Test func `without a tracker it shows what it knew, and loses nothing`() {
    let (story, alice) = story()
    let mount = alice.mountsApart()
    mount.does("mkdir team && echo old > team/f")
    alice.succeeds("unmount", mount.path)
    story.killTracker()
    mount.comesUp()
    #expect(mount.does("cat team/f; ls -a . | head -3; cat .groups > /dev/null; cat .help") != "")
    mount.does("echo new > team/g && cat team/g")
    #expect(mount.does("cat .status").contains(#""pending":["team/g"]"#))
    alice.fails(75, "sync")
    mount.fails("echo team > .leave", EHOSTUNREACH)
    #expect(alice.run(["unmount", mount.path]).exit == 0)
    story.startTracker()
    mount.comesUp()
    alice.succeeds("sync")
    #expect(alice.succeeds("list_files", "team") == ["4 alice 1 f", "4 alice 1 g"])
  }

  @Test func `mount(8) and fstab find their way`() {
    let (story, alice) = story()
    let programs = story.scratch.path + "/bin"
    try? FileManager.default.createDirectory(atPath: programs, withIntermediateDirectories: true)
    try? FileManager.default.createSymbolicLink(
      atPath: programs + "/p2pfs", withDestinationPath: Programs.p2pfs)
    let mount = MountedDirectory(of: alice)
    try? FileManager.default.createDirectory(atPath: mount.path, withIntermediateDirectories: true)
    let environment = ["PATH": programs + ":/usr/sbin:/usr/bin:/sbin:/bin"]
    let helpers = [
      ("/usr/sbin/mount.fuse3", ["-t", "fuse.p2pfs"]), (Programs.root + "Packaging/mount.p2pfs", ["-n"]),
    ]
    for (helper, words) in helpers {
      let options = "rw,_netdev,nofail,user,x-systemd.automount,nosuid,state=\(alice.state)"
      let child = Child(helper, ["swarm", mount.path, "-o", options] + words, environment: environment)
      let outcome = child.finish()
      #expect(outcome.exit == 0 && mount.isMounted, "\(outcome)")
      let source = mount.does("df --output=source . | tail -1")
      #expect(source == "p2pfs:alice@127.0.0.1:\(story.ports[0])\n")
      alice.succeeds("unmount", mount.path)
    }
  }

  @Test func `allow_other lets others in, and ro keeps everything as it is`() {
    let (_, alice) = story()
    let mount = alice.mountsApart()
    mount.does("mkdir team && echo hello > team/f")
    mount.fails("cd / && su nobody -s /bin/sh -c 'ls \(mount.path)'", EACCES)
    alice.succeeds("unmount", mount.path)
    mount.comesUp(["-o", "allow_other,ro,show_control"])
    #expect(mount.does("ls -A team") == ".members\n.requests\n.shares\nf\n")
    for script in ["touch team/x", "rm team/f", "mkdir other", "echo team > .leave"] {
      mount.fails(script, EROFS)
    }
    alice.succeeds("unmount", mount.path)
  }
}

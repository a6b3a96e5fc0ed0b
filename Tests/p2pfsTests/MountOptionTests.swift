// What stands behind -o, how mount(8) calls, and what the kernel lists.

import GroupModel
import Testing

@testable import p2pfs

private let nowhere = Environment { $0 == "HOME" ? "/home/alice" : nil }

private func line(_ words: String...) throws(Failure) -> ShellLine {
  try ShellLine(words, environment: nowhere)
}

@Suite struct MountOptionTests {
  @Test func `a mount has a directory, and stays in the background unless it is told otherwise`() throws {
    #expect(try line("mount", "swarm").command == .mount("swarm", staysHere: false))
    #expect(try line("mount", "swarm", "-f").command == .mount("swarm", staysHere: true))
    #expect(try line("unmount", "swarm").command == .unmount("swarm"))
    #expect(try line("sync").command == .sync)
  }

  @Test func `ours are understood, libfuse's passed on, and others' words ignored`() throws {
    let options = try line(
      "mount", "d", "-o", "ro,show_control,allow_other,_netdev",
      "-onofail,x-systemd.automount,noatime,dev,suid"
    ).options.mount
    #expect(options.isReadOnly && options.showsControl)
    #expect(options.passed == ["allow_other", "default_permissions", "noatime"])
    #expect(try line("mount", "d", "-o", "ro,rw").options.mount.isReadOnly == false)
    #expect(
      try line("mount", "d", "-o", #"fsname=a\,b,max_read=4096"#).options.mount.passed == [
        "fsname=a,b", "max_read=4096",
      ])
  }

  @Test func `options of p2pfs may stand there, too`() throws {
    let options = try line(
      "mount", "d", "-o", "state=/s,tracker=/t,cache-size=1G,read-timeout=5,metrics=[::1]:9464"
    ).options
    #expect(options.state == "/s" && options.tracker == "/t")
    #expect(options.metrics?.description == "[::1]:9464")
    #expect(options.cacheBytesMax == 1 << 30 && options.readTimeoutSeconds == 5)
  }

  @Test(arguments: ["bogus", "allow_othr", "bogus=1", "metrics=9464", "cache-size=x", "Ro"])
  func `a misspelt one is told`(option: String) {
    do throws(Failure) {
      _ = try line("mount", "d", "-o", option)
      Issue.record("it was taken")
    } catch {
      #expect(error.exitCode == 64)
    }
  }

  @Test(arguments: [
    ["-o", "ro", "status"], ["status", "--user", "alice"], ["sync", "-f"], ["mount"], ["mount", "a", "b"],
  ])
  func `they are for mount alone, and it takes one directory`(words: [String]) {
    #expect(throws: Failure.self) { try ShellLine(words, environment: nowhere) }
  }

  @Test func `mount(8) names a source first`() throws {
    let first = try line("swarm", "/mnt", "-o", "rw,nofail")
    #expect(
      first.command == .mount("/mnt", staysHere: false)
        && first.options.state == "/home/alice/.local/state/p2pfs")
    #expect(first.words == ["mount", "/mnt"])
    #expect(try line("/var/lib/alice", "/mnt", "-o", "rw").options.state == "/var/lib/alice")
    #expect(try line("/var/lib/alice", "/mnt", "-o", "state=/s").options.state == "/s")
    #expect(
      try line("p2pfs:alice@192.0.2.1:9002", "/mnt", "-o", "rw").command == .mount("/mnt", staysHere: false))
    #expect(throws: Failure.self) { try line("swarm", "/mnt") }
  }

  @Test func `who logs in first is a user`() throws {
    #expect(try line("mount", "--user", "alice", "d").options.mount.user == UserName("alice"))
    #expect(throws: Failure.self) { try line("mount", "--user", "a b", "d") }
  }

  @Test func `the kernel's list is read with its escapes`() {
    let text = #"36 35 0:98 / /mnt/a\040b rw,nosuid shared:1 master:2 - fuse.p2pfs p2pfs:a@h:1 rw"#
    #expect(
      MountTable.place(text.utf8)
        == MountedRow(path: "/mnt/a b", type: "fuse.p2pfs", source: "p2pfs:a@h:1", device: "0:98"))
    #expect(MountTable.place("36 35 0:98 / /mnt rw".utf8) == nil)
    #expect(MountTable.mounted(at: "/") != nil)
  }

  @Test(arguments: [("/a//b/./c/", "/a/b/c"), ("x", "/here/x"), (".", "/here"), ("/", "/")])
  func `a path is the same from anywhere`(path: String, absolute: String) {
    #expect(WorkingDirectory.absolute(path, from: "/here") == absolute)
  }
}

@Test(arguments: ["", "plain", "a b", "back\\slash", "new\nline", "\u{1}\u{7F}", "\u{9B}x", "\u{E9}t\u{E9}"])
func `what is escaped can be unescaped`(text: String) {
  #expect(Printable.unescaped(Printable.escaped(text)).map { String(decoding: $0, as: UTF8.self) } == text)
}

@Test(arguments: [#"\"#, #"a\q"#, #"\12"#, #"\400"#, #"\89a"#])
func `what was never escaped so is none`(text: String) { #expect(Printable.unescaped(text) == nil) }

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
      try line("mount", "d", "-o", #"fsname=a\,b,context=x"#).options.mount.passed == [
        "fsname=a,b", "context=x",
      ])
  }

  @Test func `what mount(8) knows of every file system is taken, and does not trouble libfuse`() throws {
    let options = try line(
      "mount", "d", "-o",
      "nodiratime,diratime,strictatime,relatime,lazytime,iversion,mand,nomand,silent,loud,symfollow,nodev,noexec"
    ).options.mount
    #expect(options.passed == ["nodev", "noexec"])
    #expect(options.tuning == KernelTuning())
  }

  @Test func `libfuse's own are agreed with the kernel, within what can be`() throws {
    let tuning = try line(
      "mount", "d", "-o",
      "max_read=65536,max_write=1,max_readahead=0,max_background=70000,congestion_threshold=10,sync_read"
    ).options.mount.tuning
    #expect(tuning.readBytesMax == 65_536 && tuning.writeBytesMax == 4096 && tuning.readaheadBytes == 0)
    #expect(tuning.backgroundMax == 65_535 && tuning.congestionThreshold == 10 && tuning.readsInTurn)
    #expect(try line("mount", "d", "-o", "max_read=99999999").options.mount.tuning.readBytesMax == 1 << 20)
    #expect(try line("mount", "d", "-o", "sync_read,async_read").options.mount.tuning == KernelTuning())
  }

  @Test func `what tunes libfuse's own loop changes nothing here`() throws {
    let options = try line(
      "mount", "d", "-o",
      "splice_read,no_splice_move,clone_fd,max_idle_threads=4,max_threads=9,big_writes,kernel_cache,"
        + "auto_cache,entry_timeout=1.5,attr_timeout=0,negative_timeout=2,readdirplus=auto,no_remote_lock"
    ).options.mount
    #expect(options.passed == [] && options.tuning == KernelTuning())
  }

  @Test func `options of p2pfs may stand there, too`() throws {
    let options = try line(
      "mount", "d", "-o", "state=/s,tracker=/t,cache-size=1G,read-timeout=5,metrics=[::1]:9464"
    ).options
    #expect(options.state == "/s" && options.tracker == "/t")
    #expect(options.metrics?.description == "[::1]:9464")
    #expect(options.cacheBytesMax == 1 << 30 && options.readTimeoutSeconds == 5)
  }

  @Test(arguments: [
    "bogus", "allow_othr", "bogus=1", "metrics=9464", "cache-size=x", "Ro", "max_read=0", "max_read=-1",
    "max_read=4k",
    "max_read", "max_write=", "max_background=0", "sync_read=1", "entry_timeout=x", "entry_timeout",
    "readdirplus=2",
    "uid=0", "umask=022", "nosymfollow", "blkdev", "direct_io",
  ])
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

// Destinations that cannot be, disks that are full, sources that change, names that are none: each is told in a
// sentence, and nothing is half done.

import Foundation
import GroupModel
import Testing

@Suite(.serialized) struct BadInputTests {
  private static let mebibyte = 1 << 20

  @Test func `a destination that cannot be is refused, and left as it was`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    team.makeFile("f", bytes: Self.mebibyte)
    alice.serves()
    bob.serves()
    alice.succeeds("upload_file", "f", "team")
    let scratch = team.story.scratch
    scratch.write("file", "mine")
    scratch.make("empty")
    scratch.make("taken/f")
    symlink("nowhere", team.path("dangling"))
    symlink("empty", team.path("folder"))
    for (code, destination) in [
      (73, "file"), (73, "dangling"), (74, "file/below"), (74, "missing/f"), (74, "taken"), (74, "/proc/f"),
      (74, String(repeating: "x", count: 256)), (74, String(repeating: "d/", count: 3000)),
    ] as [(Int32, String)] {
      bob.fails(code, "download_file", "team", "f", destination)
    }
    for destination in ["file/below", "file/"] {
      let sentence = bob.fails(74, "download_file", "team", "f", destination)
      #expect(
        sentence.hasSuffix(": Not a directory: a part of the path is a file, so name another"), "\(sentence)")
    }
    symlink("loop", team.path("loop"))
    #expect(
      bob.fails(74, "download_file", "team", "f", "loop/f").contains("Too many levels of symbolic links"))
    #expect(team.contents("file") == Data("mine".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: team.path("empty")).isEmpty)
    #expect(bob.succeeds("show_downloads") == [])
    // As cp has it, a directory takes the file under its own name; of a link to one too.
    bob.succeeds("download_file", "team", "f", "folder")
    #expect(team.isSame("f", "empty/f"))
    bob.fails(73, "download_file", "team", "f", "empty")
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter {
      $0.contains("p2pfs")
    }
    #expect(left.isEmpty, "\(left)")
  }

  @Test func `a name that is none is malformed, at every command that takes one`() throws {
    let team = try Team("alice")
    let alice = team[0]
    alice.serves()
    let bad = [
      "", "/", "/f", "a//b", "..", "../f", "a/../f", "a/..", ".", "./f", "a/./f",
      String(repeating: "x", count: 256), String(repeating: "a/", count: 2100) + "f", ".requests", ".members",
      ".shares",
    ]
    for path in bad {
      alice.fails(65, "download_file", "team", path, "copy")
      alice.fails(65, "stop_share", "team", path)
      alice.fails(65, "start_share", "team", path)
      alice.fails(65, "stop_download", "team", path)
      alice.fails(65, "link", "team", path)
      alice.fails(65, "peers", "team", path)
    }
    for name in [".requests", ".members", ".shares"] {
      team.story.scratch.write(name, "x")
      alice.fails(65, "upload_file", name, "team")
    }
    for path in ["/", "/dev/null", "missing", "missing/../f", ""] {
      let outcome = alice.run(["upload_file", path, "team"])
      expectFailure(outcome, outcome.exit == 65 ? 65 : 74, "upload_file '\(path)'")
    }
    let listed = alice.succeeds("list_files", "team")
    #expect(!listed.contains { $0.contains("..") || $0.hasSuffix("/") }, "\(listed)")
  }

  @Test func `the state directory, with the key in it, is shared by no mistake`() throws {
    let team = try Team("alice")
    let alice = team[0]
    alice.serves()
    team.story.scratch.write("notes", "to be shared")
    symlink(alice.state, team.path("shortcut"))
    for path in [alice.state, alice.state + "/login", "shortcut", alice.state + "/../state-alice/cache"] {
      alice.fails(65, "upload_file", path, "team")
    }
    let outcome = alice.run(["upload_file", ".", "team"])
    #expect(
      outcome.output.contains("left out") && outcome.output.contains("with your key in it"), "\(outcome)")
    let listed = alice.succeeds("list_files", "team")
    #expect(listed.contains { $0.hasSuffix("/notes") })
    #expect(!listed.contains { $0.contains("state-alice/") }, "\(listed)")
  }

  @Test func `odd names are shared, listed in one line each, and come back as they were`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    alice.serves()
    bob.serves()
    let names = [
      " ", "a\nb", "\u{1B}[2Jx", "tab\there", "back\\slash", "-x", "--json", "größe", "e\u{301}", "'\"$(id)`",
      "\u{202E}gnp", ".hidden", "...", "\u{7F}", String(repeating: "ü", count: 127),
    ]
    for (number, name) in names.enumerated() { team.story.scratch.write(name, "file \(number)") }
    for name in names { #expect(alice.run(["upload_file", "--", "./" + name, "team"]).exit == 0, "\(name)") }
    let listed = bob.succeeds("list_files", "team")
    #expect(listed.count == names.count)
    #expect(!listed.joined().unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) })
    #expect(listed.contains { $0.hasSuffix(#" a\nb"#) } && listed.contains { $0.hasSuffix(#" back\\slash"#) })
    for (number, name) in names.enumerated() {
      let outcome = bob.run(["download_file", "team", "--", name, "copy-\(number)"])
      #expect(outcome.exit == 0, "\(outcome)")
      #expect(team.contents("copy-\(number)") == Data("file \(number)".utf8))
    }
  }

  @Test(.enabled(if: Disk.isPossible, "to mount a disk needs root"))
  func `a disk that cannot be written is told as the system says it`() throws {
    let team = try Team("alice", "bob")
    let disk = Disk(.memory(mebibytes: 2))
    Child("/bin/mount", ["-o", "remount,ro", disk.path]).finish()
    team.makeFile("f", bytes: 100)
    team.story.scratch.write("empty", "")
    team[0].serves()
    team[1].serves()
    team[0].succeeds("upload_file", "f", "empty", "team")
    for name in ["f", "empty"] {
      let place = disk.path + "/copy"
      team[1].fails(
        74, "download_file", "team", name, place,
        says: "\(place): Read-only file system: choose a place that can be written")
    }
  }

  @Test(.enabled(if: Disk.isPossible, "a full disk needs root"))
  func `a full disk ends a download, and room for it lets it go on`() throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    let disk = Disk(.memory(mebibytes: 24))
    team.makeFile("small", bytes: 16 * Self.mebibyte)
    team.makeFile("large", bytes: 32 * Self.mebibyte)
    alice.serves("--up-limit", "8M")
    alice.succeeds("upload_file", "small", "team")
    alice.succeeds("upload_file", "large", "team")
    bob.serves()
    // One that never fits is refused at once, and leaves nothing.
    let sentence = bob.fails(74, "download_file", "team", "large", disk.path + "/large")
    #expect(sentence.contains("No space left"), "\(sentence)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path).isEmpty)

    let download = bob.begins("small", to: disk.path + "/small")
    try bob.waits(forBytes: 2 * Self.mebibyte, of: "team/small")
    let filler = Child("/bin/sh", ["-c", "cat /dev/zero >\(disk.path)/filler 2>/dev/null"])
    let outcome = download.finish()
    filler.wait()
    expectFailure(outcome, 74, "on a full disk")
    #expect(outcome.errors.contains("No space left"))
    #expect(!FileManager.default.fileExists(atPath: disk.path + "/small"))
    unlink(disk.path + "/filler")
    let kept = try bob.status.fetched.kept
    #expect(kept > 0)
    bob.succeeds("download_file", "team", "small", disk.path + "/small")
    #expect(Child("/usr/bin/cmp", [team.path("small"), disk.path + "/small"]).finish().exit == 0)
    #expect(try bob.status.fetched.kept == 16 * Self.mebibyte, "what was there was fetched again")
  }

  enum Change: String, CaseIterable {
    case shrinks, vanishes, grows
    case changes = "is written to"
    case isReplaced = "is replaced"
  }

  @Test(arguments: Change.allCases)
  func `a source that changes while it is shared gives nothing wrong, and says so`(change: Change) throws {
    let team = try Team("alice", "bob")
    let (alice, bob) = (team[0], team[1])
    team.makeFile("f", bytes: 16 * Self.mebibyte)
    #expect(Child("/bin/cp", [team.path("f"), team.path("original")]).finish().exit == 0)
    let daemon = alice.serves("--up-limit", "8M")
    alice.succeeds("upload_file", "f", "team")
    bob.serves()
    let download = bob.begins("f", to: "copy")
    try bob.waits(forBytes: 4 * Self.mebibyte, of: "team/f")
    switch change {
    case .shrinks: truncate(team.path("f"), 1000)
    case .vanishes: unlink(team.path("f"))
    case .grows: truncate(team.path("f"), 17 << 20)
    case .changes:
      let file = open(team.path("f"), O_WRONLY)
      pwrite(file, "else", 4, 12 << 20)
      close(file)
    case .isReplaced: rename(team.story.scratch.write("other", "other"), team.path("f"))
    }
    let outcome = download.finish()
    #expect([66, 75].contains(outcome.exit), "\(outcome)")
    #expect(!FileManager.default.fileExists(atPath: team.path("copy")))
    #expect(try bob.status.fetched.thrown == 0)
    #expect(daemon.waitFor("no longer shared from", on: 2), "\(daemon.text(2))")

    // Put back, it is shared again, and can be fetched.
    unlink(team.path("f"))
    rename(team.path("original"), team.path("f"))
    alice.succeeds("upload_file", "f", "team")
    bob.succeeds("download_file", "team", "f", "copy")
    #expect(team.isSame("f", "copy"))
  }
}

// Downloads that are stopped, interrupted, taken up again, and overtaken by what others do meanwhile.

import Foundation
import Testing

@Suite(.serialized) struct InterruptedTests {
  private let story: Story
  private let alice: Person
  private let bob: Person
  private var scratch: Scratch { story.scratch }

  init() { (story, alice, bob) = Story.ofTwo() }

  /// How many pieces somebody has, as `peers` tells `asker`.
  private func pieces(of person: Person, _ asker: Person, _ file: String = "f") -> Int {
    let line = asker.run(["peers", "team", file]).lines.first { $0.hasPrefix("\(person.name) ") }
    return line.flatMap { Int($0.split(separator: " ")[1].split(separator: "/")[0]) } ?? 0
  }

  /// A file of 16 MiB that comes slowly, and bob at his shell, who has some of it.
  private func bobHasSome() -> (first: Child, download: Child) {
    scratch.writeRandom("f", 16 << 20)
    let first = alice.serves("--up-limit", "2M")
    alice.succeeds("upload_file", "f", "team")
    let download = bob.start(["download_file", "team", "f", "copy"])
    bob.comes(to: "some pieces", "peers", "team", "f") { lines in
      lines.contains { $0.hasPrefix("bob ") && !$0.hasPrefix("bob 0/") }
    }
    return (first, download)
  }

  private func interrupt(_ download: Child) {
    download.signal(SIGINT)
    #expect(download.wait() == -SIGINT)
    bob.comes(to: "no download", "show_downloads") { $0.isEmpty }
  }

  @Test func `what a stopped download has verified is still served, also after a restart`() {
    let second = bob.serves()
    let (first, download) = bobHasSome()
    interrupt(download)
    let had = pieces(of: bob, alice)
    #expect(had > 0)
    first.signal(SIGKILL)
    second.signal(SIGTERM)
    first.wait()
    second.wait()
    bob.serves()

    let carol = story.member("carol")
    let owner = alice
    owner.succeeds("accept_request", carolAsks(carol), "carol")
    carol.serves()
    carol.comes(to: "bob's pieces", "peers", "team", "f") { $0.contains("bob \(had)/32") }
    carol.fails(75, "download_file", "team", "f", "carols")
    #expect(pieces(of: carol, carol) >= had)
    bob.succeeds("stop_share", "team", "f")
    #expect(pieces(of: bob, carol) == 0)
    bob.succeeds("start_share", "team", "f")
    #expect(pieces(of: bob, carol) == had)
  }

  private func carolAsks(_ carol: Person) -> String {
    carol.succeeds("join_group", "team")
    return "team"
  }

  @Test func `who interrupts a download and repeats it goes on, wherever to, and leaves nothing behind`() {
    bob.serves()
    let (_, download) = bobHasSome()
    interrupt(download)
    #expect(scratch.names().filter { $0.hasPrefix(".copy.p2pfs-") }.count == 1)
    scratch.make("elsewhere")
    let had = pieces(of: bob, bob)
    let again = bob.start(["download_file", "team", "f", "elsewhere"])
    #expect(pieces(of: bob, bob) >= had)
    bob.comes(to: "nothing beside the first place", "show_downloads") { _ in
      !scratch.names().contains { $0.hasPrefix(".copy") }
    }
    bob.fails(75, "download_file", "team", "f", "third")
    #expect(again.wait() == 0)
    #expect(scratch.contents("elsewhere/f") == scratch.contents("f"))
    #expect(scratch.names(in: "elsewhere") == ["f"])
  }

  @Test func `what is stopped for good leaves nothing beside its destination, and goes on from the cache`() {
    bob.serves()
    let (_, download) = bobHasSome()
    let had = pieces(of: bob, bob)
    #expect(bob.succeeds("stop_download", "team", "f") == ["stopped the download of f"])
    #expect(download.finish().exit == 75)
    #expect(!scratch.names().contains { $0.hasPrefix(".copy") })
    #expect(pieces(of: bob, alice) >= had)
    bob.succeeds("download_file", "team", "f", "copy")
    #expect(scratch.contents("copy") == scratch.contents("f"))
    #expect(!scratch.names().contains { $0.hasPrefix(".copy") })
  }

  @Test func `a directory that was interrupted goes on where it was, and is then whole`() {
    scratch.make("tree")
    for index in 0..<4 { scratch.writeRandom("tree/\(index)", 3 << 20) }
    alice.serves("--up-limit", "4M")
    bob.serves()
    alice.succeeds("upload_file", "tree", "team")
    let download = bob.start(["download_file", "team", "tree", "copy"])
    bob.comes(to: "the first file", "show_downloads") { $0.contains("[C] [team] tree/0") }
    interruptTree(download)
    #expect(scratch.names(in: "copy").contains("0"))
    bob.succeeds("download_file", "team", "tree", "copy")
    let diff = Child("/usr/bin/diff", ["-r", scratch.path + "/tree", scratch.path + "/copy"]).finish()
    #expect(diff.exit == 0, "\(diff)")
  }

  private func interruptTree(_ download: Child) {
    download.signal(SIGINT)
    #expect(download.wait() == -SIGINT)
    bob.comes(to: "nothing under way", "show_downloads") { !$0.contains { $0.hasPrefix("[D]") } }
  }

  @Test func `a download that was under way when its daemon was killed goes on by itself`() {
    let second = bob.serves()
    let (_, download) = bobHasSome()
    second.signal(SIGKILL)
    second.wait()
    #expect(download.finish().exit == 69)
    bob.serves()
    bob.comes(to: "the whole file", within: 30, "show_downloads") { $0 == ["[C] [team] f"] }
    #expect(scratch.contents("copy") == scratch.contents("f"))
  }

  @Test func `a download of what is taken out of the group or published anew ends`() {
    bob.serves()
    let (_, download) = bobHasSome()
    scratch.writeRandom("f", 1 << 20)
    alice.succeeds("upload_file", "f", "team")
    let outcome = download.finish()
    // Or it was seen that the file had changed before that was published: then it was nobody's for a moment.
    let isChanged = outcome.exit == 75 && outcome.errors.contains("somebody changed that in team")
    #expect(isChanged || outcome.exit == 66, "\(outcome)")
    #expect(!scratch.names().contains { $0.hasPrefix(".copy") || $0 == "copy" })
    bob.succeeds("download_file", "team", "f", "copy")
    #expect(scratch.contents("copy") == scratch.contents("f"))
  }

  @Test func `a shared file that is changed is no longer shared, which is told, and never wrong`() {
    let first = alice.serves()
    bob.serves()
    for name in ["f", "g"] {
      scratch.writeRandom(name, 1 << 20)
      alice.succeeds("upload_file", name, "team")
    }
    bob.succeeds("download_file", "team", "f", "copy")
    let original = scratch.contents("f")
    scratch.writeRandom("f", 1 << 20)
    #expect(first.waitFor("team/f is no longer shared from \(scratch.path)/f: ", on: 2))
    bob.comes(to: "one sharer less", "list_files", "team") { $0.contains("1048576 alice 1 f") }
    let lines = alice.succeeds("status")
    #expect(lines.contains { $0.hasPrefix("event 20") && $0.contains("team/f is no longer shared") })
    bob.succeeds("download_file", "team", "f", "again")
    #expect(scratch.contents("again") == original, "from bob himself")

    // The same while the daemon is away.
    first.signal(SIGTERM)
    first.wait()
    scratch.writeRandom("g", 1 << 20)
    let next = alice.serves()
    #expect(next.waitFor("team/g is no longer shared", on: 2))
    bob.comes(to: "the file to leave with its last sharer", "list_files", "team") {
      $0 == ["1048576 alice 1 f"]
    }
    alice.succeeds("upload_file", "f", "team")
    bob.succeeds("download_file", "team", "f", "new")
    #expect(scratch.contents("new") == scratch.contents("f"))
  }

  @Test func `a file that is changed and uploaded anew stays, while the old share ends`() {
    alice.serves()
    scratch.writeRandom("f", 1 << 20)
    alice.succeeds("upload_file", "f", "team")
    scratch.writeRandom("f", 2 << 20)
    alice.succeeds("upload_file", "f", "team")
    // Longer than it takes to look at what is shared.
    sleep(6)
    #expect(bob.succeeds("list_files", "team") == ["2097152 alice 1 f"])
    #expect(!alice.succeeds("status").contains { $0.contains("no longer shared") })
  }

  @Test func `the line to who was removed is gone, and to who shares another group stays`() {
    alice.serves()
    bob.serves()
    let carol = story.member("carol")
    alice.admits(carol)
    alice.succeeds("create_group", "other")
    alice.admits(carol, to: "other")
    carol.serves()
    scratch.write("f", "something")
    alice.succeeds("upload_file", "f", "team")
    bob.succeeds("download_file", "team", "f", "bobs")
    carol.succeeds("download_file", "team", "f", "carols")
    alice.comes(to: "two peers", "peers") { $0.count >= 2 }
    for name in ["bob", "carol"] { alice.succeeds("remove_member", "team", name) }
    alice.comes(to: "carol alone", within: 2, "peers") { $0.map { $0.prefix(6) } == ["carol "] }
  }

  @Test func `two who wait for one download have it, though one of them goes away`() {
    bob.serves()
    let (_, first) = bobHasSome()
    let second = bob.start(["download_file", "team", "f", "copy"])
    bob.fails(75, "download_file", "team", "f", "elsewhere")
    first.signal(SIGINT)
    first.wait()
    #expect(second.finish().exit == 0)
    #expect(scratch.contents("copy") == scratch.contents("f"))
  }

  @Test func `a terminal shows progress on one line, and is left clean, by Ctrl-C too`() {
    bob.serves()
    scratch.writeRandom("f", 8 << 20)
    alice.serves("--up-limit", "2M")
    alice.succeeds("upload_file", "f", "team")
    let download = bob.start(["download_file", "team", "f", "copy"], onTerminal: true)
    #expect(download.waitFor("2.0M/s") || download.waitFor("1.9M/s"))
    let shown = download.text(1)
    #expect(shown.contains("\r\u{1B}[Kteam/f [") && !shown.contains("\n"), "\(shown)")
    download.write("\u{3}")
    #expect(download.wait() == -SIGINT)
    #expect(download.waitFor("^C\r\u{1B}[K"))
    #expect(!download.text(1).contains("\n"))
    let again = bob.start(["download_file", "team", "f", "copy"], onTerminal: true)
    #expect(again.wait() == 0)
    #expect(again.waitFor("\r\u{1B}[Kdownloaded f of team to \(scratch.path)/copy\r\n"))
    let piped = bob.run(["download_file", "team", "f", "piped"])
    #expect(piped.output == "downloaded f of team to \(scratch.path)/piped\n" && piped.errors == "")
  }
}

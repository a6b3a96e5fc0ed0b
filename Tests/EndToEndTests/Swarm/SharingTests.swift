// Files shared and fetched by real daemons, as people at shells live it.

import Foundation
import GroupModel
import Testing
import Visitors

@Suite(.serialized) struct SharingTests {
  @Test func `a file that one shares another fetches, and both have it then`() {
    let (story, alice, bob) = Story.ofTwo()
    let data = story.scratch.writeRandom("big.bin", 5_000_001)
    let (first, second) = (alice.serves(), bob.serves())
    #expect(alice.succeeds("upload_file", "big.bin", "team") == ["sharing big.bin in team"])
    #expect(bob.succeeds("list_files", "team") == ["5000001 alice 1 big.bin"])
    bob.succeeds("download_file", "team", "big.bin", "copy.bin")
    #expect(story.scratch.contents("copy.bin") == data)
    #expect(bob.succeeds("show_downloads") == ["[C] [team] big.bin"])
    #expect(bob.succeeds("peers", "team", "big.bin").sorted() == ["alice 10/10", "bob 10/10"])
    first.signal(SIGTERM)
    #expect(first.wait() == 0)
    second.signal(SIGTERM)
    #expect(second.wait() == 0)
  }

  @Test func `a directory goes whole, and comes whole`() {
    let (story, alice, bob) = Story.ofTwo()
    _ = (alice.serves(), bob.serves())
    let tree = story.scratch.path + "/tree"
    try? FileManager.default.createDirectory(atPath: tree + "/sub/empty", withIntermediateDirectories: true)
    story.scratch.write("tree/a b.txt", "spaces\n")
    story.scratch.write("tree/sub/c\nd", "a newline\n")
    story.scratch.write("tree/zero", "")
    try? FileManager.default.createSymbolicLink(atPath: tree + "/link", withDestinationPath: "zero")
    alice.succeeds("upload_file", "tree", "team")
    bob.succeeds("download_file", "team", "tree", "copy")
    let diff = Child("/usr/bin/diff", ["-r", tree, story.scratch.path + "/copy"]).finish()
    #expect(diff.exit == 0, "\(diff)")
  }

  @Test func `what is not there, not allowed or in the way is refused`() {
    let (story, alice, bob) = Story.ofTwo()
    _ = alice.serves()
    story.scratch.write("f", "something")
    alice.succeeds("upload_file", "f", "team")
    bob.fails(69, "download_file", "team", "f", "copy")
    _ = bob.serves()
    story.scratch.write("taken", "mine")
    bob.fails(73, "download_file", "team", "f", "taken")
    bob.fails(74, "download_file", "team", "f", "nowhere/copy")
    bob.fails(66, "download_file", "team", "g", "copy")
    bob.fails(65, "download_file", "team", "../f", "copy")
    bob.fails(66, "download_file", "nobody", "f", "copy")
    bob.fails(74, "upload_file", "missing", "team")
    bob.fails(77, "upload_file", "f", "team")
    let stranger = story.member("carol")
    _ = stranger.serves()
    stranger.fails(77, "download_file", "team", "f", "copy")
    #expect(story.scratch.contents("taken") == Data("mine".utf8))
  }

  @Test func `stopping one's own share leaves the file to others, and the last one takes it along`() {
    let (story, alice, bob) = Story.ofTwo()
    _ = (alice.serves(), bob.serves())
    story.scratch.write("f", "something")
    alice.succeeds("upload_file", "f", "team")
    bob.succeeds("download_file", "team", "f", "copy")
    #expect(bob.succeeds("list_files", "team") == ["9 alice 2 f"])
    alice.succeeds("stop_share", "team", "f")
    #expect(bob.succeeds("list_files", "team") == ["9 alice 1 f"])
    bob.succeeds("stop_share", "team", "f")
    #expect(bob.succeeds("list_files", "team") == [])
    alice.succeeds("start_share", "team", "f")
    #expect(alice.succeeds("list_files", "team") == ["9 alice 1 f"])
  }

  @Test func `what is listed as downloaded is what the group still has, by the name that it has there`() {
    let (story, alice, bob) = Story.ofTwo()
    _ = (alice.serves(), bob.serves())
    for name in ["f", "g", "h"] {
      story.scratch.write(name, name)
      alice.succeeds("upload_file", name, "team")
      bob.succeeds("download_file", "team", name, "copy-\(name)")
    }
    #expect(bob.succeeds("show_downloads") == ["[C] [team] f", "[C] [team] g", "[C] [team] h"])
    for person in [alice, bob] { person.succeeds("stop_share", "team", "f") }
    bob.comes(to: "the file that left is not listed", "show_downloads") {
      $0 == ["[C] [team] g", "[C] [team] h"]
    }
    unlink(story.scratch.path + "/copy-h")
    bob.comes(to: "the file that is away is not listed", "show_downloads") { $0 == ["[C] [team] g"] }
    alice.succeeds("remove_member", "team", "bob")
    bob.comes(to: "nothing is listed", "show_downloads") { $0 == [] }
    alice.admits(bob)
    #expect(bob.succeeds("show_downloads") == [])
  }

  @Test func `who has just come back is found with all that he has`() throws {
    let team = try Team("alice", "bob")
    let (story, alice, id) = (team.story, team[0], try team.id)
    let daemon = alice.serves()
    story.scratch.make("many")
    for number in 0..<300 { story.scratch.write("many/\(number)", "\(number)") }
    alice.succeeds("upload_file", "many", "team")
    let roots = try (0..<300).map { try HashedSource(team.path("many/\($0)")).tree.root }
    daemon.signal(SIGTERM)
    daemon.wait()
    let bob = try Visitor(to: story.ports[0], as: team.mint.credential(#require(UserName("bob"))))
    let again = alice.start(["--listen", "127.0.0.1:0", "serve"])
    story.daemons.append(again)
    #expect(again.waitFor("serving", on: 2))
    #expect(try bob.ask(.countSharers(id, roots)) == .sharers(Array(repeating: 1, count: 300)))
  }

  @Test func `a file that was removed is no longer shared, and one whose directory is away stays listed`() {
    let (story, alice, bob) = Story.ofTwo()
    let first = alice.serves()
    let daemon = bob.serves()
    story.scratch.make("disk")
    for name in ["f", "g", "disk/h"] {
      story.scratch.write(name, name)
      alice.succeeds("upload_file", name, "team")
    }
    bob.succeeds("download_file", "team", "g", "copy")
    first.signal(SIGTERM)
    first.wait()
    rename(story.scratch.path + "/disk", story.scratch.path + "/elsewhere")
    let next = alice.serves()
    #expect(next.waitFor("team/h is no longer shared from", on: 2))
    for name in ["f", "copy"] { unlink(story.scratch.path + "/" + name) }
    #expect(daemon.waitFor("team/g is no longer shared from", on: 2))
    bob.comes(to: "the removed file to leave", "list_files", "team") {
      $0 == ["1 alice 1 g", "6 alice 0 h"]
    }
    bob.comes(to: "bob to have been heard", "peers", "team", "g") { $0 == ["alice 1/1"] }
    // As long as a file may be away for a moment.
    sleep(3)
    alice.succeeds("stop_share", "team", "g")
    #expect(bob.succeeds("list_files", "team") == ["6 alice 0 h"])
  }

  @Test func `sharing goes on after a restart, and with a login after a logout`() {
    let (story, alice, bob) = Story.ofTwo()
    let first = alice.serves()
    story.scratch.write("f", "something")
    alice.succeeds("upload_file", "f", "team")
    first.signal(SIGKILL)
    first.wait()
    #expect(bob.succeeds("list_files", "team") == ["9 alice 0 f"])
    _ = (alice.serves(), bob.serves())
    bob.succeeds("download_file", "team", "f", "copy")
    alice.succeeds("logout")
    bob.succeeds("stop_share", "team", "f")
    #expect(bob.succeeds("list_files", "team") == ["9 alice 0 f"])
    alice.succeeds("login", "alice", "password of alice")
    bob.succeeds("download_file", "team", "f", "again")
  }

  @Test func `a login beside a running daemon is taken over by it`() {
    let (story, alice, bob) = Story.ofTwo()
    _ = (alice.serves(), bob.serves())
    story.scratch.write("f", "something")
    alice.succeeds("upload_file", "f", "team")
    for _ in 0..<3 {
      alice.succeeds("login", "alice", "password of alice")
      #expect(alice.succeeds("show_downloads") == [])
    }
    bob.succeeds("download_file", "team", "f", "copy")
    #expect(alice.succeeds("status").contains { $0.hasPrefix("daemon running, listening on 127.0.0.1:") })
  }

  @Test func `a download that nobody can serve ends, and goes on when somebody can`() {
    let (story, alice, bob) = Story.ofTwo()
    let first = alice.serves()
    _ = bob.serves()
    let data = story.scratch.writeRandom("f", 3_000_000)
    alice.succeeds("upload_file", "f", "team")
    first.signal(SIGKILL)
    first.wait()
    bob.fails(75, "download_file", "team", "f", "copy")
    bob.fails(66, "stop_download", "team", "f")
    _ = alice.serves()
    bob.succeeds("download_file", "team", "f", "copy")
    #expect(story.scratch.contents("copy") == data)
    bob.fails(73, "download_file", "team", "f", "copy")
  }

  @Test func `a port that is taken is told, and the daemon does not stay`() {
    let (story, alice, _) = Story.ofTwo()
    let outcome = alice.run(["--listen", "127.0.0.1:\(story.ports[0])", "serve"])
    #expect(outcome.exit == 69 && outcome.errors.contains("--listen"), "\(outcome)")
    let bad = story.scratch.write("bad.txt", "nonsense\n")
    #expect(alice.run(["--tracker", bad, "serve"]).exit == 78)
  }

  @Test func `a link names a content, and fetches it`() {
    let (story, alice, bob) = Story.ofTwo()
    _ = (alice.serves(), bob.serves())
    story.scratch.write("a file", "something")
    alice.succeeds("upload_file", "a file", "team")
    let link = bob.succeeds("link", "team", "a file").first ?? ""
    #expect(link.hasPrefix("p2pfs://team/") && link.hasSuffix("/9/a%20file"))
    bob.succeeds("fetch", link, "copy")
    #expect(story.scratch.contents("copy") == Data("something".utf8))
    bob.fails(65, "fetch", "p2pfs://team/zz/9/f", "other")
  }

  @Test func `a second daemon on one state directory is refused`() {
    let (_, alice, _) = Story.ofTwo()
    _ = alice.serves()
    alice.fails(69, "serve")
  }
}

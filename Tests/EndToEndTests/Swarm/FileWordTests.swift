// The words about files as people slip with them: places that are none, directories, links, what is not shared.

import Foundation
import Testing

@Suite(.serialized) struct FileWordTests {
  private let story: Story
  private let alice: Person
  private let bob: Person

  init() { (story, alice, bob) = Story.ofTwo() }

  private var scratch: Scratch { story.scratch }

  private func tree() {
    scratch.make("tree/sub")
    scratch.write("tree/x", "one\n")
    scratch.write("tree/sub/y", "two\n")
    try? FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/tree/link", withDestinationPath: "x")
    alice.succeeds("upload_file", "tree", "team")
  }

  @Test func `places that are none are refused, and those that are, are meant as cp means them`() {
    alice.serves()
    bob.serves()
    scratch.write("f", "something")
    tree()
    alice.succeeds("upload_file", "f", "team")
    scratch.make("dir")
    bob.fails(65, "download_file", "team", "f", "", says: "'' is no place: name a file or a directory")
    bob.fails(74, "download_file", "team", "f", "nowhere/")
    bob.fails(73, "download_file", "team", "f/", "copy")
    bob.fails(65, "download_file", "team", ".", "copy")
    bob.succeeds("download_file", "team", "f", "dir/")
    bob.succeeds("download_file", "team", "tree/", "new/")
    bob.succeeds("download_file", "team", "tree/sub", "dir")
    bob.succeeds("download_file", "team", "tree/link", "dir/./link")
    #expect(scratch.contents("dir/f") == Data("something".utf8))
    #expect(scratch.contents("new/sub/y") == Data("two\n".utf8))
    #expect(scratch.names(in: "dir") == ["f", "link", "sub"])
    let link = try? FileManager.default.destinationOfSymbolicLink(atPath: scratch.path + "/dir/link")
    #expect(link == "x")
    alice.fails(65, "upload_file", "", "team")
  }

  @Test func `peers wants a group and a file, or neither`() {
    alice.serves()
    bob.serves()
    scratch.write("f", "something")
    tree()
    alice.succeeds("upload_file", "f", "team")
    #expect(bob.succeeds("peers", "team", "f") == ["alice 1/1"])
    bob.fails(64, "peers", "team")
    bob.fails(66, "peers", "team", "nothing")
    bob.fails(66, "peers", "nobody", "f")
    bob.fails(73, "peers", "team", "tree")
    #expect(bob.succeeds("peers") == [])
  }

  @Test func `sharing is stopped and started for a whole directory, and only by who shares`() {
    alice.serves()
    bob.serves()
    tree()
    bob.fails(66, "stop_share", "team", "tree/x")
    bob.fails(66, "stop_share", "team", "tree")
    bob.fails(66, "start_share", "team", "tree/x")
    bob.fails(66, "stop_share", "team", "nothing")
    bob.succeeds("download_file", "team", "tree", "copy")
    let all = ["4 alice 2 tree/sub/y", "4 alice 2 tree/x"]
    #expect(bob.succeeds("list_files", "team").filter { !$0.contains("link") } == all)
    alice.succeeds("stop_share", "team", "tree/")
    #expect(bob.succeeds("list_files", "team").contains("4 alice 1 tree/x"))
    bob.succeeds("stop_share", "team", "tree")
    #expect(bob.succeeds("list_files", "team") == ["1 alice 1 tree/link"])
    alice.succeeds("start_share", "team", "tree")
    bob.comes(to: "all that alice shares", "list_files", "team") { $0.count == 3 }
    #expect(bob.succeeds("link", "team", "tree").count == 2)
    bob.fails(65, "link", "team", "tree/link")
    bob.fails(66, "link", "team", "nothing")
  }

  @Test func `what has changed since it was shared cannot be shared again, and says why`() {
    alice.serves()
    let file = scratch.write("f", "something")
    alice.succeeds("upload_file", "f", "team")
    alice.succeeds("stop_share", "team", "f")
    scratch.write("f", "something else")
    alice.fails(
      74, "start_share", "team", "f",
      says: "\(file) has changed since it was shared: upload it again with 'p2pfs upload_file'")
    unlink(file)
    alice.fails(
      74, "start_share", "team", "f", says: "\(file): No such file or directory: check the path")
  }

  @Test func `an empty file is there for whoever sees it, and leaves with its last sharer`() {
    alice.serves()
    bob.serves()
    scratch.write("empty", "")
    alice.succeeds("upload_file", "empty", "team")
    #expect(bob.succeeds("list_files", "team") == ["0 alice 1 empty"])
    bob.succeeds("download_file", "team", "empty", "copy")
    alice.succeeds("stop_share", "team", "empty")
    #expect(bob.succeeds("list_files", "team") == ["0 alice 1 empty"], "bob has it too")
    bob.succeeds("stop_share", "team", "empty")
    #expect(bob.succeeds("list_files", "team") == [])
  }

  @Test func `what editors leave, and what is no file, is left out of a directory and said`() {
    alice.serves()
    scratch.make("work")
    let debris = ["a~", ".a.swp", "4913", ".~lock.a#", ".goutputstream-X", ".nfs01", ".fuse_hidden01"]
    for name in debris + ["a"] { scratch.write("work/\(name)", "bytes") }
    mkfifo(scratch.path + "/work/pipe", 0o600)
    let lines = alice.succeeds("upload_file", "work", "team")
    #expect(lines.filter { $0.hasPrefix("sharing") } == ["sharing work/a in team"])
    #expect(
      lines.count { $0.hasPrefix("left out work/") && $0.hasSuffix("editors leave such files about") } == 7)
    #expect(lines.contains("left out work/pipe: it is no file and no directory"))
    #expect(alice.succeeds("list_files", "team") == ["5 alice 1 work/a"])
    let refusal = alice.fails(74, "upload_file", "work/pipe", "team")
    #expect(refusal.contains("devices, pipes and sockets have no content"))
  }

  @Test func `one file that cannot be shared does not keep back the others`() {
    alice.serves()
    for name in ["a", "b"] { scratch.write(name, name) }
    let outcome = alice.run(["upload_file", "a", "missing", "b", "team"])
    #expect(outcome.exit == 74)
    #expect(alice.succeeds("list_files", "team") == ["1 alice 1 a", "1 alice 1 b"])
  }

  @Test func `a link is believed only as far as the group has such a content`() {
    alice.serves()
    bob.serves()
    scratch.write("real", "something")
    alice.succeeds("upload_file", "real", "team")
    let link = bob.succeeds("link", "team", "real")[0]
    let root = link.split(separator: "/")[2]
    bob.fails(66, "fetch", "p2pfs://team/\(root)/10/real", "x")
    bob.fails(66, "fetch", "p2pfs://team/\(String(repeating: "0", count: 64))/9/real", "x")
    bob.fails(65, "fetch", "p2pfs://team/\(root)/9/../real", "x")
    bob.fails(66, "fetch", "p2pfs://team/-/0/real", "x")
    // Under another name it is still that content, and gets the name that it has.
    scratch.make("place")
    bob.succeeds("fetch", "p2pfs://team/\(root)/9/invented%1b", "place")
    #expect(scratch.names(in: "place") == ["real"])
  }

  @Test func `names that a list has escaped are understood when they are typed at the console`() {
    scratch.write("a b\nc\\d", "odd")
    let console = alice.start(["127.0.0.1:0", story.info])
    story.daemons.append(console)
    let name = #""a b\nc\\d""#
    console.write("upload_file \(name) team\nlist_files team\n")
    #expect(console.waitFor(#"3 alice 1 a b\nc\\d"#))
    console.write("link team \(name)\nstop_share team 'no such\\n'\nquit\n")
    let outcome = console.finish()
    #expect(outcome.output.contains("/3/a%20b%0Ac%5Cd"))
    #expect(outcome.errors.contains("there is no such file in team: see 'list_files team'"))
  }

  @Test func `trackers that are not the daemon's are refused`() {
    alice.serves()
    let other = scratch.write("other.txt", "127.0.0.1:1\n")
    let more = scratch.write("more.txt", "127.0.0.1:1\n127.0.0.1:\(story.ports[0])\n")
    let outcome = alice.run(["--tracker", other, "list_groups"])
    expectFailure(outcome, 78, "other trackers")
    #expect(outcome.sentence.contains("is at other trackers (127.0.0.1:\(story.ports[0]))"))
    #expect(alice.run(["--tracker", more, "list_groups"]).exit == 0)
    #expect(alice.run(["--tracker", scratch.path + "/missing", "list_groups"]).exit == 78)
    #expect(story.person("nobody").run(["--tracker", other, "list_groups"]).exit == 77)
    #expect(story.person("nobody").run(["--tracker", scratch.path + "/missing", "list_groups"]).exit == 78)
  }

  @Test func `the console helps with its own words, and a shell is told what is for a console`() {
    let console = story.person("carol").start(["127.0.0.1:0", story.info])
    console.write("help\nlist_groups\nserve\nquit\n")
    let outcome = console.finish()
    for word in ["share <n> <file>...", "seed <file>", "download <file>", "exit"] {
      #expect(outcome.output.contains("\n  \(word)"))
    }
    #expect(outcome.errors.contains("nobody is logged in here: sharing begins with login USER"))
    #expect(outcome.errors.contains("you are not logged in: use 'login USER'"))
    #expect(outcome.errors.contains("this is a daemon that shares already"))
    alice.fails(64, "quit")
    let slip = alice.fails(64, "127.0.0.1:99999")
    #expect(
      slip
        == "'127.0.0.1:99999' is no address to listen at, the port is not between 1 and 65535: write IP:PORT")
  }
}

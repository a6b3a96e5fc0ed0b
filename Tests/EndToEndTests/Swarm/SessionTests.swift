// What people typed into five earlier programs of this kind, typed into ours by three members at their consoles: every
// command and every feature that those programs had. Each suite's comment says what the program called itself.

import Foundation
import Testing

/// A console at a pipe.
private final class Typist {
  let person: Person
  private let child: Child
  private var read: [Int32: Int] = [1: 0, 2: 0]

  init(_ person: Person, _ words: String...) {
    self.person = person
    child = person.start(words)
    person.story.daemons.append(child)
  }

  /// Types lines, and waits for what they are to be answered with, in this order.
  func types(
    _ lines: String..., answers: [String], on stream: Int32 = 1,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for line in lines { child.write(line + "\n") }
    for answer in answers { hears(answer, on: stream, sourceLocation: sourceLocation) }
  }

  func types(
    _ line: String, answer: String, on stream: Int32 = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) { types(line, answers: [answer], on: stream, sourceLocation: sourceLocation) }

  private func hears(_ answer: String, on stream: Int32, sourceLocation: SourceLocation) {
    let deadline = Date(timeIntervalSinceNow: 20)
    while Date() < deadline {
      let text = child.text(stream).dropFirst(read[stream]!)
      if let found = text.range(of: answer) {
        read[stream]! += text.distance(from: text.startIndex, to: found.upperBound)
        return
      }
      usleep(5_000)
    }
    Issue.record(
      "\(person.name) does not see '\(answer)': \(child.text(1).suffix(500)) \(child.text(2).suffix(500))",
      sourceLocation: sourceLocation)
  }

  /// Asks until it is answered so.
  func asks(_ line: String, until answer: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let deadline = Date(timeIntervalSinceNow: 20)
    let before = child.text(1).count
    while !child.text(1).dropFirst(before).contains(answer), Date() < deadline {
      child.write(line + "\n")
      usleep(100_000)
    }
    types("show_downloads", answers: [], sourceLocation: sourceLocation)
    #expect(
      child.text(1).dropFirst(before).contains(answer), "\(person.name): \(child.text(2).suffix(300))",
      sourceLocation: sourceLocation)
    read[1] = child.text(1).count
  }

  func leaves(by word: String = "quit", sourceLocation: SourceLocation = #_sourceLocation) {
    child.write(word + "\n")
    #expect(child.wait(within: 20) == 0, sourceLocation: sourceLocation)
  }
}

@Suite(.serialized) struct SessionTests {
  private func start() -> (Story, Person, Person, Person) {
    let story = Story()
    story.startTracker()
    return (story, story.person("alice"), story.person("bob"), story.person("carol"))
  }

  private func contents(_ name: String, _ story: Story) -> String? {
    try? String(contentsOfFile: story.scratch.path + "/" + name, encoding: .utf8)
  }

  /// "Peer-to-Peer file sharing system": groups, requests that are accepted and rejected, many files, stopping a
  /// download while it goes on.
  @Test func `peer-to-peer file sharing system`() {
    let (story, first, second, third) = start()
    let info = story.info
    let alice = Typist(first, "--up-limit", "2M", "127.1.1.1:0", info)
    let bob = Typist(second, "127.1.1.1:0", info)
    let carol = Typist(third, "127.1.1.1:0", info)
    for typist in [alice, bob, carol] {
      let name = typist.person.name
      typist.types("create_user \(name) password", "login \(name) password", answers: [name, "logged in"])
    }
    alice.types("create_group group1", "create_group group2", answers: ["group1", "group2"])
    bob.types("join_group group1", answer: "asked to join group1")
    carol.types("join_group group1", answer: "asked to join group1")
    alice.types("list_requests group1", answers: ["bob\n", "carol\n"])
    alice.types("accept_request group1 bob", answer: "accepted bob")
    alice.types("reject_request group1 carol", answer: "rejected carol")
    bob.types("list_groups", answers: ["group1 alice member 2 0\n", "group2 alice - 1 0\n"])
    for name in ["video.mp4", "image.jpg", "document.pdf", "song.mp4", "audio.mp3"] {
      story.scratch.write(name, "this is \(name)")
      alice.types("upload_file \(name) group1", answer: "sharing \(name) in group1")
    }
    bob.types(
      "list_files group1",
      answers: ["audio.mp3", "document.pdf", "image.jpg", "song.mp4", "video.mp4"].map { "1 \($0)\n" })
    bob.types("download_file group1 video.mp4 copy.mp4", answer: "video.mp4")
    bob.asks("show_downloads", until: "[C] [group1] video.mp4")
    #expect(contents("copy.mp4", story) == "this is video.mp4")

    story.scratch.writeRandom("large.bin", 12 << 20)
    alice.types("upload_file large.bin group1", answer: "sharing large.bin")
    bob.types("download_file group1 large.bin large.copy", answer: "downloading large.bin")
    bob.types("show_downloads", answer: "[D] [group1] large.bin")
    bob.types("stop_download group1 large.bin", answer: "stopped the download of large.bin")
    bob.types("stop_download group1 large.bin", answer: "no download", on: 2)
    #expect(contents("large.copy", story) == nil)
    alice.types("stop_share group1 document.pdf", answer: "stopped sharing document.pdf")
    bob.types("list_files group1", answers: ["audio.mp3", "image.jpg"])
    bob.types("download_file group1 document.pdf d", answer: "no such file", on: 2)
    carol.types("list_files group1", answer: "you are not a member of group1", on: 2)
    for typist in [alice, bob, carol] { typist.leaves() }
  }

  /// "MiniBitTorrent": a file leaves with its last sharer, logging out ends sharing and logging in resumes it, each
  /// member may stop at his own end.
  @Test func minibittorrent() {
    let (story, first, second, third) = start()
    let alice = Typist(first, "127.0.0.1:0", story.info)
    let bob = Typist(second, "127.0.0.1:0", story.info)
    let carol = Typist(third, "127.0.0.1:0", story.info)
    for typist in [alice, bob, carol] {
      let name = typist.person.name
      typist.types("create_user \(name) pw", "login \(name) pw", answers: [name, "logged in"])
    }
    alice.types("create_group g", answer: "created group g")
    for typist in [bob, carol] {
      typist.types("join_group g", answer: "asked to join g")
      alice.types("accept_request g \(typist.person.name)", answer: "accepted")
    }
    story.scratch.write("f", "something")
    alice.types("upload_file f g", answer: "sharing f in g")
    bob.types("list_files g", answer: "9 alice 1 f\n")
    alice.types("logout", answer: "logged out")
    bob.asks("list_files g", until: "9 alice 0 f\n")
    bob.types("download_file g f early", answer: "downloading f")
    bob.types("show_downloads", answer: "[D] [g] f\n")
    alice.types("list_files g", answer: "not logged in", on: 2)
    alice.types("login alice pw", answer: "logged in")
    bob.asks("show_downloads", until: "[C] [g] f\n")
    #expect(contents("early", story) == "something")
    bob.asks("list_files g", until: "9 alice 2 f\n")
    alice.types("stop_share g f", answer: "stopped sharing f")
    carol.asks("list_files g", until: "9 alice 1 f\n")
    carol.types("download_file g f late", answer: "f")
    carol.asks("show_downloads", until: "[C] [g] f\n")
    #expect(contents("late", story) == "something")
    for typist in [bob, carol] { typist.types("stop_share g f", answer: "stopped sharing f") }
    first.comes(to: "an empty list", "list_files", "g") { $0.isEmpty }
    alice.types("download_file g f never", answer: "no such file", on: 2)
    bob.types("leave_group g", answer: "left g")
    bob.types("list_files g", answer: "you are not a member of g", on: 2)
    carol.types("logout", answer: "logged out")
    for typist in [alice, bob, carol] { typist.leaves() }
    story.tracker().write("quit\n")
    #expect(story.tracker().wait() == 0)
  }

  /// "client-tracker": two trackers are listed and one runs; clients are started with an address alone; its example
  /// session, line by line.
  @Test func `client-tracker`() {
    let story = Story(trackers: 2)
    story.startTracker()
    let ports = [Ports.free(), Ports.free(), Ports.free()]
    let (abc, def, third) = (story.person("abc"), story.person("def"), story.person("ghi"))
    for person in [abc, def, third] { person.environment["P2PFS_TRACKER"] = "" }
    let (first, second) = (Typist(abc, "127.0.0.1:\(ports[0])"), Typist(def, "127.0.0.1:\(ports[1])"))
    let onlooker = Typist(third, "127.0.0.1:\(ports[2])")
    story.scratch.write("1.png", "a picture")
    story.scratch.make("tracker")
    story.scratch.make("client")
    first.types(
      "create_user abc abc", "login abc abc", "create_group g1", answers: ["abc", "logged in", "g1"])
    second.types("create_user def def", "login def def", answers: ["def", "logged in"])
    onlooker.types("create_user ghi ghi", "login ghi ghi", answers: ["ghi", "logged in"])
    second.types("list_groups", answer: "g1 abc - 1 0\n")
    second.types("join_group g1", answer: "asked to join g1")
    onlooker.types("join_group g1", answer: "asked to join g1")
    first.types("list_requests g1", answers: ["def\n", "ghi\n"])
    first.types("accept_request g1 def", answer: "accepted def")
    first.types("accept_request g1 abd", answer: "abd", on: 2)
    first.types("upload_file 1.png g1", answer: "sharing 1.png")
    second.types("list_files g1", answer: "9 abc 1 1.png\n")
    second.types("download_file g1 1.png client/../tracker/2.png", answer: "1.png")
    second.asks("show_downloads", until: "[C] [g1] 1.png\n")
    #expect(contents("tracker/2.png", story) == "a picture")
    onlooker.types("list_files g1", answer: "you are not a member of g1", on: 2)
    first.types("stop_share g1 1.png", answer: "stopped sharing 1.png")
    second.types("leave_group g1", answer: "left g1")
    for typist in [first, second, onlooker] { typist.leaves() }
    story.tracker().write("quit\n")
    #expect(story.tracker().wait() == 0)
  }

  /// "P2P File Sharing System": no groups; `show`, `share` of several files at once, `download` by name from several
  /// peers at once; whoever has a chunk is a source of it.
  @Test func `p2p file sharing system`() throws {
    let team = try Team("alice", "bob", "carol")
    let story = team.story
    let typists = team.people.map { Typist($0, "127.0.0.1:0", story.info) }
    let (alice, bob, carol) = (typists[0], typists[1], typists[2])
    story.scratch.write("file1", "one")
    story.scratch.write("file 2", "second")
    let large = story.scratch.writeRandom("file3", 3 << 20)
    alice.types(
      "share 3 file1, \"file 2\", file3", answers: ["sharing file1", "sharing file 2", "sharing file3"])
    bob.types("show", answers: ["6 alice 1 file 2\n", "3 alice 1 file1\n", "3145728 alice 1 file3\n"])
    // As it fetches into the directory where it was started, each has one of his own.
    for (typist, number) in zip([bob, carol], 1...) {
      let place = story.scratch.make("place\(number)")
      typist.types("download_file team file3 \(place)", answer: "file3")
      typist.asks("show_downloads", until: "[C] [team] file3\n")
      #expect(FileManager.default.contents(atPath: place + "/file3") == large)
    }
    carol.types("peers team file3", answers: ["6/6\n", "6/6\n", "6/6\n"])
    bob.types("peers", answer: "alice 127.0.0.1:")
    bob.types("download file1", answer: "exists already", on: 2)
    unlink(story.scratch.path + "/file1")
    alice.types("share 1 missing", answer: "missing", on: 2)
    alice.types("share 2 file3", answer: "share wants the number of files", on: 2)
    carol.types("download nothing", answer: "no such file", on: 2)
    for typist in typists { typist.leaves(by: "exit") }
  }

  /// "P2P (Peer-to-Peer File Sharing System)": `seed` gives what `fetch` takes, a seed and a size; the output has a name
  /// of its own; `start` and `exit`.
  @Test func `p2p in python`() throws {
    let team = try Team("alice", "bob", "carol")
    let story = team.story
    let typists = team.people.map { Typist($0, "127.0.0.1:0", story.info) }
    let (alice, bob, carol) = (typists[0], typists[1], typists[2])
    story.scratch.write("lecture.txt", "what was said")
    let root = "1cd1a26d83f54f1fa3ebbc1a2c7f0e1a"
    alice.types(
      "seed lecture.txt", answers: ["sharing lecture.txt in team", "p2pfs://team/", "/13/lecture.txt\n"])
    let link = team[1].succeeds("link", "team", "lecture.txt").first ?? ""
    let seed = String(link.split(separator: "/").dropFirst(2).first ?? "")
    bob.types("fetch \(seed) 13 output.txt", answer: "lecture.txt")
    bob.asks("start", until: "[C] [team] lecture.txt\n")
    #expect(contents("output.txt", story) == "what was said")
    carol.types("fetch \(seed) 14 other.txt", answer: "no such file", on: 2)
    carol.types("fetch \(root) 13 other.txt", answer: "is no link", on: 2)
    carol.types("fetch \(link) other.txt", answer: "lecture.txt")
    carol.asks("start", until: "[C] [team] lecture.txt\n")
    #expect(contents("other.txt", story) == "what was said")
    story.scratch.make("course")
    story.scratch.write("course/a", "a")
    alice.types("seed course", answer: "sharing course/a in team")
    alice.types("seed missing", answer: "missing", on: 2)
    for typist in typists { typist.leaves(by: "exit") }
  }
}

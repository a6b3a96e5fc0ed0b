// Downloads of the same thing to the same place: at once, one after the other, and where the place was made anew.

import Foundation
import Testing

@Suite(.serialized) struct SameDownloadTests {
  private let story: Story
  private let alice: Person
  private let bob: Person
  private var scratch: Scratch { story.scratch }

  init() {
    (story, alice, bob) = Story.ofTwo()
    alice.serves()
    bob.serves()
  }

  /// Two shells of bob's at the same moment. A file may be there already when the second asks for it.
  private func bobDownloadsTwice(_ file: String, to place: String, or other: Int32 = 0) {
    let shells = (1...2).map { _ in bob.start(["download_file", "team", file, place]) }
    let ends = shells.map { $0.finish().exit }.sorted()
    #expect(ends == [0, 0] || ends == [0, other], "\(ends)")
  }

  private func files(in place: String) -> [String] {
    let all = FileManager.default.enumerator(atPath: place)?.allObjects as? [String] ?? []
    return all.filter { !$0.hasSuffix("tree") }.sorted()
  }

  @Test(arguments: [true, false])
  func `a directory that two shells ask for comes once, again and again`(isThere: Bool) {
    let tree = scratch.make("tree")
    for number in 1...40 { scratch.write("tree/\(number)", "this is \(number)") }
    alice.succeeds("upload_file", tree, "team")
    let names = (1...40).map { (isThere ? "tree/" : "") + "\($0)" }.sorted()
    for round in 1...3 {
      let place = isThere ? scratch.make("place\(round)") : scratch.path + "/place\(round)"
      bobDownloadsTwice("tree", to: place)
      #expect(files(in: place) == names)
      guard isThere else { continue }
      bob.succeeds("download_file", "team", "tree", place)
      try? FileManager.default.removeItem(atPath: place)
      scratch.make("place\(round)")
      bob.succeeds("download_file", "team", "tree", place)
      #expect(files(in: place) == names)
    }
  }

  @Test func `a file that two shells ask for comes once, and then is there already`() throws {
    let bytes = scratch.writeRandom("f", 3 << 20)
    alice.succeeds("upload_file", "f", "team")
    for round in 1...5 {
      let place = scratch.make("to\(round)")
      bobDownloadsTwice("f", to: place + "/copy", or: 73)
      #expect(FileManager.default.contents(atPath: place + "/copy") == bytes)
      #expect(files(in: place) == ["copy"])
    }
    bob.fails(73, "download_file", "team", "f", "to5/copy")
  }

  @Test func `a download whose directory was removed begins anew in one that has its name`() throws {
    let bytes = scratch.writeRandom("f", 6 << 20)
    let carol = story.member("carol")
    carol.succeeds("join_group", "team")
    alice.succeeds("accept_request", "team", "carol")
    carol.serves("--up-limit", "2M")
    carol.succeeds("upload_file", "f", "team")
    scratch.make("place")
    let download = bob.start(["download_file", "team", "f", "place/copy"])
    bob.comes(to: "some bytes", "status", "--json") { $0.joined().contains("team/f") }
    download.signal(SIGINT)
    download.wait()
    bob.comes(to: "no download", "show_downloads") { $0.isEmpty }
    try FileManager.default.removeItem(atPath: scratch.path + "/place")
    scratch.make("place")
    bob.succeeds("download_file", "team", "f", "place/copy")
    #expect(FileManager.default.contents(atPath: scratch.path + "/place/copy") == bytes)
    #expect(files(in: scratch.path + "/place") == ["copy"])
  }

  @Test func `a directory that is asked for again does not pass over what was changed in it`() {
    let tree = scratch.make("tree")
    for name in ["a", "b", "c"] { scratch.write("tree/" + name, "this is " + name) }
    alice.succeeds("upload_file", tree, "team")
    scratch.make("place")
    bob.succeeds("download_file", "team", "tree", "place")
    bob.succeeds("download_file", "team", "tree", "place")
    scratch.write("place/tree/b", "his own")
    bob.fails(
      73, "download_file", "team", "tree", "place",
      says: "\(scratch.path)/place/tree/b exists already: choose another destination, or remove it")
    #expect(scratch.contents("place/tree/b") == Data("his own".utf8))
  }

  @Test func `a directory does not come over a file`() {
    let tree = scratch.make("tree")
    scratch.write("tree/f", "in it")
    scratch.write("plain", "mine")
    alice.succeeds("upload_file", tree, "team")
    bob.fails(73, "download_file", "team", "tree", "plain")
  }
}

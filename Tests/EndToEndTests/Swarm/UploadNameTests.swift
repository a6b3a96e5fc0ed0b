// What `upload_file` is given by name: what stays local, names that are taken, names that come twice.

import Foundation
import Testing

@Suite(.serialized) struct UploadNameTests {
  private let story: Story
  private let alice: Person

  init() {
    (story, alice) = Story.ofOne()
    alice.serves()
  }

  private var scratch: Scratch { story.scratch }

  private var listed: [String] { alice.succeeds("list_files", "team") }

  @Test func `what editors leave is refused when it is named, and what is named with it is shared`() {
    scratch.make("up/old~")
    scratch.write("up/old~/inside", "x")
    scratch.write("up/a", "a")
    for name in ["4913", "foo~", ".a.swp", ".goutputstream-X", ".~lock.a#"] {
      scratch.write("up/\(name)", "bytes")
      let sentence = alice.fails(65, "upload_file", "up/\(name)", "team")
      #expect(sentence.contains("/up/\(name) stays on this machine, editors leave such files about: "))
    }
    alice.fails(65, "upload_file", "up/old~", "team")
    #expect(listed == [])
    let outcome = alice.run(["upload_file", "up/4913", "up/a", "team"])
    expectFailure(outcome, 65, "a leftover and a file")
    #expect(outcome.lines.first?.hasPrefix("left out up/4913: ") == true, "\(outcome)")
    #expect(outcome.lines.last == "sharing a in team")
    #expect(listed == ["1 alice 1 a"])
  }

  @Test func `a directory that editors leave keeps what is in it to itself`() {
    scratch.make("work/old~")
    scratch.write("work/old~/inside", "x")
    scratch.write("work/a", "a")
    let lines = alice.succeeds("upload_file", "work", "team")
    #expect(lines == ["sharing work/a in team", "left out work/old~: editors leave such files about"])
    #expect(listed == ["1 alice 1 work/a"])
  }

  @Test func `a directory does not go where the group has a file`() {
    scratch.write("col", "a file")
    alice.succeeds("upload_file", "col", "team")
    scratch.make("d/col/sub")
    scratch.write("d/col/x", "x")
    scratch.write("d/y", "y")
    let why = "a part of that path in team is a file: see 'p2pfs list_files team'"
    alice.fails(73, "upload_file", "d/col", "team", says: why)
    alice.fails(73, "upload_file", "d/col/", "team", says: why)
    let outcome = alice.run(["upload_file", "d/col", "d/y", "team"])
    expectFailure(outcome, 73, "a directory and a file")
    #expect(listed == ["6 alice 1 col", "1 alice 1 y"])
    // Below another directory, it is left out with all that it holds.
    scratch.make("e")
    scratch.write("e/col", "a file")
    alice.succeeds("upload_file", "e", "team")
    unlink(scratch.path + "/e/col")
    scratch.make("e/col")
    scratch.write("e/col/x", "x")
    scratch.write("e/z", "z")
    let below = alice.run(["upload_file", "e", "team"])
    expectFailure(below, 73, "a directory below")
    #expect(below.lines.count == 2 && below.lines.last == "sharing e/z in team", "\(below)")
  }

  @Test func `of two files with one name the first is shared, and the second does not replace it`() {
    for place in ["u1", "u2"] { scratch.make("\(place)/tree") }
    scratch.write("u1/same", "first")
    scratch.write("u2/same", "second one")
    scratch.write("u1/tree/leaf", "first")
    scratch.write("u2/tree/leaf", "second one")
    scratch.write("u2/tree/other", "x")
    let outcome = alice.run(["upload_file", "u1/same", "u2/same", "team"])
    expectFailure(outcome, 73, "two of one name")
    #expect(
      outcome.sentence.contains("/u2/same would replace ")
        && outcome.sentence.contains("/u1/same, which was just")
    )
    #expect(listed == ["5 alice 1 same"])
    // Two directories become one, as far as their files differ.
    expectFailure(alice.run(["upload_file", "u1/tree", "u2/tree", "team"]), 73, "two trees")
    #expect(listed == ["5 alice 1 same", "5 alice 1 tree/leaf", "1 alice 1 tree/other"])
    // Another command means it.
    alice.succeeds("upload_file", "u2/same", "team")
    #expect(listed.first == "10 alice 1 same")
  }

  @Test func `what is named twice is shared once, and said once`() {
    scratch.make("tree")
    scratch.write("tree/leaf", "x")
    scratch.write("f", "y")
    symlink("f", scratch.path + "/g")
    let words = ["f", "./f", "tree/../f", "tree", "tree/", "f", "g"]
    let outcome = alice.run(["upload_file"] + words + ["team"])
    #expect(outcome.exit == 0 && outcome.errors == "", "\(outcome)")
    #expect(
      outcome.lines == ["sharing f in team", "sharing tree/leaf in team", "sharing g in team"], "\(outcome)")
  }

  @Test func `what has no name of its own is told so`() {
    let sentence = alice.fails(65, "upload_file", "/", "team")
    #expect(sentence == "'/' has no name that it could have in a group: name what lies in it")
    alice.fails(65, "upload_file", "/usr/..", "team")
    alice.fails(65, "upload_file", "", "team", says: "'' is no place: name a file or a directory")
  }
}

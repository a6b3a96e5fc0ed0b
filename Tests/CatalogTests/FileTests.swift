// Files in a group: published, replaced, removed, renamed, listed.

import Catalog
import GroupModel
import Testing

@Suite struct `Files of a group` {
  let ledger: Ledger

  init() throws {
    ledger = try Ledger()
    try ledger.found(team, by: alice, with: bob)
  }

  private func entry(_ text: String) throws -> Entry? {
    try ledger.catalog.entry(at: path(text), in: ledger.id(team))
  }

  private func paths() throws -> [String] { try ledger.catalog.paths(in: ledger.id(team)) }

  private func children(_ directory: String?, after: String? = nil, limit: Int = 99) throws -> [String] {
    try ledger.catalog.children(
      of: directory.map(path), in: ledger.id(team), after: after.map { Array($0.utf8) }, limit: limit
    ).map(\.path.description)
  }

  @Test func `every kind of entry comes back as it was published`() throws {
    let target = LinkTarget(Array("../c".utf8), at: path("d/link"))!
    let program = Entry.Kind.file(FileContent(size: 0, root: nil, isExecutable: true)!)
    let wishes: [Proposal.Wish] = [
      .makeDirectory("d"), .publish("big", file(1 << 50, salt: 3)), .publish("program", program),
      .publish("d/link", .symlink(target)),
    ]
    for wish in wishes { try ledger.decide(bob, wish, in: team) }
    let listed = try ledger.catalog.everyEntry(in: ledger.id(team))
    #expect(listed.map(\.kind) == [file(1 << 50, salt: 3), .directory, .symlink(target), program])
    #expect(listed.allSatisfy { $0.owner == bob && $0.modified == 1 })
    #expect(listed.map(\.version) == [5, 4, 7, 6])
    #expect(try ledger.catalog.summary(team).files == 3)
  }

  @Test func `a new version replaces the old one and counts once`() throws {
    try ledger.decide(bob, .publish("a", file(1)), in: team)
    try ledger.decide(bob, .publish("a", file(2), over: 4), in: team)
    #expect(try entry("a")?.version == 5 && entry("a")?.kind == file(2))
    #expect(throws: Refusal.conflict) { try ledger.decide(bob, .publish("a", over: 4), in: team) }
    #expect(throws: Refusal.conflict) { try ledger.decide(bob, .publish("a", over: 0), in: team) }
    #expect(try ledger.catalog.summary(team).files == 1)
  }

  @Test func `nothing is published where there is no directory`() throws {
    try ledger.decide(bob, .publish("file"), in: team)
    #expect(throws: Refusal.noSuchFile) { try ledger.decide(bob, .publish("no/a"), in: team) }
    #expect(throws: Refusal.noSuchFile) { try ledger.decide(bob, .publish("file/a"), in: team) }
    #expect(throws: Refusal.noSuchFile) { try ledger.decide(bob, .rename("file", "no/a"), in: team) }
  }

  @Test func `a directory goes only when it is empty`() throws {
    for wish in [Proposal.Wish.makeDirectory("d"), .publish("d-1"), .publish("d/a")] {
      try ledger.decide(bob, wish, in: team)
    }
    #expect(throws: Refusal.directoryNotEmpty) { try ledger.decide(bob, .unpublish("d"), in: team) }
    try ledger.decide(bob, .unpublish("d/a"), in: team)
    try ledger.decide(bob, .unpublish("d"), in: team)
    #expect(try paths() == ["d-1"])
    #expect(try ledger.catalog.summary(team).files == 1)
  }

  @Test func `a renamed directory takes all below it, and nothing beside it`() throws {
    let before = ["a", "a-b", "a/x", "a/x/1", "a/x/2", "a/y", "a0", "ab"]
    for name in before {
      try ledger.decide(bob, ["a", "a/x"].contains(name) ? .makeDirectory(name) : .publish(name), in: team)
    }
    let decision = try #require(try ledger.decide(bob, .rename("a", "moved here"), in: team))
    #expect(
      try paths() == [
        "a-b", "a0", "ab", "moved here", "moved here/x", "moved here/x/1", "moved here/x/2", "moved here/y",
      ])
    for name in try paths() where name.hasPrefix("moved") {
      #expect(try entry(name)?.version == decision.number)
    }
    #expect(try entry("a-b")?.version != decision.number)
    #expect(try ledger.catalog.summary(team).files == 6)
  }

  @Test func `a rename replaces what may be replaced`() throws {
    for wish in [
      Proposal.Wish.publish("a", file(5)), .publish("b"), .makeDirectory("d"), .makeDirectory("e"),
      .publish("d/1"),
    ] {
      try ledger.decide(bob, wish, in: team)
    }
    try ledger.decide(bob, .rename("a", "b"), in: team)
    #expect(try entry("b")?.kind == file(5))
    try ledger.decide(bob, .rename("d", "e"), in: team)
    #expect(try paths() == ["b", "e", "e/1"])
    #expect(try ledger.catalog.summary(team).files == 2)
    #expect(throws: Refusal.isDirectory) { try ledger.decide(bob, .rename("b", "e"), in: team) }
    #expect(throws: Refusal.malformed) { try ledger.decide(bob, .rename("e", "e/2"), in: team) }
  }

  @Test func `a directory is not renamed where a path below it would grow too long`() throws {
    let long = String(repeating: "x", count: 250)
    var deep = "d"
    try ledger.decide(bob, .makeDirectory("d"), in: team)
    for _ in 0..<16 {
      deep += "/" + long
      try ledger.decide(bob, .makeDirectory(deep), in: team)
    }
    let room = FilePath.bytesMax - deep.utf8.count + 1
    let tooLong = String(repeating: "y", count: room + 1)
    #expect(throws: Refusal.malformed) { try ledger.decide(bob, .rename("d", tooLong), in: team) }
    try ledger.decide(bob, .rename("d", String(repeating: "y", count: room)), in: team)
    #expect(try paths().map(\.utf8.count).max() == FilePath.bytesMax)
  }

  @Test func `no rename lets a link climb out of its group`() throws {
    let link = Entry.Kind.symlink(LinkTarget(Array("../../top".utf8), at: path("a/b/link"))!)
    for name in ["a", "a/b", "c"] { try ledger.decide(bob, .makeDirectory(name), in: team) }
    try ledger.decide(bob, .publish("a/b/link", link), in: team)
    #expect(throws: Refusal.malformed) { try ledger.decide(bob, .rename("a/b/link", "c/link"), in: team) }
    #expect(throws: Refusal.malformed) { try ledger.decide(bob, .rename("a/b", "b"), in: team) }
    try ledger.decide(bob, .rename("a/b", "c/b"), in: team)
    #expect(try entry("c/b/link")?.kind == link)
  }

  @Test func `names are bytes: twins, newlines and emoji are files of their own`() throws {
    let names = ["caf\u{E9}", "cafe\u{301}", "two\nlines", "🦆", "🦆 \u{1F3FD}", "a\\b", " ", "'; --"]
    try ledger.decide(bob, .makeDirectory("d"), in: team)
    for (size, name) in names.enumerated() {
      try ledger.decide(bob, .publish("d/" + name, file(UInt64(size))), in: team)
    }
    try ledger.decide(bob, .rename("d", "ein Ordner 🗂\u{301}"), in: team)
    for (size, name) in names.enumerated() {
      #expect(try entry("ein Ordner 🗂\u{301}/" + name)?.kind == file(UInt64(size)))
    }
    let listed = try ledger.catalog.children(
      of: path("ein Ordner 🗂\u{301}"), in: ledger.id(team), after: nil, limit: 99)
    #expect(
      listed.map { Array($0.path.name) }
        == names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
  }

  @Test func `a directory's list has its children only, each once, whatever they hold`() throws {
    let directories = ["a", "a/b", "a/b/c", "a/d", "z"]
    for name in directories { try ledger.decide(bob, .makeDirectory(name), in: team) }
    for name in ["a!", "a/b!", "a/b/1", "a/b/c/2", "a/b0", "a/d/3", "a/e", "a0", "b"] {
      try ledger.decide(bob, .publish(name), in: team)
    }
    #expect(try children(nil) == ["a", "a!", "a0", "b", "z"])
    #expect(try children("a") == ["a/b", "a/b!", "a/b0", "a/d", "a/e"])
    #expect(try children("a/b") == ["a/b/1", "a/b/c"])
    #expect(try children("z") == [])
    for limit in 1...6 {
      var pages: [String] = []
      while true {
        let page = try children("a", after: pages.last.map { String($0.dropFirst(2)) }, limit: limit)
        guard !page.isEmpty else { break }
        pages += page
      }
      #expect(pages == ["a/b", "a/b!", "a/b0", "a/d", "a/e"])
    }
  }

  @Test func `the list of all files comes in pages, of a directory too`() throws {
    for name in ["a", "a/b"] { try ledger.decide(bob, .makeDirectory(name), in: team) }
    for name in ["a!", "a/b/1", "a/b/2", "b"] { try ledger.decide(bob, .publish(name), in: team) }
    let id = try ledger.id(team)
    let first = try ledger.catalog.entries(in: id, after: nil, limit: 3)
    #expect(first.map(\.path.description) == ["a", "a!", "a/b"])
    let second = try ledger.catalog.entries(in: id, after: first.last?.path, limit: 9)
    #expect(second.map(\.path.description) == ["a/b/1", "a/b/2", "b"])
    let below = try ledger.catalog.entries(in: id, below: path("a/b"), after: path("a/b/1"), limit: 9)
    #expect(below.map(\.path.description) == ["a/b/2"])
    #expect(try ledger.catalog.entries(in: id, below: path("a"), after: nil, limit: 2).count == 2)
  }
}

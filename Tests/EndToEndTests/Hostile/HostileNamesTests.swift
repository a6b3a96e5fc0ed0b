// Names that would be something else on a member's disk: whoever sends one has no message but an attack, and his line
// ends. Our own client cannot even say them, so the bytes are made here.

import GroupModel
import Link
import Testing
import Visitors

@Suite(.serialized, .oneSiege()) struct HostileNamesTests {
  /// A proposal whose path, or link, is what no `FilePath` and no `LinkTarget` can be.
  private func frame(_ write: (inout WireWriter) -> Void) -> [UInt8] {
    var writer = WireWriter()
    writer.request(.random)
    writer.name(team)
    write(&writer)
    return Visitor.frame(.request, TrackerKind.propose, 1, writer.bytes)
  }

  private func publishing(_ path: [UInt8]) -> [UInt8] {
    frame {
      $0.u8(6)
      $0.blob(path)
      $0.u8(1)
      $0.i64(0)
      $0.flag(false)
    }
  }

  private func linking(_ path: String, to target: [UInt8]) -> [UInt8] {
    frame {
      $0.u8(6)
      $0.blob(path.utf8)
      $0.u8(2)
      $0.blob(target)
      $0.i64(0)
      $0.flag(false)
    }
  }

  private func renaming(_ from: String, _ to: String) -> [UInt8] {
    frame {
      $0.u8(8)
      $0.blob(from.utf8)
      $0.blob(to.utf8)
      $0.flag(true)
    }
  }

  private static let badPaths = [
    "", "/", "..", ".", "../etc/passwd", "/etc/passwd", "a/../b", "a/./b", "a//b", "a/", "/a", "a/..",
    ".requests",
    ".members", ".shares", "a\u{0}b", String(repeating: "x", count: 256),
    String(repeating: "x/", count: 5000),
  ]

  @Test func `a path that is none ends the line, and nothing is published`() throws {
    let siege = try Siege.ofSuite
    let id = try siege.makeTeam()
    var frames = Self.badPaths.map { ($0, publishing(Array($0.utf8))) }
    frames.append(("no UTF-8", publishing([0xC3, 0x28])))
    frames.append(("an overlong slash", publishing([0x61, 0xC0, 0xAF, 0x62])))
    frames.append(("half of a surrogate", publishing([0xED, 0xA0, 0x80])))
    for target in ["/etc", "..", "../x", "a/../../x", "", "x\u{0}y", String(repeating: "y", count: 5000)] {
      frames.append(("a link to \(target.prefix(20))", linking("link", to: Array(target.utf8))))
    }
    frames.append(("a link in a directory that climbs too far", linking("d/link", to: Array("../../x".utf8))))
    frames.append(("a rename from nowhere", renaming("../x", "y")))
    frames.append(("a rename out of the group", renaming("x", "../y")))
    frames.append(("a rename to a control file", renaming("x", ".requests")))
    try siege.withstands("bad names") {
      for (what, frame) in frames {
        let visitor = try siege.member(bob)
        visitor.send(frame)
        #expect(visitor.isEndedByOther(), "\(what)")
      }
    }
    let page = try siege.member(bob).ask(.catchUp(id, after: CatchUpMark(number: 0)))
    guard case .caughtUp(let page) = page else {
      Issue.record("\(page)")
      return
    }
    #expect(page.changes.allSatisfy { if case .stands = $0 { true } else { false } })
  }

  @Test func `a link that would climb out when it is moved stays where it is`() throws {
    let siege = try Siege.ofSuite
    let name = GroupName("climbing")!
    _ = try siege.makeTeam(name)
    let member = try siege.member(bob)
    func path(_ text: String) throws -> FilePath { try FilePath(text) }
    for directory in ["a", "a/b"] {
      _ = try member.propose(.publish(path(directory), .directory, modified: 0, over: nil), in: name)
    }
    let link = Entry.Kind.symlink(LinkTarget(Array("../../x".utf8), at: try path("a/b/link"))!)
    #expect(
      try member.propose(.publish(path("a/b/link"), link, modified: 0, over: nil), in: name).refusal == nil)
    for (from, to) in [("a/b/link", "link"), ("a/b/link", "a/link"), ("a/b", "b")] {
      let wish = Proposal.Wish.rename(from: try path(from), to: try path(to), replacing: false)
      #expect(try member.propose(wish, in: name).refusal == .malformed, "\(from) to \(to)")
    }
  }

  @Test(arguments: [
    "", "-x", ".x", "a b", "a/b", "ä", "a\n", "a\u{1B}[2J", String(repeating: "n", count: 65),
  ])
  func `a user's or a group's name that is none ends the line`(name: String) throws {
    let siege = try Siege.ofSuite
    var login = WireWriter()
    login.short(name.utf8)
    login.blob([1])
    login.blob([1])
    var list = WireWriter()
    list.short(name.utf8)
    list.flag(false)
    for (visitor, kind, body) in [
      (try siege.stranger(), TrackerKind.login, login.bytes),
      (try siege.member(bob), TrackerKind.listMembers, list.bytes),
    ] {
      visitor.send(Visitor.frame(.request, kind, 1, body))
      #expect(visitor.isEndedByOther())
    }
    // Nothing that came over the wire can speak to a terminal from the log.
    #expect(siege.log.allSatisfy { $0.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } })
  }
}

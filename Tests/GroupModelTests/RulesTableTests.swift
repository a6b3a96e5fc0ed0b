// Who may do what, as tables that a person can check: each cell is worked out by `Rules` and compared with what is
// written here.

import GroupModel
import Testing

private let alice = UserName("alice")!
private let bob = UserName("bob")!
private let carol = UserName("carol")!

/// A table as text: a line for each row, its cells in columns.
private func table(_ heads: [String], _ rows: [(String, [String])]) -> String {
  let lines = [("", heads)] + rows
  let widths = heads.indices.map { column in lines.map { $0.1[column].count }.max()! }
  let first = lines.map { $0.0.count }.max()!
  return lines.map { name, cells in
    let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
    let line = ([name + String(repeating: " ", count: first - name.count)] + padded).joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}

/// What becomes of a wish, in a word or two: `-` where it changes nothing, a refusal in brackets.
private func verdict(_ wish: Proposal.Wish, by actor: UserName, given facts: Facts) -> String {
  do throws(Refusal) {
    let changes = try Rules.judge(wish, by: actor, given: facts)
    return changes.isEmpty ? "-" : changes.map(word).joined(separator: ", ")
  } catch {
    return "(\(error))"
  }
}

private func word(_ change: Change) -> String {
  switch change {
  case .stands(let user, let standing, let since):
    "\(user) \(standing)" + (since == 8 ? "" : " since \(since)")
  case .published(let entry):
    "published" + (entry.owner == bob && entry.version == 8 ? "" : " by \(entry.owner)")
  case .unpublished: "unpublished"
  case .moved: "moved"
  case .ended: "ended"
  }
}

private let everyStanding: [Standing] = [.owner, .member, .asked, .rejected, .stranger]

@Suite struct `Life in a group` {
  /// bob wants something; how he stands is the column.
  private func row(_ wish: Proposal.Wish, heir: UserName? = nil) -> [String] {
    let facts = everyStanding.map { standing in
      var facts = Facts()
      facts.next = 8
      facts.owner = standing == .owner ? bob : alice
      facts.actor = standing
      facts.heir = standing == .owner ? heir : nil
      return facts
    }
    return (facts + [Facts()]).map { verdict(wish, by: bob, given: $0) }
  }

  @Test func `what somebody may want for himself depends on how he stands`() {
    let heads = everyStanding.map { "\($0)" } + ["no such group"]
    let rows = [
      ("found", row(.found)), ("join", row(.join)), ("leave", row(.leave)),
      ("leave to an heir", row(.leave, heir: carol)), ("disband", row(.disband)),
    ]
    #expect(
      table(heads, rows) == """
                          owner                      member           asked          rejected        stranger        no such group
        found             (groupExists)              (groupExists)    (groupExists)  (groupExists)   (groupExists)   bob owner since 1
        join              (alreadyMember)            (alreadyMember)  -              bob asked       bob asked       (noSuchGroup)
        leave             bob stranger, ended        bob stranger     bob stranger   (noSuchMember)  (noSuchMember)  (noSuchGroup)
        leave to an heir  bob stranger, carol owner  bob stranger     bob stranger   (noSuchMember)  (noSuchMember)  (noSuchGroup)
        disband           ended                      (notOwner)       (notOwner)     (notOwner)      (notOwner)      (noSuchGroup)
        """)
  }

  @Test func `a group ends for all who are in it or ask to be, when it holds nothing`() {
    var facts = Facts()
    facts.next = 8
    facts.owner = bob
    facts.actor = .owner
    facts.persons = [bob, carol]
    #expect(verdict(.disband, by: bob, given: facts) == "bob stranger, carol stranger, ended")
    facts.entries = 1
    #expect(verdict(.disband, by: bob, given: facts) == "(directoryNotEmpty)")
  }

  /// bob wants something done to carol; how she stands is the column, how he stands the row.
  private func row(_ wish: Proposal.Wish, by actor: Standing) -> [String] {
    var facts = everyStanding.map { subject in
      var facts = Facts()
      facts.next = 8
      facts.owner = actor == .owner ? bob : alice
      facts.actor = actor
      facts.subject = subject
      return facts
    }
    var unknown = facts[4]
    unknown.subjectExists = false
    facts.append(unknown)
    return facts.map { verdict(wish, by: bob, given: $0) }
  }

  @Test func `what an owner may do with others depends on how they stand, and nobody else may`() {
    let heads = everyStanding.map { "\($0)" } + ["no such user"]
    let wishes: [(String, Proposal.Wish)] = [
      ("accepts", .accept(carol)), ("rejects", .reject(carol)), ("removes", .remove(carol)),
    ]
    let rows = wishes.map { ("owner \($0)", row($1, by: .owner)) }
    #expect(
      table(heads, rows) == """
                       owner            member           asked           rejected         stranger         no such user
        owner accepts  (alreadyMember)  (alreadyMember)  carol member    (noSuchRequest)  (noSuchRequest)  (noSuchUser)
        owner rejects  (noSuchRequest)  (noSuchRequest)  carol rejected  (noSuchRequest)  (noSuchRequest)  (noSuchUser)
        owner removes  (noSuchMember)   carol stranger   (noSuchMember)  (noSuchMember)   (noSuchMember)   (noSuchUser)
        """)
    for (_, wish) in wishes {
      for actor in everyStanding.dropFirst() {
        #expect(Set(row(wish, by: actor)) == ["(notOwner)"], "\(wish) by \(actor)")
      }
      #expect(verdict(wish, by: bob, given: Facts()) == "(noSuchGroup)")
    }
  }

  @Test func `an owner does not remove himself`() {
    var facts = Facts()
    facts.owner = bob
    facts.actor = .owner
    facts.subject = .owner
    #expect(verdict(.remove(bob), by: bob, given: facts) == "(malformed)")
  }
}

@Suite struct `Files in a group` {
  private static let file = Entry.Kind.file(FileContent(size: 0, root: nil, isExecutable: false)!)
  private static let program = Entry.Kind.file(FileContent(size: 0, root: nil, isExecutable: true)!)
  private static let other = Entry.Kind.file(
    FileContent(size: 1, root: ContentRoot(Digest(hashing: [1].span.bytes)), isExecutable: false)!)
  private static let path = try! FilePath("docs/a")
  private static let elsewhere = try! FilePath("docs/b")
  private static let link = Entry.Kind.symlink(LinkTarget(Array("a".utf8), at: path)!)

  /// What lies at a place: whose it is matters only where there is something.
  private enum There { case nothing, file, link, directory, fullDirectory, noParent }

  /// Who asks: alice owns the group and carol published what lies there, if not bob himself.
  private enum Actor: CaseIterable { case owner, publisher, otherMember, asked, rejected, stranger }

  private static let heads = ["owner", "publisher", "other member", "asked", "rejected", "stranger"]

  private func entry(_ there: There, at path: FilePath, of owner: UserName) -> Entry? {
    let kind: Entry.Kind? =
      switch there {
      case .nothing, .noParent: nil
      case .file: Self.file
      case .link: Self.link
      case .directory, .fullDirectory: .directory
      }
    return kind.map { Entry(path: path, kind: $0, owner: owner, modified: 0, version: 5) }
  }

  private func row(
    _ wish: Proposal.Wish, at there: There, to destination: There = .nothing, othersDestination: Bool = false,
    _ change: (inout Facts) -> Void = { _ in }
  ) -> [String] {
    Actor.allCases.map { actor in
      var facts = Facts()
      facts.next = 8
      facts.owner = actor == .owner ? bob : alice
      let standing: Standing =
        switch actor {
        case .owner: .owner
        case .publisher, .otherMember: .member
        case .asked: .asked
        case .rejected: .rejected
        case .stranger: .stranger
        }
      facts.actor = standing
      facts.target = entry(there, at: Self.path, of: actor == .publisher ? bob : carol)
      facts.targetHoldsFiles = there == .fullDirectory
      facts.parentExists = there != .noParent
      facts.destination = entry(
        destination, at: Self.elsewhere, of: actor == .publisher && !othersDestination ? bob : carol)
      facts.destinationHoldsFiles = destination == .fullDirectory
      facts.destinationParentExists = destination != .noParent
      change(&facts)
      return verdict(wish, by: bob, given: facts)
    }
  }

  private func publish(_ kind: Entry.Kind = file, over: UInt64? = nil) -> Proposal.Wish {
    .publish(Self.path, kind, modified: 0, over: over)
  }

  @Test func `everyone inside adds, and only owner and publisher replace`() {
    let rows = [
      ("file where nothing is", row(publish(), at: .nothing)),
      ("file that replaces none", row(publish(over: 0), at: .nothing)),
      ("file that replaces what is gone", row(publish(over: 5), at: .nothing)),
      ("file over file", row(publish(), at: .file)),
      ("file over its version", row(publish(Self.other, over: 5), at: .file)),
      ("file over another version", row(publish(over: 4), at: .file)),
      ("file that replaces none, over file", row(publish(over: 0), at: .file)),
      ("attributes over another version", row(publish(Self.program, over: 4), at: .file)),
      ("attributes over its version", row(publish(Self.program, over: 5), at: .file)),
      ("a link's time", row(publish(Self.link, over: 5), at: .link)),
      ("link over file", row(publish(Self.link), at: .file)),
      ("file over link", row(publish(), at: .link)),
      ("file over directory", row(publish(), at: .directory)),
      ("directory where nothing is", row(publish(.directory), at: .nothing)),
      ("directory over file", row(publish(.directory), at: .file)),
      ("directory over directory", row(publish(.directory), at: .directory)),
      ("directory over its version", row(publish(.directory, over: 5), at: .fullDirectory)),
      ("directory over another version", row(publish(.directory, over: 4), at: .directory)),
      ("directory that replaces none", row(publish(.directory, over: 0), at: .directory)),
      ("directory over a file's version", row(publish(.directory, over: 5), at: .file)),
      ("file in no directory", row(publish(), at: .noParent)),
      ("one entry too many", row(publish(), at: .nothing) { $0.entries = Limits.entriesOfGroup }),
      ("over a file of a full group", row(publish(), at: .file) { $0.entries = Limits.entriesOfGroup }),
    ]
    #expect(
      table(Self.heads, rows) == """
                                            owner               publisher       other member    asked        rejected     stranger
        file where nothing is               published           published       published       (notMember)  (notMember)  (notMember)
        file that replaces none             published           published       published       (notMember)  (notMember)  (notMember)
        file that replaces what is gone     (conflict)          (conflict)      (conflict)      (notMember)  (notMember)  (notMember)
        file over file                      published           published       (notYours)      (notMember)  (notMember)  (notMember)
        file over its version               published           published       (notYours)      (notMember)  (notMember)  (notMember)
        file over another version           (conflict)          (conflict)      (conflict)      (notMember)  (notMember)  (notMember)
        file that replaces none, over file  (conflict)          (conflict)      (conflict)      (notMember)  (notMember)  (notMember)
        attributes over another version     (conflict)          (conflict)      (conflict)      (notMember)  (notMember)  (notMember)
        attributes over its version         published by carol  published       (notYours)      (notMember)  (notMember)  (notMember)
        a link's time                       published by carol  published       (notYours)      (notMember)  (notMember)  (notMember)
        link over file                      published           published       (notYours)      (notMember)  (notMember)  (notMember)
        file over link                      published           published       (notYours)      (notMember)  (notMember)  (notMember)
        file over directory                 (isDirectory)       (isDirectory)   (isDirectory)   (notMember)  (notMember)  (notMember)
        directory where nothing is          published           published       published       (notMember)  (notMember)  (notMember)
        directory over file                 (fileExists)        (fileExists)    (fileExists)    (notMember)  (notMember)  (notMember)
        directory over directory            (fileExists)        (fileExists)    (fileExists)    (notMember)  (notMember)  (notMember)
        directory over its version          published by carol  published       (notYours)      (notMember)  (notMember)  (notMember)
        directory over another version      (conflict)          (conflict)      (conflict)      (notMember)  (notMember)  (notMember)
        directory that replaces none        (conflict)          (conflict)      (conflict)      (notMember)  (notMember)  (notMember)
        directory over a file's version     (fileExists)        (fileExists)    (fileExists)    (notMember)  (notMember)  (notMember)
        file in no directory                (noSuchFile)        (noSuchFile)    (noSuchFile)    (notMember)  (notMember)  (notMember)
        one entry too many                  (limitReached)      (limitReached)  (limitReached)  (notMember)  (notMember)  (notMember)
        over a file of a full group         published           published       (notYours)      (notMember)  (notMember)  (notMember)
        """)
  }

  @Test func `only owner and publisher take away, and only what holds nothing`() {
    let rows = [
      ("file", row(.unpublish(Self.path), at: .file)),
      ("link", row(.unpublish(Self.path), at: .link)),
      ("directory", row(.unpublish(Self.path), at: .directory)),
      ("directory with files", row(.unpublish(Self.path), at: .fullDirectory)),
      ("nothing", row(.unpublish(Self.path), at: .nothing)),
    ]
    #expect(
      table(Self.heads, rows) == """
                              owner                publisher            other member  asked        rejected     stranger
        file                  unpublished          unpublished          (notYours)    (notMember)  (notMember)  (notMember)
        link                  unpublished          unpublished          (notYours)    (notMember)  (notMember)  (notMember)
        directory             unpublished          unpublished          (notYours)    (notMember)  (notMember)  (notMember)
        directory with files  (directoryNotEmpty)  (directoryNotEmpty)  (notYours)    (notMember)  (notMember)  (notMember)
        nothing               (noSuchFile)         (noSuchFile)         (noSuchFile)  (notMember)  (notMember)  (notMember)
        """)
  }

  @Test func `only owner and publisher rename, and over others' files only the owner`() {
    let rename = Proposal.Wish.rename(from: Self.path, to: Self.elsewhere, replacing: true)
    let keeping = Proposal.Wish.rename(from: Self.path, to: Self.elsewhere, replacing: false)
    let inside = Proposal.Wish.rename(from: Self.path, to: try! FilePath("docs/a/b"), replacing: true)
    let same = Proposal.Wish.rename(from: Self.path, to: Self.path, replacing: true)
    let rows = [
      ("file to a free place", row(rename, at: .file)),
      ("nothing", row(rename, at: .nothing)),
      ("file to itself", row(same, at: .file)),
      ("file over file", row(rename, at: .file, to: .file)),
      ("file over file, not replacing", row(keeping, at: .file, to: .file)),
      ("file over another's file", row(rename, at: .file, to: .file, othersDestination: true)),
      ("file over link", row(rename, at: .file, to: .link)),
      ("file over directory", row(rename, at: .file, to: .directory)),
      ("directory over file", row(rename, at: .directory, to: .file)),
      ("directory over directory", row(rename, at: .fullDirectory, to: .directory)),
      ("directory over full directory", row(rename, at: .directory, to: .fullDirectory)),
      ("directory into itself", row(inside, at: .directory)),
      ("file into no directory", row(rename, at: .file, to: .noParent)),
      ("paths would be too long", row(rename, at: .directory) { $0.movedPathsFit = false }),
      ("a link would climb out", row(rename, at: .link) { $0.movedLinksStay = false }),
      ("too much would move", row(rename, at: .directory) { $0.movedAreFew = false }),
    ]
    #expect(
      table(Self.heads, rows) == """
                                       owner                publisher            other member  asked        rejected     stranger
        file to a free place           moved                moved                (notYours)    (notMember)  (notMember)  (notMember)
        nothing                        (noSuchFile)         (noSuchFile)         (noSuchFile)  (notMember)  (notMember)  (notMember)
        file to itself                 -                    -                    (notYours)    (notMember)  (notMember)  (notMember)
        file over file                 moved                moved                (notYours)    (notMember)  (notMember)  (notMember)
        file over file, not replacing  (fileExists)         (fileExists)         (notYours)    (notMember)  (notMember)  (notMember)
        file over another's file       moved                (notYours)           (notYours)    (notMember)  (notMember)  (notMember)
        file over link                 moved                moved                (notYours)    (notMember)  (notMember)  (notMember)
        file over directory            (isDirectory)        (isDirectory)        (notYours)    (notMember)  (notMember)  (notMember)
        directory over file            (notDirectory)       (notDirectory)       (notYours)    (notMember)  (notMember)  (notMember)
        directory over directory       moved                moved                (notYours)    (notMember)  (notMember)  (notMember)
        directory over full directory  (directoryNotEmpty)  (directoryNotEmpty)  (notYours)    (notMember)  (notMember)  (notMember)
        directory into itself          (malformed)          (malformed)          (notYours)    (notMember)  (notMember)  (notMember)
        file into no directory         (noSuchFile)         (noSuchFile)         (notYours)    (notMember)  (notMember)  (notMember)
        paths would be too long        (malformed)          (malformed)          (notYours)    (notMember)  (notMember)  (notMember)
        a link would climb out         (malformed)          (malformed)          (notYours)    (notMember)  (notMember)  (notMember)
        too much would move            (limitReached)       (limitReached)       (notYours)    (notMember)  (notMember)  (notMember)
        """)
  }

  @Test func `nothing is published where there is no group`() {
    for wish in [
      publish(), .unpublish(Self.path), .rename(from: Self.path, to: Self.elsewhere, replacing: true),
    ] {
      #expect(verdict(wish, by: bob, given: Facts()) == "(noSuchGroup)")
    }
  }
}

@Suite struct `Bounds on what people make` {
  @Test func `nobody is in more groups than that`() {
    var facts = Facts()
    facts.groupsOfActor = Limits.groupsOfUser - 1
    #expect(verdict(.found, by: bob, given: facts) == "bob owner since 1")
    facts.groupsOfActor += 1
    #expect(verdict(.found, by: bob, given: facts) == "(limitReached)")
    facts.owner = alice
    #expect(verdict(.join, by: bob, given: facts) == "(limitReached)")
    facts.actor = .asked
    #expect(verdict(.join, by: bob, given: facts) == "-", "who asked already asks for nothing more")
  }

  @Test func `no group has more requests than that`() {
    var facts = Facts()
    facts.owner = alice
    facts.requests = Limits.requestsOfGroup - 1
    #expect(verdict(.join, by: bob, given: facts) == "bob asked since 1")
    facts.requests += 1
    #expect(verdict(.join, by: bob, given: facts) == "(limitReached)")
  }
}

// Lists, a page of the tracker's at a time: a row is at the door before the next page is asked for, and the header when
// the first page is here, as a list that is refused has none.

import GroupModel

extension CommandRunner {
  func runList(_ command: Command) throws(Failure) {
    let line = try session().line
    switch command {
    case .listRequests(let group): try listRequests(group, line)
    case .listMembers(let group): try listMembers(group, line)
    case .listFiles(let group): try listFiles(group, line)
    default: try listGroups(line)
    }
  }

  private func listGroups(_ line: any TrackerAsking) throws(Failure) {
    try forEachPage { (after: GroupName?) throws(Failure) in
      guard case .groups(let groups, let more) = try line.answer(to: .listGroups(after: after)) else {
        throw .strangeAnswer
      }
      if after == nil { try showTable(["GROUP", "OWNER", "STATE"], numbers: ["MEMBERS", "FILES"]) }
      for group in groups {
        try door.show(
          .row([
            group.name.description, group.owner.description, group.mine.word, String(group.members),
            String(group.files),
          ]))
      }
      return Page(last: groups.last?.name, more: more)
    }
  }

  private func listRequests(_ group: GroupName, _ line: any TrackerAsking) throws(Failure) {
    try forEachPage { (after: UserName?) throws(Failure) in
      guard case .users(let users, let more) = try line.answer(to: .listRequests(group, after: after)) else {
        throw .strangeAnswer
      }
      if after == nil { try showTable(["USER"]) }
      for user in users { try door.show(.row([user.description])) }
      return Page(last: users.last, more: more)
    }
  }

  private func listMembers(_ group: GroupName, _ line: any TrackerAsking) throws(Failure) {
    try forEachPage { (after: UserName?) throws(Failure) in
      let answer = try line.answer(to: .listMembers(group, after: after))
      guard case .members(let members, let more) = answer else { throw .strangeAnswer }
      if after == nil { try showTable(["USER", "ROLE", "PRESENCE"]) }
      for member in members {
        let role = member.isOwner ? "owner" : "member"
        try door.show(.row([member.user.description, role, member.isOnline ? "online" : "offline"]))
      }
      return Page(last: members.last?.user, more: more)
    }
  }

  private func listFiles(_ group: GroupName, _ line: any TrackerAsking) throws(Failure) {
    let columns = [
      Answer.Column("BYTES", isNumber: true), Answer.Column("OWNER"),
      Answer.Column("SHARERS", isNumber: true),
      Answer.Column("PATH"),
    ]
    var isBegun = false
    try files.forEachFile(of: group, over: line) { file throws(Failure) in
      if !isBegun { try door.show(.table(columns)) }
      isBegun = true
      let path = Printable.escaped(file.path.bytes)
      try door.show(
        .row([String(file.byteCount), file.owner.description, String(file.sharersOnline), path]))
    }
    if !isBegun { try door.show(.table(columns)) }
  }

  private func showTable(_ words: [String], numbers: [String] = []) throws(Failure) {
    try door.show(.table(words.map { Answer.Column($0) } + numbers.map { Answer.Column($0, isNumber: true) }))
  }
}

private struct Page<Name> {
  let last: Name?
  let more: Bool
}

/// A tracker that says there is more and gives no further name would hold us for ever.
private func forEachPage<Name: Equatable>(
  _ page: (Name?) throws(Failure) -> Page<Name>
) throws(Failure) {
  var after: Name?
  while true {
    let answer = try page(after)
    guard answer.more else { return }
    guard let last = answer.last, last != after else { throw .strangeAnswer }
    after = last
  }
}

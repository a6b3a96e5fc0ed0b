// A group as somebody sees it who asks the tracker for everything anew.

import GroupModel

struct WireView {
  private(set) var persons: [UserName: GroupReplay.Person] = [:]
  private(set) var entries: [FilePath: Entry] = [:]
  private(set) var members: [UserName] = []
  private(set) var requests: [UserName] = []
  private(set) var number: UInt64 = 0

  /// `line` is the owner's. nil: an answer was none.
  init?(of group: GroupReplay, over line: any Asking) {
    guard case .members(let lines, more: false)? = line.answer(to: .listMembers(group.name, after: nil)),
      case .users(let asking, more: false)? = line.answer(to: .listRequests(group.name, after: nil))
    else { return nil }
    members = lines.map(\.user)
    requests = asking
    var mark = CatchUpMark(number: 0)
    while true {
      guard case .caughtUp(let page)? = line.answer(to: .catchUp(group.id, after: mark)) else { return nil }
      for change in page.changes { fold(change) }
      mark = page.mark
      if !page.more { break }
    }
    number = mark.number
  }

  private mutating func fold(_ change: Change) {
    switch change {
    case .stands(let user, .stranger, _): persons[user] = nil
    case .stands(let user, let standing, let since):
      persons[user] = GroupReplay.Person(standing: standing, since: since)
    case .published(let entry): entries[entry.path] = entry
    case .unpublished(let path): entries[path] = nil
    case .moved, .ended: break
    }
  }
}

// Holds what the tracker has against what it said. Its table of granted wishes names the wish behind every number
// of every group; replayed in that order by plain means they must make exactly the groups that are there. So what
// was acknowledged is there, at the place that was said; what was not is there as a whole or not at all; nothing
// counts twice, and nothing is there that nobody asked for.

import GroupModel
import Link
import Testing

final class Audit {
  private let history: History
  private var replays: [GroupID: GroupReplay] = [:]
  private var places: [RequestID: Place] = [:]
  private var lastGranted: Int64 = 0
  /// Acknowledged wishes that changed nothing, for somebody had asked to join already: where that was so.
  private var joinsThatStood: [Place: Set<UserName>] = [:]
  private var findings: [String] = []

  /// What follows a finding would only follow from it.
  struct Failed: Error {}

  init(_ history: History) { self.history = history }

  /// The groups that there are.
  var groups: [GroupReplay] { replays.values.filter { !$0.hasEnded }.sorted { $0.id < $1.id } }

  /// How many wishes were granted, each of which has changed something.
  var changes: Int { places.count }

  /// While nobody proposes anything. `line(of:)` gives a line on which to ask as that user.
  func check(_ data: String, rereadsAll: Bool = false, line: (UserName) -> any Asking) throws {
    let file = try LedgerFile(data, wishesSince: rereadsAll ? 0 : lastGranted)
    expect(file.faults.isEmpty, "the file is not sound: \(file.faults)")
    findings += history.takeTroubles()
    takeAnswers(replay(takeNew(file, rereadsAll: rereadsAll)))
    compare(file)
    for group in groups { compare(group, over: line(group.owner!)) }
    compareList(over: line(Wishing.users[0]))
    try report()
  }

  private func expect(_ isTrue: Bool, _ what: @autoclosure () -> String) {
    if !isTrue { findings.append(what()) }
  }

  private func report() throws(Failed) {
    for finding in findings.prefix(10) { Issue.record("\(finding)") }
    if findings.count > 10 { Issue.record("and \(findings.count - 10) findings more") }
    if !findings.isEmpty { throw Failed() }
  }
}

// Wishes.
extension Audit {
  /// Those that were granted since the last audit. The older ones must be there as they were.
  private func takeNew(_ file: LedgerFile, rereadsAll: Bool) -> [LedgerFile.Wish] {
    var new: [LedgerFile.Wish] = []
    var known = 0
    for wish in file.wishes {
      lastGranted = max(lastGranted, wish.granted)
      if let place = places[wish.id] {
        known += 1
        expect(place == wish.place, "\(wish) was at \(place)")
      } else {
        new.append(wish)
      }
    }
    expect(file.wishCount == places.count + new.count, "granted wishes are gone")
    expect(!rereadsAll || known == places.count, "granted wishes are gone")
    for wish in new { places[wish.id] = wish.place }
    return new.sorted { $0.place < $1.place }
  }

  /// Returns the joins that stood, for which there is no row.
  private func replay(_ wishes: [LedgerFile.Wish]) -> [History.Answered] {
    let answered = history.takeAnswered()
    let stood = answered.filter { places[$0.id] == nil && $0.place != nil }
    let stoodAt = Dictionary(grouping: stood) { $0.place! }
    for group in groups { check(stoodAt, in: group) }
    for wish in wishes {
      guard let asked = history.asked(wish.id), asked.user == wish.user else {
        expect(false, "nobody wished for \(wish)")
        continue
      }
      take(asked, wish)
      if let group = replays[wish.place.group] { check(stoodAt, in: group) }
    }
    return answered
  }

  private func take(_ asked: Asked, _ wish: LedgerFile.Wish) {
    let id = wish.place.group
    if let floor = asked.floor {
      expect(wish.place > floor, "\(asked) was decided at \(wish.place), before it was asked")
    }
    expect(!history.wasRefused(wish.id), "\(asked) was refused, and is there at \(wish.place)")
    do throws(GroupReplay.Impossible) {
      try replays[id, default: GroupReplay(id, asked.proposal.group)]
        .take(asked.proposal.wish, by: asked.user, at: wish.place.number)
    } catch {
      expect(false, "\(wish.place) cannot be \(asked): \(error.reason)")
    }
  }

  private func check(_ stoodAt: [Place: [History.Answered]], in group: GroupReplay) {
    for answered in stoodAt[Place(group: group.id, number: group.number)] ?? [] {
      let user = answered.asked.user
      if group.standing(of: user) == .asked { joinsThatStood[answered.place!, default: []].insert(user) }
    }
  }

  private func takeAnswers(_ answered: [History.Answered]) {
    for one in answered {
      guard let place = one.place else { continue }
      if let there = places[one.id] {
        expect(there == place, "\(one.asked) was acknowledged at \(place) and is at \(there)")
      } else {
        let hasStood =
          one.asked.proposal.changedNothing || joinsThatStood[place]?.contains(one.asked.user) == true
        expect(hasStood, "\(one.asked) was acknowledged at \(place) and is lost")
      }
    }
    joinsThatStood = [:]
  }
}

extension Proposal {
  fileprivate var changedNothing: Bool {
    if case .rename(let from, let to, _) = wish { from == to } else { false }
  }
}

// What there is.
extension Audit {
  private func compare(_ file: LedgerFile) {
    let expected = Dictionary(
      uniqueKeysWithValues: groups.map { group in
        (
          group.id,
          LedgerFile.Group(
            name: group.name, owner: group.owner, number: group.number, members: group.members,
            files: group.files)
        )
      })
    expect(file.groups == expected, "groups are \(file.groups), not \(expected)")
    for group in groups {
      expect(file.persons[group.id] == group.persons, "\(group.name) has other persons in the file")
      expect(file.entries[group.id] == group.entries, "\(group.name) has other entries in the file")
    }
    expect(file.generations == file.accountWishes, "an account's passwords and wishes do not match")
  }

  private func compare(_ group: GroupReplay, over line: any Asking) {
    guard let seen = WireView(of: group, over: line) else {
      return expect(false, "\(group.owner!) cannot look at \(group.name)")
    }
    expect(seen.number == group.number, "\(group.name) is told up to \(seen.number), not \(group.number)")
    expect(seen.persons == group.persons, "other persons are told of \(group.name)")
    expect(seen.entries == group.entries, "other entries are told of \(group.name)")
    expect(seen.members == group.those { $0.isInside }, "other members are listed of \(group.name)")
    expect(seen.requests == group.those { $0 == .asked }, "other requests are listed of \(group.name)")
  }

  private func compareList(over line: any Asking) {
    guard case .groups(let listed, more: false)? = line.answer(to: .listGroups(after: nil)) else {
      return expect(false, "groups cannot be listed")
    }
    let told = listed.filter { Wishing.groups.contains($0.name) }.map {
      "\($0.name) \($0.owner) \($0.members) \($0.files) \($0.number)"
    }
    let expected = groups.sorted { $0.name < $1.name }
      .map { "\($0.name) \($0.owner!) \($0.members) \($0.files) \($0.number)" }
    expect(told == expected, "groups are listed as \(told), not \(expected)")
  }
}

extension GroupReplay {
  fileprivate func those(_ stand: (Standing) -> Bool) -> [UserName] {
    persons.filter { stand($0.value.standing) }.keys.sorted()
  }
}

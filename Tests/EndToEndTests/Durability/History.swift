// What was asked of the tracker and what it said to it, noted when the answer is here and not before.

import GroupModel
import Synchronization

/// Where a wish was decided. A group's number grows, and the number of a later group is higher: so places of one
/// name are in the order of time.
struct Place: Hashable, Comparable, Sendable {
  let group: GroupID
  let number: UInt64

  static func < (left: Self, right: Self) -> Bool {
    left.group == right.group ? left.number < right.number : left.group < right.group
  }
}

/// A wish as it was asked, for the first time.
struct Asked: Sendable {
  let user: UserName
  let proposal: Proposal
  /// The last place of that group's name that had been acknowledged to anybody by then.
  let floor: Place?
}

/// ## Concurrency model
/// For every thread, under its mutex.
final class History: Sendable {
  fileprivate struct State {
    var isDeaf = false
    var asked: [RequestID: Asked] = [:]
    var decided: [RequestID: Place] = [:]
    var refused: Set<RequestID> = []
    var highest: [GroupName: Place] = [:]
    var troubles: [String] = []
    /// Of `decided` and `refused`, what nobody has audited.
    var fresh: [RequestID] = []
    var acknowledged = 0
    var repeated = 0
    var full = 0
  }

  private let state = Mutex(State())

  func ask(_ id: RequestID, _ proposal: Proposal, by user: UserName) {
    state.withLock { state in
      guard state.asked[id] == nil else { return state.repeated += 1 }
      state.asked[id] = Asked(user: user, proposal: proposal, floor: state.highest[proposal.group])
    }
  }

  /// From here on answers come too late: whoever gave them has no power any more.
  func stopListening() { state.withLock { $0.isDeaf = true } }

  func listen() { state.withLock { $0.isDeaf = false } }

  /// false: it came too late. Whatever is not the answer to a proposal at all is a trouble.
  func note(_ id: RequestID, _ answer: TrackerAnswer) -> Bool {
    state.withLock { state in
      guard !state.isDeaf else { return false }
      state.note(id, answer)
      return true
    }
  }

  func trouble(_ text: String) { state.withLock { $0.troubles.append(text) } }
}

extension History.State {
  fileprivate mutating func note(_ id: RequestID, _ answer: TrackerAnswer) {
    guard let asked = asked[id] else { return troubles.append("an answer to nothing") }
    switch answer {
    case .decided(let group, let number):
      let place = Place(group: group, number: number)
      if let floor = asked.floor, place < floor {
        troubles.append("\(asked) was decided at \(place), before what was acknowledged already")
      }
      decided[id] = place
      highest[asked.proposal.group] = max(place, highest[asked.proposal.group] ?? place)
      acknowledged += 1
      fresh.append(id)
    case .refused(.busy), .refused(.notLoggedIn), .refused(.loginEnded):
      troubles.append("\(asked) was answered \(answer)")
    case .refused(let refusal):
      if refusal == .trackerFull { full += 1 }
      refused.insert(id)
      fresh.append(id)
    default: troubles.append("\(asked) was answered \(answer)")
    }
  }
}

// For the audit.
extension History {
  struct Answered: Sendable {
    let id: RequestID
    let asked: Asked
    /// nil: it was refused.
    let place: Place?
  }

  /// What was answered since this was asked last.
  func takeAnswered() -> [Answered] {
    state.withLock { state in
      defer { state.fresh = [] }
      return state.fresh.map { Answered(id: $0, asked: state.asked[$0]!, place: state.decided[$0]) }
    }
  }

  func takeTroubles() -> [String] {
    state.withLock { state in
      defer { state.troubles = [] }
      return state.troubles
    }
  }

  func asked(_ id: RequestID) -> Asked? { state.withLock { $0.asked[id] } }

  func wasRefused(_ id: RequestID) -> Bool { state.withLock { $0.refused.contains(id) } }

  func highest(of group: GroupName) -> Place? { state.withLock { $0.highest[group] } }

  /// Wishes that were granted, how often one was asked again, and how often there was no room for one.
  var counts: (acknowledged: Int, repeated: Int, full: Int) {
    state.withLock { ($0.acknowledged, $0.repeated, $0.full) }
  }
}

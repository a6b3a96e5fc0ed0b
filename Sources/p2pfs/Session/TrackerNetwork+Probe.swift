// Knocking at every tracker of a list at once, for those who want to know which of them are there.

import Glibc
import GroupModel
import Link
import Swarm
import Synchronization

extension TrackerNetwork {
  private static let probeMilliseconds = 1_000
  /// Each knock has a thread and a few descriptors: no network has more trackers, but a file can list thousands.
  private static let knocksMax = 32

  /// Who is logged in asks for something that costs nothing, and so hears whether his login still counts.
  func probe(_ trackers: TrackerInfo, as login: SavedLogin?, trusting pin: [UInt8]?) -> [TrackerCondition] {
    var credential: Credential?
    if let login { credential = try? self.credential(of: login) }
    let knocks = trackers.trackers.prefix(Self.knocksMax).map { tracker in
      Knock(at: line(to: [tracker], as: credential, trusting: pin))
    }
    for knock in knocks { knock.begin(as: credential, within: Self.probeMilliseconds) }
    let rest = trackers.trackers.dropFirst(Self.knocksMax).map { _ in TrackerCondition.notAsked }
    let outcomes = knocks.map { $0.outcome() }
    let isServed = outcomes.contains { $0.condition == .answers || $0.condition == .refusesLogin }
    return outcomes.map { isServed && $0.isRefused ? .standsBy : $0.condition } + rest
  }
}

/// One tracker that is asked, and one thread that waits for what comes of it.
private final class Knock: Sendable {
  private let line: TrackerLine
  private let end = Mutex(Outcome(condition: .silent, isRefused: false))

  struct Outcome: Sendable {
    let condition: TrackerCondition
    /// Its port takes no connections: one that stands by holds its port so.
    let isRefused: Bool
  }

  private let bell = Semaphore()

  init(at line: TrackerLine) { self.line = line }

  func begin(as credential: Credential?, within milliseconds: Int) {
    let come: TrackerLine.Answered = { [self] result in
      let isRefused = result == .failure(.noTracker(.unreachable(errno: ECONNREFUSED)))
      end.withLock { $0 = Outcome(condition: TrackerCondition(result), isRefused: isRefused) }
      bell.signal()
    }
    if credential == nil {
      line.reach(within: milliseconds, come)
    } else {
      line.ask(.listMyGroups(after: nil), within: milliseconds, come)
    }
  }

  func outcome() -> Outcome {
    bell.wait()
    return end.withLock { $0 }
  }
}

extension TrackerCondition {
  fileprivate init(_ result: Result<TrackerAnswer, TrackerTrouble>) {
    switch result {
    case .success(.refused(.loginEnded)), .success(.refused(.notLoggedIn)), .failure(.loginEnded):
      self = .refusesLogin
    case .success: self = .answers
    case .failure(.otherAuthority(let seen)): self = .otherAuthority(seen.bytes)
    case .failure(.noTracker), .failure(.malformed): self = .silent
    }
  }
}

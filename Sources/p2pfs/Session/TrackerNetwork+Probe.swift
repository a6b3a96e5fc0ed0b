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
    let isServed = outcomes.contains(where: \.isServing)
    return outcomes.map { TrackerCondition($0, isServed: isServed) } + rest
  }
}

/// One tracker that is asked, and one thread that waits for what comes of it.
private final class Knock: Sendable {
  private let line: TrackerLine
  private let end = Mutex(TrackerVisit.Outcome.silent(""))
  private let bell = Semaphore()

  init(at line: TrackerLine) { self.line = line }

  func begin(as credential: Credential?, within milliseconds: Int) {
    let come: TrackerLine.Answered = { [self] result in
      end.withLock { $0 = TrackerVisit.Outcome(result) }
      bell.signal()
    }
    if credential == nil {
      line.reach(within: milliseconds, come)
    } else {
      line.ask(.listMyGroups(after: nil), within: milliseconds, come)
    }
  }

  func outcome() -> TrackerVisit.Outcome {
    bell.wait()
    return end.withLock { $0 }
  }
}

extension TrackerCondition {
  /// One that stands by holds its port, and takes no connections.
  fileprivate init(_ outcome: TrackerVisit.Outcome, isServed: Bool) {
    switch outcome {
    case .answers: self = .answers
    case .refusesLogin: self = .refusesLogin
    case .otherAuthority(let seen): self = .otherAuthority(seen)
    case .refused: self = isServed ? .standsBy : .silent
    case .silent: self = .silent
    }
  }
}

// A longer look at each tracker of a list than a knock: how it answers, how fast, and what time it has.

import Glibc
import GroupModel
import Link
import Swarm

/// What came of visiting one tracker.
struct TrackerVisit: Hashable, Sendable {
  enum Outcome: Hashable, Sendable {
    case answers
    /// It is there, and says that this login has ended.
    case refusesLogin
    case otherAuthority([UInt8])
    /// Its port takes no connections, as with one that stands by.
    case refused
    /// It is not there, or does not speak, and why.
    case silent(String)

    var isServing: Bool { self == .answers || self == .refusesLogin }
  }

  let address: TrackerAddress
  var outcome: Outcome
  /// TCP and TLS.
  var connectMicroseconds: Int?
  /// One question and its answer; nil where nobody is logged in, who could ask one.
  var roundTripMicroseconds: Int?
  /// By its clock, in seconds since 1970, and our own before and after it was asked.
  var clock: ClockReading?
}

struct ClockReading: Hashable, Sendable {
  let theirs: Int64
  let before: Double
  let after: Double
}

extension TrackerNetwork {
  private static let visitMilliseconds = 2_000
  private static let firstMilliseconds = 500
  /// Each has a thread and a few descriptors.
  static let visitsMax = 32

  /// On the thread that asks; the other trackers have their own.
  func visit(_ tracker: TrackerAddress, as login: SavedLogin?, trusting pin: [UInt8]?) -> TrackerVisit {
    var credential: Credential?
    if let login { credential = try? self.credential(of: login) }
    let line = line(to: [tracker], as: credential, trusting: pin)
    var visit = TrackerVisit(address: tracker, outcome: .answers)
    let deadline = Instant.now + Self.visitMilliseconds
    let begun = Instant.now
    var answer = line.reached(until: begun + Self.firstMilliseconds)
    // A port that takes no connections says so at once, and is not asked again; the line goes on trying the others.
    if case .failure(.noTracker) = answer, TrackerVisit.Outcome(answer) != .refused {
      answer = line.reached(until: deadline)
    }
    visit.connectMicroseconds = begun.microsecondsSince
    if case .success = answer, credential != nil {
      let asked = Instant.now
      answer = line.answer(to: .listMyGroups(after: nil), until: deadline)
      visit.roundTripMicroseconds = asked.microsecondsSince
    }
    visit.outcome = TrackerVisit.Outcome(answer)
    if visit.outcome == .answers, let login, credential != nil {
      visit.clock = clock(of: line, login, until: deadline)
    }
    return visit
  }

  /// A certificate bears the moment at which it was issued: it is asked for, and thrown away.
  private func clock(of line: TrackerLine, _ login: SavedLogin, until deadline: Instant) -> ClockReading? {
    guard let request = try? certificateRequest(signedBy: login.keyPEM) else { return nil }
    let before = Self.seconds
    guard
      case .success(.certificate(let der)) = line.answer(
        to: .renew(certificateRequest: request), until: deadline),
      let certificate = try? Certificate(der: der)
    else { return nil }
    return ClockReading(
      theirs: certificate.notAfter - Self.memberLifetimeSeconds, before: before, after: Self.seconds)
  }

  /// What PROTOCOL.md 3 gives a member's certificate.
  private static let memberLifetimeSeconds: Int64 = 86_400

  private static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

extension TrackerLine {
  fileprivate func reached(until deadline: Instant) -> Result<TrackerAnswer, TrackerTrouble> {
    Result { () throws(TrackerTrouble) in
      try reach(within: deadline.milliseconds(after: .now))
      return .done
    }
  }

  fileprivate func answer(
    to request: TrackerRequest, until deadline: Instant
  ) -> Result<TrackerAnswer, TrackerTrouble> {
    Result { () throws(TrackerTrouble) in
      try ask(request, within: deadline.milliseconds(after: .now))
    }
  }
}

extension TrackerVisit.Outcome {
  init(_ answer: Result<TrackerAnswer, TrackerTrouble>) {
    switch answer {
    case .success(.refused(.loginEnded)), .success(.refused(.notLoggedIn)), .failure(.loginEnded):
      self = .refusesLogin
    case .success: self = .answers
    case .failure(.otherAuthority(let seen)): self = .otherAuthority(seen.bytes)
    case .failure(.noTracker(.unreachable(errno: ECONNREFUSED))): self = .refused
    case .failure(.noTracker(let end)): self = .silent(end?.description ?? "nothing came in time")
    case .failure(.malformed): self = .silent("what it says is no message of ours")
    }
  }
}

extension Instant {
  fileprivate var microsecondsSince: Int {
    Int((Instant.now.nanoseconds - nanoseconds) / 1_000)
  }
}

// Whether the trackers are there, whether they are the right ones, and what time they have.

import GroupModel

enum TrackerChecks {
  static func findings(_ visits: [TrackerVisit], notVisited: Int, login: SavedLogin?) -> [Finding] {
    let isServed = visits.contains(where: \.outcome.isServing)
    var findings = visits.map { finding($0, isServed: isServed, user: login?.user) }
    if notVisited > 0 { findings.append(.info("tracker", "\(notVisited) more in the list were not asked")) }
    return findings + [clock(visits, isLoggedIn: login != nil)]
  }

  private static func finding(_ visit: TrackerVisit, isServed: Bool, user: UserName?) -> Finding {
    let name = "\(visit.address)"
    switch visit.outcome {
    case .answers: return .ok("tracker", "\(name) answers\(times(visit))")
    case .refusesLogin:
      return .problem(
        "tracker", "\(name) answers\(times(visit)), and says that this login has ended",
        "log in again with 'p2pfs login \(user?.description ?? "USER")'")
    case .otherAuthority(let seen):
      return .problem(
        "tracker",
        "\(name) speaks for another authority, \(Fingerprint.text(seen)): somebody may be in between",
        "ask whoever runs the trackers; if he confirms it, write it behind the address in tracker_info.txt and log in again"
      )
    case .refused where isServed:
      return .ok("tracker", "\(name) takes no connections: it stands by, or is not running")
    case .refused: return outOfReach("\(name) takes no connections: it is not running")
    case .silent(let why) where isServed:
      return .warning("tracker", "\(name) does not answer: \(why)", remedy(for: visit.address))
    case .silent(let why): return outOfReach("\(name) does not answer: \(why)", remedy(for: visit.address))
    }
  }

  private static func outOfReach(
    _ text: String,
    _ remedy: String = "start it with 'tracker tracker_info.txt NUMBER', or correct the address"
  ) -> Finding {
    .problem("tracker", text, remedy, isOutOfReach: true)
  }

  private static func remedy(for address: TrackerAddress) -> String {
    "look whether it runs, whether '\(address.host)' is its name, and whether a firewall lets port \(address.port) through"
  }

  private static func times(_ visit: TrackerVisit) -> String {
    guard let connect = visit.connectMicroseconds else { return "" }
    let connected = "connected in \(Amount.milliseconds(connect).text)"
    guard let roundTrip = visit.roundTripMicroseconds else { return ", \(connected)" }
    return " in \(Amount.milliseconds(roundTrip).text), \(connected)"
  }
}

// The clock.
extension TrackerChecks {
  /// Certificates are dated five minutes back, so that a clock that is behind by less does no harm.
  private static let harmlessSeconds = 240.0
  private static let noticedSeconds = 5.0

  private static func clock(_ visits: [TrackerVisit], isLoggedIn: Bool) -> Finding {
    guard let reading = visits.lazy.compactMap(\.clock).first else {
      return .info(
        "clock",
        isLoggedIn ? "no tracker to compare it with" : "compared with a tracker's once you are logged in")
    }
    return clock(reading)
  }

  /// Theirs is a whole second, read at some moment between ours.
  static func clock(_ reading: ClockReading) -> Finding {
    // What is certain, whatever that moment was.
    let ahead = reading.before - (Double(reading.theirs) + 1)
    let behind = Double(reading.theirs) - reading.after
    let seconds = max(0, ahead, behind)
    let direction = ahead > behind ? "ahead of" : "behind"
    let told = "this machine's is \(amount(seconds)) \(direction) the tracker's"
    let remedy = "set it, for example with 'timedatectl set-ntp true'"
    if seconds <= noticedSeconds { return .ok("clock", "the same as the tracker's, to \(bound(reading)) s") }
    return seconds <= harmlessSeconds ? .warning("clock", told, remedy) : .problem("clock", told, remedy)
  }

  /// To how many seconds it is known.
  private static func bound(_ reading: ClockReading) -> Int {
    Int(
      (max(reading.after - Double(reading.theirs), Double(reading.theirs) + 1 - reading.before)).rounded(.up))
  }

  private static func amount(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    switch whole {
    case ..<120: return "\(whole) s"
    case ..<7_200: return "\(whole / 60) minutes"
    case ..<172_800: return "\(whole / 3_600) hours"
    default: return "\(whole / 86_400) days"
    }
  }
}

// A real tracker with people who have accounts, and strangers and members at its gates who mean no good. While they
// do what they do, an honest neighbour is served as ever, and the tracker's memory and threads stay where they were.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

let alice = UserName("alice")!
let bob = UserName("bob")!
let carol = UserName("carol")!
/// Whose requests are timed.
let neighbour = UserName("neighbour")!
let team = GroupName("team")!

/// ## Concurrency model
/// One test's at a time, or its threads'.
final class Siege: @unchecked Sendable {
  let story = Story()
  let tracker: Child
  let mint: CertificateMint

  /// `prefix` is what starts the tracker, as `prlimit` does. The people's passwords are their names.
  init(people: [UserName] = [alice, bob, carol], startedBy prefix: [String] = []) throws {
    // Those who will log in by password are hashed as the tracker does.
    mint = CertificateMint(
      authority: try story.enrol(
        people + [neighbour], withPasswords: { $0 == alice ? .production : .cheap }, \.description))
    let command = prefix + [Programs.tracker, "--data", story.data, story.info, "1"]
    tracker = Child(command[0], Array(command.dropFirst()))
    try #require(tracker.waitFor("ready"), "the tracker says nothing: \(tracker.text(2))")
  }

  deinit {
    tracker.signal(SIGKILL)
    tracker.wait()
  }

  var port: UInt16 { story.ports[0] }

  func member(
    _ user: UserName, lineage: UInt64 = .random(in: 1 ... .max), from source: (UInt8, UInt8) = (0, 1)
  ) throws -> Visitor {
    try Visitor(to: port, as: mint.credential(user, lineage: lineage), from: source)
  }

  func follower(_ user: UserName) throws -> Visitor {
    let visitor = try member(user)
    try visitor.follow()
    return visitor
  }

  func stranger() throws -> Visitor { try Visitor(to: port) }

  /// What the tracker's log has said so far.
  var log: [Substring] { tracker.text(2).split(separator: "\n") }

  var figures: Figures { Figures(of: tracker.pid) }

  /// alice's team, with bob in it where it is new.
  func makeTeam(_ name: GroupName = team) throws -> GroupID {
    let owner = try member(alice)
    guard case .decided(let id, _) = try owner.propose(.found, in: name) else {
      throw VisitorTrouble.strangeFrame
    }
    let joiner = try member(bob)
    _ = try joiner.propose(.join, in: name)
    _ = try owner.propose(.accept(bob), in: name)
    return id
  }
}

extension Siege {
  /// What an attack may cost, in memory, and how long the neighbour may wait at the worst.
  struct Bounds {
    var growthMiB = 64
    var worstMilliseconds = 2000.0
    var requestP99 = 2000.0
  }

  /// Runs an attack beside the neighbour, prints the figures and holds them to the bounds.
  @discardableResult
  func withstands<Result>(
    _ what: String, _ bounds: Bounds = Bounds(), sourceLocation: SourceLocation = #_sourceLocation,
    _ attack: () throws -> Result
  ) throws -> Result {
    let before = figures
    let honest = try Neighbour(self)
    let result: Result
    do {
      result = try attack()
    } catch {
      _ = honest.finish()
      throw error
    }
    let served = honest.finish()
    let growth = Double(served.peakKiB - before.residentKiB) / 1024
    print(
      "\(what): neighbour \(served.requests), logins \(served.logins); RSS \(before.residentKiB >> 10) MiB "
        + "+\(Int(growth.rounded())) at most, \(figures.residentKiB >> 10) after; \(figures.threads) threads")
    #expect(served.troubles.isEmpty, "\(served.troubles.prefix(3))", sourceLocation: sourceLocation)
    #expect(served.requests.worst < bounds.worstMilliseconds, sourceLocation: sourceLocation)
    #expect(served.logins.worst < bounds.worstMilliseconds, sourceLocation: sourceLocation)
    #expect(served.requests.percentile(0.99) < bounds.requestP99, sourceLocation: sourceLocation)
    #expect(growth < Double(bounds.growthMiB), sourceLocation: sourceLocation)
    #expect(figures.threads == before.threads, sourceLocation: sourceLocation)
    return result
  }
}

/// What the system knows of a process.
struct Figures {
  let residentKiB: Int
  let threads: Int
  /// User and system time.
  let cpuSeconds: Double

  init(of pid: pid_t) {
    let status = KernelText.of("/proc/\(pid)/status")
    func number(_ name: String) -> Int {
      let line = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }
      return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
        ?? 0
    }
    residentKiB = number("VmRSS")
    threads = number("Threads")
    let fields =
      KernelText.of("/proc/\(pid)/stat")
      .split(separator: ")").last?.split(separator: " ") ?? []
    let ticks = fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
    cpuSeconds = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}

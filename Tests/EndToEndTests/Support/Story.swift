// A network of real programs in a scratch directory, and people who give it commands: a test reads as a story.

import Foundation
import Testing

/// ## Concurrency model
/// One test's, or one suite's whose tests follow each other; people may be used from several threads, each person
/// by one.
final class Story: @unchecked Sendable {
  let scratch = Scratch()
  let ports: [UInt16]
  let info: String
  private(set) var trackers: [Child?]
  /// Data of the trackers; another place for tests that need a disk of their own.
  var data: String
  /// Names only: people know their story, and it would never end if it knew them.
  private var members: Set<String> = []
  /// What must not go before the trackers have ended: a disk, for one.
  var belongings: [AnyObject] = []
  /// Members' daemons and consoles, which end with the story.
  var daemons: [Child] = []
  /// Where they have mounted: freed when the story is over.
  var mountPoints: Set<String> = []

  /// With that many trackers listed, all on one data directory; none is started yet.
  init(trackers count: Int = 1) {
    let ports = (0..<count).map { _ in Ports.free() }
    self.ports = ports
    trackers = Array(repeating: nil, count: count)
    data = scratch.path + "/data"
    info = scratch.write("tracker_info.txt", ports.map { "127.0.0.1:\($0)\n" }.joined())
  }

  /// Starts tracker `number` (from 1) and waits until it says that it is ready, or stands by.
  @discardableResult
  func startTracker(
    _ number: Int = 1, options: [String] = [], environment: [String: String] = [:]
  ) -> Child {
    let child = Child(
      Programs.tracker, ["--data", data] + options + [info, String(number)], environment: environment)
    trackers[number - 1] = child
    #expect(child.waitFor("\n"), "the tracker says nothing: \(child.text(2))")
    return child
  }

  func tracker(_ number: Int = 1) -> Child { trackers[number - 1]! }

  /// What the tracker that serves said of itself: `sha256:` and 64 digits.
  var authority: String {
    let ready = trackers.compactMap { $0?.text(1) }.joined().split(separator: "\n").last {
      $0.contains(" ready on ")
    }
    return ready.flatMap { $0.split(separator: " ").last.map(String.init) } ?? "no tracker is ready"
  }

  func killTracker(_ number: Int = 1) {
    tracker(number).signal(SIGKILL)
    tracker(number).wait()
  }

  /// `machine` is where: each has a state directory of its own.
  func person(_ name: String, at machine: String? = nil) -> Person { Person(name, at: machine, in: self) }

  /// A person with an account, logged in; only the first time that he is named, for passwords cost time.
  func member(_ name: String) -> Person {
    let person = person(name)
    guard members.insert(name).inserted else { return person }
    person.succeeds("create_user", name, person.password)
    person.succeeds("login", name, person.password)
    return person
  }

  deinit {
    for child in daemons + trackers.compactMap({ $0 }) {
      child.signal(SIGKILL)
      child.wait()
    }
    for place in mountPoints { Child("/usr/bin/fusermount3", ["-u", "-z", "-q", place]).finish(within: 10) }
  }
}

/// Somebody at a shell, with a state directory of his own.
final class Person: @unchecked Sendable {
  let name: String
  let state: String
  let story: Story
  var environment: [String: String] = [:]

  init(_ name: String, at machine: String? = nil, in story: Story) {
    self.name = name
    self.story = story
    state = story.scratch.path + "/state-\(name)" + (machine.map { "-\($0)" } ?? "")
  }

  var password: String { "password of \(name)" }

  private var surroundings: [String: String] {
    ["P2PFS_STATE": state, "P2PFS_TRACKER": story.info, "HOME": story.scratch.path].merging(environment) {
      $1
    }
  }

  func start(_ words: [String], onTerminal: Bool = false) -> Child {
    Child(
      Programs.p2pfs, words, environment: surroundings, directory: story.scratch.path, onTerminal: onTerminal)
  }

  func run(_ words: [String]) -> Outcome { start(words).finish() }

  /// Through a shell, in whose `script` the command is `"$@"`.
  func start(_ words: [String] = [], through script: String) -> Child {
    Child(
      "/bin/sh", ["-c", script, "sh", Programs.p2pfs] + words, environment: surroundings,
      directory: story.scratch.path)
  }

  func run(_ words: [String], through script: String) -> Outcome { start(words, through: script).finish() }

  /// The command ends well; its lines.
  @discardableResult
  func succeeds(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) -> [String] {
    let outcome = run(words)
    #expect(outcome.exit == 0, "\(name): \(words): \(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.errors == "", sourceLocation: sourceLocation)
    return outcome.lines
  }

  /// The command fails with that exit code, and says why and what to do in one line on stderr: `says`, where it is
  /// given.
  @discardableResult
  func fails(
    _ exit: Int32, _ words: String..., says: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) -> String {
    let outcome = run(words)
    expectFailure(outcome, exit, "\(name): \(words)", sourceLocation)
    if let says { #expect(outcome.sentence == says, "\(name): \(words)", sourceLocation: sourceLocation) }
    return outcome.sentence
  }
}

extension Outcome {
  /// What a failure said, without the program's name.
  var sentence: String { errors.hasPrefix("p2pfs: ") ? String(errors.dropFirst(7).dropLast()) : errors }
}

/// That exit code, nothing but a line `p2pfs: <what was wrong>: <what to do>` on stderr.
func expectFailure(
  _ outcome: Outcome, _ exit: Int32, _ what: String, _ sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(outcome.exit == exit, "\(what): \(outcome)", sourceLocation: sourceLocation)
  let lines = outcome.errors.split(separator: "\n")
  #expect(lines.count == 1 && lines[0].hasPrefix("p2pfs: "), "\(outcome)", sourceLocation: sourceLocation)
  #expect(lines.first?.dropFirst(7).contains(": ") == true, "\(outcome)", sourceLocation: sourceLocation)
}

// A network of real programs in a scratch directory, and people who give it commands: a test reads as a story.

import Foundation
import Testing

/// ## Concurrency model
/// One test's; people may be used from several threads, each person by one.
final class Story: @unchecked Sendable {
  let scratch = Scratch()
  let ports: [UInt16]
  let info: String
  private(set) var trackers: [Child?]
  /// Data of the trackers; another place for tests that need a disk of their own.
  var data: String
  /// What must not go before the trackers have ended: a disk, for one.
  var belongings: [AnyObject] = []

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

  func killTracker(_ number: Int = 1) {
    tracker(number).signal(SIGKILL)
    tracker(number).wait()
  }

  func person(_ name: String) -> Person { Person(name, in: self) }

  /// A person with an account, logged in.
  func member(_ name: String) -> Person {
    let person = person(name)
    person.succeeds("create_user", name, "password of \(name)")
    person.succeeds("login", name, "password of \(name)")
    return person
  }

  deinit {
    for tracker in trackers.compactMap({ $0 }) {
      tracker.signal(SIGKILL)
      tracker.wait()
    }
  }
}

/// Somebody at a shell, with a state directory of his own.
final class Person: @unchecked Sendable {
  let name: String
  let state: String
  let story: Story
  var environment: [String: String] = [:]

  init(_ name: String, in story: Story) {
    self.name = name
    self.story = story
    state = story.scratch.path + "/state-\(name)"
  }

  func start(_ words: [String]) -> Child {
    let all = environment.merging([
      "P2PFS_STATE": state, "P2PFS_TRACKER": story.info, "HOME": story.scratch.path,
    ]) { $1 }
    return Child(Programs.p2pfs, words, environment: all, directory: story.scratch.path)
  }

  func run(_ words: [String]) -> Outcome { start(words).finish() }

  /// The command ends well; its lines.
  @discardableResult
  func succeeds(_ words: String..., sourceLocation: SourceLocation = #_sourceLocation) -> [String] {
    let outcome = run(words)
    #expect(outcome.exit == 0, "\(name): \(words): \(outcome)", sourceLocation: sourceLocation)
    #expect(outcome.errors == "", sourceLocation: sourceLocation)
    return outcome.lines
  }

  /// The command fails with that exit code, and says why and what to do in one line on stderr.
  @discardableResult
  func fails(_ exit: Int32, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation) -> String {
    let outcome = run(words)
    #expect(outcome.exit == exit, "\(name): \(words): \(outcome)", sourceLocation: sourceLocation)
    let lines = outcome.errors.split(separator: "\n")
    #expect(lines.count == 1 && lines[0].hasPrefix("p2pfs: "), "\(outcome)", sourceLocation: sourceLocation)
    #expect(lines.first?.dropFirst(7).contains(": ") == true, "\(outcome)", sourceLocation: sourceLocation)
    return outcome.errors
  }
}

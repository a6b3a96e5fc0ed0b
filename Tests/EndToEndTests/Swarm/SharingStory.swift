// What the stories about files begin with: two members of one group, their daemons, and files of random bytes.

import TestSupport
import Foundation
import Testing

extension Story {
  /// alice owns the group `team`. Nobody has a daemon yet.
  static func ofOne(trackers: Int = 1) -> (Story, Person) {
    let story = Story(trackers: trackers)
    story.startTracker()
    let alice = story.member("alice")
    alice.succeeds("create_group", "team")
    return (story, alice)
  }

  /// And bob is in it.
  static func ofTwo(trackers: Int = 1) -> (Story, Person, Person) {
    let (story, alice) = ofOne(trackers: trackers)
    let bob = story.member("bob")
    alice.admits(bob)
    return (story, alice, bob)
  }
}

extension Scratch {
  @discardableResult
  func writeRandom(_ name: String, _ bytes: Int) -> Data {
    var random = SystemRandomNumberGenerator()
    var data = Data(capacity: bytes + 8)
    while data.count < bytes { withUnsafeBytes(of: random.next()) { data.append(contentsOf: $0) } }
    data = data.prefix(bytes)
    _ = FileManager.default.createFile(atPath: path + "/" + name, contents: data)
    return data
  }

  func contents(_ name: String) -> Data? { FileManager.default.contents(atPath: path + "/" + name) }

  func names(in directory: String = "") -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + directory)) ?? []).sorted()
  }
}

extension Person {
  /// Into a group that this person owns.
  func admits(_ other: Person, to group: String = "team") {
    other.succeeds("join_group", group)
    succeeds("accept_request", group, other.name)
  }

  /// A daemon for this person, ready to be given commands.
  @discardableResult
  func serves(_ options: String...) -> Child {
    let listen = options.contains("--listen") ? [] : ["--listen", "127.0.0.1:0"]
    let daemon = start(listen + options + ["serve"])
    story.daemons.append(daemon)
    #expect(daemon.waitFor("serving", on: 2))
    // It has heard of its groups when it can list them as its own.
    _ = run(["list_groups"])
    return daemon
  }

  /// Asks again and again until the answer is as it should be.
  func comes(
    to expected: String, within seconds: Double = 10, _ words: String...,
    sourceLocation: SourceLocation = #_sourceLocation, until condition: ([String]) -> Bool
  ) {
    let deadline = Date(timeIntervalSinceNow: seconds)
    var lines = run(words).lines
    while !condition(lines), Date() < deadline {
      usleep(50_000)
      lines = run(words).lines
    }
    #expect(
      condition(lines), "\(name) waits for \(expected): \(words): \(lines)", sourceLocation: sourceLocation)
  }
}

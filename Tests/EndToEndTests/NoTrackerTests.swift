// Nobody there: told in bounded time, with the places that were tried.

import Foundation
import Testing

@Suite struct NoTrackerTests {
  /// Starts a command with a list of its own and tells how it ended, and after how long.
  private struct Attempt {
    let child: Child
    let list: String
    let began = Date()

    init(_ person: Person, _ lines: [String], _ words: [String]) {
      list = lines.joined(separator: ", ")
      let file = person.story.scratch.write("list-\(UUID().uuidString)", lines.joined(separator: "\n"))
      child = person.start(words + ["--tracker", file])
    }

    func ended() -> (outcome: Outcome, seconds: Double) {
      (child.finish(within: 15), -began.timeIntervalSinceNow)
    }
  }

  @Test func `a command gives up in bounded time and names whom it asked`() throws {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    story.killTracker()
    let nobody = (0..<2).map { _ in "127.0.0.1:\(Ports.free())" }
    let deaf = try #require(DeafPort())
    let web = try #require(ChattyPort(saying: "HTTP/1.1 400 Bad Request\r\n\r\n"))
    let alone: [([String], [String])] = [
      (["127.0.0.1:\(story.ports[0])"], ["list_groups"]),
      (["127.0.0.1:\(story.ports[0])"], ["create_group", "x"]),
      ([nobody[0]], ["login", "alice", "secret"]),
      (["127.0.0.1:\(deaf.port)"], ["list_groups"]),
      (["127.0.0.1:\(web.port)"], ["list_groups"]),
      (["no-such-host.invalid:9002"], ["list_groups"]),
    ]
    let severals = [(nobody, ["list_groups"]), (nobody + ["127.0.0.1:\(deaf.port)"], ["list_groups"])]
    let attempts = (alone + severals).map { Attempt(alice, $0.0, $0.1) }
    for (index, attempt) in attempts.enumerated() {
      let (outcome, seconds) = attempt.ended()
      expectFailure(outcome, 69, attempt.list)
      #expect(outcome.sentence.hasPrefix("no tracker answers at \(attempt.list)"))
      #expect(seconds < (index < alone.count ? 8 : 13), "\(attempt.list): \(seconds) s")
    }
    // What was saved is not lost over it.
    story.startTracker()
    alice.succeeds("list_groups")
  }

  @Test func `logging out works without a tracker, and says so`() {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    story.killTracker()
    #expect(alice.succeeds("logout") == ["logged out alice here; no tracker was told"])
    alice.fails(77, "list_groups", says: "you are not logged in: use 'p2pfs login USER'")
  }

  @Test func `status without a tracker is an answer`() {
    let story = Story()
    let began = Date()
    #expect(
      story.person("alice").succeeds("status").contains("tracker 127.0.0.1:\(story.ports[0]) does not answer")
    )
    #expect(-began.timeIntervalSinceNow < 2.5)
  }

  @Test func `a tracker that is started late is found by who waits for it`() {
    let story = Story()
    let alice = story.person("alice").start(["create_user", "alice", "secret"])
    while !connectionsAreTried(by: alice) { usleep(10_000) }
    story.startTracker()
    let outcome = alice.finish()
    #expect(outcome.exit == 0, "\(outcome)")
  }

  /// It has its state directory and so is past the beginning.
  private func connectionsAreTried(by child: Child) -> Bool {
    let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(child.pid)/task")) ?? []
    return threads.contains { KernelText.of("/proc/\(child.pid)/task/\($0)/comm") == "tracker-line\n" }
  }

  @Test(arguments: ["::1 twofold\n127.0.0.1 twofold\n", "127.0.0.1 twofold\n::1 twofold\n"])
  func `a host of several addresses is tried at each`(hosts: String) {
    guard geteuid() == 0 else { return }
    let story = Story()
    story.startTracker()
    let file = story.scratch.write("hosts", hosts)
    let list = story.scratch.write("twofold.txt", "twofold:\(story.ports[0])\n")
    let outcome = story.person("alice").run(
      ["create_user", "alice", "secret", "--tracker", list],
      through: "exec unshare -m sh -c 'mount --bind \(file) /etc/hosts && exec \"$@\"' sh \"$@\"")
    #expect(outcome.exit == 0, "\(outcome)")
  }
}

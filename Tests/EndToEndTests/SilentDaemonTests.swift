// A daemon that is there and does not answer: nobody waits for it for ever, and who asks how it goes hears so. One that is
// at work is waited for.

import Foundation
import GroupModel
import Link
import Testing

@Suite(.serialized) struct SilentDaemonTests {
  private let story: Story
  private let alice: Person

  init() { (story, alice) = Story.ofOne() }

  @Test func `commands do not wait for a daemon that is stopped, and status says what it can`() {
    let daemon = alice.serves()
    story.scratch.write("state-alice/daemon.log", "")
    daemon.signal(SIGSTOP)
    let start = Date()
    let words = [
      ["list_groups"], ["show_downloads"], ["upload_file", "x", "team"], ["top", "--once"], ["status"],
      ["status", "--json"], ["login", "alice", alice.password],
    ]
    let outcomes = words.map { alice.start($0) }.map { $0.finish(within: 30) }
    #expect((9...20).contains(-start.timeIntervalSinceNow))
    let sentence =
      "a daemon (pid \(daemon.pid)) runs for this state directory and does not answer: look at its log, "
      + "'\(alice.state)/daemon.log', and end it with 'kill -9 \(daemon.pid)', then start it again"
    for (outcome, words) in zip(outcomes, words) {
      expectFailure(outcome, 69, "\(words)")
      #expect(outcome.sentence == sentence, "\(words)")
    }
    #expect(outcomes[4].lines.first == "user alice" && outcomes[4].lines.last == "daemon does not answer")
    #expect(outcomes[5].output.hasSuffix("\"daemon\":{\"silent\":true}}\n"), "\(outcomes[5])")
    #expect(outcomes[6].lines.first == "logged in as alice")

    daemon.signal(SIGCONT)
    #expect(alice.succeeds("status").contains { $0.hasPrefix("daemon running") })
  }

  /// A tracker that is stopped is given up after seconds in which there is nothing to tell.
  @Test func `a daemon that has to wait gives signs of life meanwhile`() throws {
    alice.serves()
    story.tracker().signal(SIGSTOP)
    defer { story.tracker().signal(SIGCONT) }
    let shell = try LocalStream.connect(to: alice.state + "/daemon.sock", waitingAtMost: 3_000)
    try shell.send(Self.request(["create_group", "other"]))
    var signs = 0
    var last = try shell.receive()
    while last == [5, 0, 0] {
      signs += 1
      last = try shell.receive()
    }
    #expect(signs >= 3)
    #expect(String(decoding: last, as: UTF8.self).contains("no tracker answers"))
    #expect(alice.fails(69, "create_group", "other").hasPrefix("no tracker answers"))
  }

  private static func request(_ words: [String]) -> [UInt8] {
    var writer = WireWriter()
    writer.u8(0)
    writer.list(words) { $0.blob($1.utf8) }
    writer.list([String]()) { $0.blob($1.utf8) }
    writer.blob("/".utf8)
    writer.list([String]()) { $0.blob($1.utf8) }
    return writer.bytes
  }
}

// A status goes from the daemon to the shell as JSON, and must come as it went.

import GroupModel
import Swarm
import Testing

@testable import p2pfs

@Suite struct StatusReadingTests {
  @Test func `what was written is read back`() throws {
    var nobody = Status(state: "/s")
    nobody.daemonRuns = true
    var silent = nobody
    silent.daemonIsSilent = true
    for status in [
      StatusSample.full, StatusSample.status(), StatusSample.status(nil), nobody, silent,
      Status(state: "/é\n"),
    ] {
      #expect(Status(reading: try JSON(parsing: Array(status.json.text.utf8))) == status)
    }
  }

  @Test func `keys that programs rely on are still there`() throws {
    let json = StatusSample.full.json.text
    for part in [
      #"{"user":"alice","login":{"valid":true,"until":"2096-10-02T07:06:40Z"},"trackers":[{"address":"127.0.0.1:9002","answers":true,"authority":null,"#,
      #""daemon":{"listening":"0.0.0.0:5757","peers":1,"sendRate":0,"receiveRate":0,"cache":{"bytes":5368709120,"limit":21474836480},"sent":77,"fetched":{"received":1099511627776,"kept":1099511627776,"twice":0,"thrown":0},"mount":"/mnt/a\"b\u001b","pending":["team/one","team/two"],"transfers":[{"file":"team/a\\nb \"写真\".bin","done":1048576,"total":4194304,"#,
      #""events":[{"at":"2023-11-14T22:13:20Z","text":"a share\u000aof team/f has ended"}]"#,
    ] {
      #expect(json.contains(part), "\(part)\n\(json)")
    }
  }

  @Test func `what an older daemon does not say counts as nothing`() throws {
    let text =
      #"{"state":"/s","daemon":{"listening":"1.2.3.4:5","transfers":[{"file":"f","done":1}]}, "new":[{}]}"#
    let status = try #require(Status(reading: try JSON(parsing: Array(text.utf8))))
    #expect(status.user == nil && status.daemonRuns && status.daemon?.listening == "1.2.3.4:5")
    #expect(status.daemon?.transfers == [StatusSample.transfer("f", 1, of: 0, sources: 0)])
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\" 1}", "\"a", "\"\\q\"", "\"\\u12\"", "\"\\ud800\"", "tru", "1 2", "1.5", "--1",
    "\"\n\"",
    String(repeating: "[", count: 100_000),
  ])
  func `what is no JSON is refused`(text: String) {
    #expect(throws: JSON.NotJSON.self) { try JSON(parsing: Array(text.utf8)) }
  }

  @Test func `a list of any length goes over the socket in frames`() throws {
    var report = StatusSample.report()
    report.pending = (0..<100_000).map { "team/a rather long name of a file, number \($0)" }
    let status = StatusSample.status(report)
    #expect(try carried(.status(status)) == .status(status))
    let line = String(repeating: "ö", count: 2_000_001)
    #expect(try carried(.line(line)) == .line(line))
    #expect(try carried(.line("short")) == .line("short"))
  }

  /// As it comes at the other end.
  private func carried(_ answer: Answer) throws -> Answer? {
    var long = LongAnswer()
    for reply in DaemonReply.replies(with: answer) {
      #expect(reply.bytes.count <= 1 << 17)
      switch try DaemonReply(reading: reply.bytes) {
      case .part(let bytes): try long.add(bytes)
      case .whole(let whole): return try long.end(as: whole)
      case .answer(let answer): return answer
      default: return nil
      }
    }
    return nil
  }
}

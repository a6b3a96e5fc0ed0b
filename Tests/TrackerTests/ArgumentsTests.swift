// The tracker's command line.

import Link
import Testing

@testable import Tracker

@Suite struct ArgumentsTests {
  private func parse(_ words: String...) throws(Failure) -> Arguments.Wish {
    try Arguments.parse(words) { ["HOME": "/home/me"][$0] }
  }

  private func serving(_ words: String...) throws -> Arguments {
    guard case .serve(let arguments) = try Arguments.parse(words, environment: { ["HOME": "/home/me"][$0] })
    else { throw Failure.usage("not to serve") }
    return arguments
  }

  @Test func `the list and a number are all that it needs`() throws {
    let arguments = try serving("list.txt", "2")
    #expect(arguments.trackerInfo == "list.txt")
    #expect(arguments.number == 2)
    #expect(arguments.logLevel == .info)
    #expect(arguments.dataDirectory == "/home/me/.local/share/p2pfs-tracker")
  }

  @Test func `options may stand anywhere and be written with an equals sign`() throws {
    for words in [
      ["--data", "/d", "--log", "debug", "l", "1"], ["l", "--data=/d", "1", "--log=debug"],
    ] {
      guard case .serve(let arguments) = try Arguments.parse(words, environment: { _ in nil }) else {
        Issue.record("not to serve")
        continue
      }
      #expect(arguments.dataDirectory == "/d")
      #expect(arguments.logLevel == .debug)
    }
  }

  @Test func `metrics are shown where it says, and otherwise nowhere`() throws {
    #expect(try serving("l", "1").metrics == nil)
    for words in [["--metrics", "127.0.0.1:9464", "l", "1"], ["l", "--metrics=127.0.0.1:9464", "1"]] {
      guard case .serve(let arguments) = try Arguments.parse(words, environment: { _ in nil }) else {
        Issue.record("not to serve")
        continue
      }
      #expect(arguments.metrics?.description == "127.0.0.1:9464")
    }
    #expect(try serving("--metrics", "[::1]:0", "l", "1").metrics?.description == "[::1]:0")
  }

  @Test(arguments: [
    ["--metrics"], ["l", "1", "--metrics", "9464"], ["l", "1", "--metrics=localhost:1"], [], ["l"],
    ["l", "1", "2"], ["l", "x"], ["l", "0"], ["l", "-1"], ["l", "99999999999999999999"],
    ["--data"], ["--log"], ["--log", "loud", "l", "1"], ["--loud", "l", "1"], ["l", "1", "--log="],
  ])
  func `everything else is told with what would be right`(words: [String]) {
    let error = #expect(throws: Failure.self) { try Arguments.parse(words, environment: { _ in nil }) }
    #expect(error?.exitCode == 64)
  }

  @Test(
    arguments: [
      ([], "neither a list of trackers nor a number is given"),
      (["l"], "which of the trackers of 'l' this one is, is not said"),
      (["l", "1", "x", "y"], "'x' is one word too many"),
    ] as [([String], String)])
  func `what is missing or too much is named before the usage`(words: [String], cause: String) {
    let error = #expect(throws: Failure.self) { try Arguments.parse(words, environment: { _ in nil }) }
    #expect(error?.sentence == "tracker: \(cause): \(Arguments.usage)")
  }

  @Test func `data goes where XDG says, and a relative place is none`() throws {
    func directory(_ environment: [String: String]) throws -> String? {
      guard case .serve(let arguments) = try Arguments.parse(["l", "1"], environment: { environment[$0] })
      else { return nil }
      return arguments.dataDirectory
    }
    #expect(try directory(["XDG_DATA_HOME": "/x", "HOME": "/h"]) == "/x/p2pfs-tracker")
    #expect(try directory(["XDG_DATA_HOME": "x", "HOME": "/h"]) == "/h/.local/share/p2pfs-tracker")
    #expect(try directory([:]) == nil)
  }

  @Test func `help and version are shown whatever else is said`() throws {
    guard case .show(let help) = try parse("--help", "--nonsense") else { throw Failure.usage("no help") }
    #expect(help.contains("usage: tracker"))
    guard case .show(let version) = try parse("--version") else { throw Failure.usage("no version") }
    #expect(version.hasPrefix("tracker "))
  }
}

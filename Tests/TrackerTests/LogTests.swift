// The log's levels.

import Testing

@testable import Tracker

@Suite struct LogTests {
  @Test(arguments: [
    ("error", Log.Level.error), ("warn", .warning), ("warning", .warning), ("info", .info), ("debug", .debug),
  ])
  func `levels are words`(word: String, level: Log.Level) { #expect(Log.Level(word: word) == level) }

  @Test func `other words are no levels`() {
    for word in ["", "Info", "trace", "info "] { #expect(Log.Level(word: word) == nil) }
  }
}

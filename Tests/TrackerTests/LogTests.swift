// What strangers can make the log say.

import Testing

@testable import Tracker

@Suite struct LogTests {
  @Test func `strangers have a few lines a second, and the rest is counted`() {
    var strangers = Log.Strangers()
    let shown = (0..<500).count { _ in strangers.admit(at: 7).isShown }
    #expect(shown == Log.strangerLinesASecond)
    let next = strangers.admit(at: 8)
    #expect(next.isShown)
    #expect(next.leftOut == 500 - Log.strangerLinesASecond)
    #expect(strangers.admit(at: 8).leftOut == 0)
    #expect(strangers.admit(at: 60).leftOut == 0)
  }

  @Test(arguments: [
    ("error", Log.Level.error), ("warn", .warning), ("warning", .warning), ("info", .info), ("debug", .debug),
  ])
  func `levels are words`(word: String, level: Log.Level) { #expect(Log.Level(word: word) == level) }

  @Test func `other words are no levels`() {
    for word in ["", "Info", "trace", "info "] { #expect(Log.Level(word: word) == nil) }
  }
}

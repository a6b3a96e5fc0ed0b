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

  @Test func `a line has a time and a word, and for the journal just a number`() {
    let time = { "2026-01-02T03:04:05Z" }
    #expect(
      Log.line(.warning, "a\nb", isForJournal: false, time) == #"2026-01-02T03:04:05Z warning a\nb"#)
    for (level, number) in [(Log.Level.error, 3), (.warning, 4), (.info, 6), (.debug, 7)] {
      #expect(Log.line(level, "a\nb", isForJournal: true, time) == #"<\#(number)>a\nb"#)
    }
  }
}

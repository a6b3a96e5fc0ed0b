// What a program shows to Prometheus, taken apart; and what promtool says of it.

import Foundation
import TestSupport
import Testing

struct Scrape {
  let text: String
  private let values: [String: Double]

  /// nil where nobody answers, or with something else.
  init?(at port: UInt16) {
    guard let answer = WebVisitor.asks(at: port), answer.status == 200 else { return nil }
    text = answer.body
    values = text.split(separator: "\n").reduce(into: [:]) { values, line in
      let cut = line.lastIndex(of: " ") ?? line.startIndex
      if !line.hasPrefix("#") { values[String(line[..<cut])] = Double(line[cut...].dropFirst()) }
    }
  }

  /// By its name and its labels, as they are written. What is not there is less than anything.
  subscript(series: String) -> Double { values[series] ?? -1 }

  func holds(_ name: String) -> Bool { values.keys.contains { $0 == name || $0.hasPrefix(name + "{") } }

  /// Of all series of that name.
  func sum(_ name: String) -> Double {
    values.reduce(0) { $0 + ($1.key == name || $1.key.hasPrefix(name + "{") ? $1.value : 0) }
  }

  /// What may never become less.
  func fallen(since earlier: Scrape) -> [String] {
    let counters = earlier.values.filter { series, _ in
      let name = series.prefix { $0 != "{" }
      return ["_total", "_bucket", "_count", "_sum"].contains { name.hasSuffix($0) }
    }
    return counters.filter { self[$0.key] < $0.value }.map(\.key)
  }

  /// Ends well and has nothing to say: no fault in the format, and none in the names.
  func pleasesPromtool(_ scratch: Scratch, sourceLocation: SourceLocation = #_sourceLocation) {
    let path = scratch.write("scrape", text)
    let script = "PATH=\"$PATH:$0\" exec promtool check metrics <\"$1\""
    let outcome = Child("/bin/sh", ["-c", script, Programs.root + ".build/tools", path]).finish()
    #expect(
      outcome.exit == 0 && outcome.output == "" && outcome.errors == "",
      "promtool (Scripts/promtool.sh .build/tools fetches it): \(outcome)", sourceLocation: sourceLocation)
  }
}

extension Child {
  /// As it said where its metrics are, on stderr.
  func scrape(sourceLocation: SourceLocation = #_sourceLocation) throws -> Scrape {
    try #require(Scrape(at: metricsPort()), "\(text(2))", sourceLocation: sourceLocation)
  }

  func metricsPort() throws -> UInt16 {
    waitFor("/metrics\n", on: 2)
    let place = try #require(
      text(2).firstMatch(of: /metrics at http:\/\/127\.0\.0\.1:(\d+)\/metrics\n/), "\(text(2))")
    return try #require(UInt16(place.output.1))
  }

  /// Asks until it is as it should be.
  func shows(
    _ expected: String, sourceLocation: SourceLocation = #_sourceLocation, until isSo: (Scrape) -> Bool
  ) throws {
    let deadline = Date(timeIntervalSinceNow: 10)
    while try !isSo(scrape()) {
      guard Date() < deadline else {
        Issue.record("it never shows \(expected): \(try scrape().text)", sourceLocation: sourceLocation)
        return
      }
      usleep(50_000)
    }
  }
}

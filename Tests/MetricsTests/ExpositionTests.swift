// The text that Prometheus reads.

import Glibc
import Link
import Testing

@testable import Metrics

private enum Side: Int, Countable { case left, right }

@Suite struct ExpositionTests {
  @Test func `a value has its help, its type and itself, a line each`() {
    var shown = Exposition()
    shown.gauge("p2pfs_peers", "Lines to others.", 3)
    shown.counter("p2pfs_bytes_total", "Bytes.", Int.max >> 10)
    #expect(
      shown.text == """
        # HELP p2pfs_peers Lines to others.
        # TYPE p2pfs_peers gauge
        p2pfs_peers 3
        # HELP p2pfs_bytes_total Bytes.
        # TYPE p2pfs_bytes_total counter
        p2pfs_bytes_total 9007199254740991

        """)
  }

  @Test func `labels tell the series of one family apart`() {
    var shown = Exposition()
    let sides = Each<Side, Tally>(Tally.init)
    sides[.right].add(7)
    shown.counter("turns_total", "Turns.", by: "side", sides)
    shown.gauge("queue", "Waiting.", [Exposition.Sample([("a", "x"), ("b", "y")], 0.5)])
    #expect(
      shown.text == """
        # HELP turns_total Turns.
        # TYPE turns_total counter
        turns_total{side="left"} 0
        turns_total{side="right"} 7
        # HELP queue Waiting.
        # TYPE queue gauge
        queue{a="x",b="y"} 0.5

        """)
  }

  @Test func `each bucket of a histogram holds the smaller ones, and the last one all`() {
    var shown = Exposition()
    let times = Histogram()
    for nanoseconds: UInt64 in [5_000, 10_000, 2_000_000, 60_000_000_000] {
      times.record(nanoseconds: nanoseconds)
    }
    shown.histogram("took_seconds", "It took.", times)
    let lines = shown.text.split(separator: "\n").map(String.init)
    #expect(lines[1] == "# TYPE took_seconds histogram")
    #expect(lines.count == 2 + 21 + 2)
    for line in [
      #"took_seconds_bucket{le="1e-05"} 2"#, #"took_seconds_bucket{le="0.001"} 2"#,
      #"took_seconds_bucket{le="0.0025"} 3"#, #"took_seconds_bucket{le="30"} 3"#,
      #"took_seconds_bucket{le="+Inf"} 4"#, "took_seconds_sum 60.002015", "took_seconds_count 4",
    ] {
      #expect(lines.contains(line), "\(line) is not in \(lines)")
    }
  }

  @Test(arguments: [
    (#"a\b"#, #"a\\b"#), ("a\nb", #"a\nb"#), (#"say "x""#, #"say \"x\""#), ("äöü ", "äöü "), ("", ""),
  ])
  func `what would end a label's value is escaped`(text: String, escaped: String) {
    var shown = Exposition()
    shown.gauge("g", "Help\nof \\ two \"lines\".", [Exposition.Sample([("l", text)], 1)])
    #expect(
      shown.text == "# HELP g Help\\nof \\\\ two \"lines\".\n# TYPE g gauge\ng{l=\"\(escaped)\"} 1\n")
  }

  @Test(
    arguments: [
      (0, "0"), (-3, "-3"), (1.5, "1.5"), (1e-5, "1e-05"), (1e300, "1e+300"), (.infinity, "+Inf"),
      (-.infinity, "-Inf"), (.nan, "NaN"),
    ] as [(Double, String)])
  func `numbers are written as Go reads them`(value: Double, text: String) {
    #expect(Exposition.number(value) == text)
  }
}

@Suite struct ProcessFactsTests {
  @Test func `a program may be called what it likes`() throws {
    let fields = (4...30).map { "\($0 * 10)" }.joined(separator: " ")
    let status = try #require(ProcessFacts.status(from: "17 (a) S 3 (b)) S \(fields)\n"))
    #expect(status.threads == 200)
    #expect(status.beganTick == 220)
    #expect(status.virtualBytes == 230)
    #expect(status.residentBytes == 240 * sysconf(Int32(_SC_PAGESIZE)))
    for text in ["", "17 (a", "17 (a) S", "17 (a) S x y z"] {
      #expect(ProcessFacts.status(from: text) == nil)
    }
  }

  @Test func `of this process it tells what is so`() throws {
    let status = try #require(ProcessFacts.status)
    #expect(status.residentBytes > 1 << 20 && status.residentBytes < status.virtualBytes)
    #expect(status.threads >= 1)
    let began = try #require(ProcessFacts.secondsSince1970(ofTick: status.beganTick))
    #expect(began <= Double(time(nil)) + 1 && began > Double(time(nil)) - 86_400)
    #expect(ProcessFacts.cpuSeconds > 0)
    let before = try #require(ProcessFacts.openDescriptors)
    let files = (0..<50).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
    let more = try #require(ProcessFacts.openDescriptors)
    for file in files { close(file) }
    // Other tests open and close files meanwhile.
    #expect(abs(more - before - 50) < 30)
    #expect(ProcessFacts.maxDescriptors >= Double(before))
  }
}

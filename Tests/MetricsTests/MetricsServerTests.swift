// Whoever asks at /metrics, as he should or otherwise: each gets what he is due, and nobody keeps another from his.

import Glibc
import Link
import Metrics
import Synchronization
import TestSupport
import Testing

/// Shows how often it was asked, and some lines more.
private final class Shown: Sendable {
  let asked = Tally()
  private let lines: Int

  init(lines: Int = 0) { self.lines = lines }

  func exposition() -> Exposition {
    asked.add()
    var shown = Exposition()
    shown.counter("asked_total", "How often somebody asked.", asked.total)
    for line in 0..<lines { shown.gauge("line_\(line)", "A line of several.", line) }
    return shown
  }
}

@Suite(.serialized) struct MetricsServerTests {
  private let shown: Shown
  private let server: MetricsServer

  init() throws { (shown, server) = try Self.serving() }

  private static func serving(
    at ip: [UInt8] = [127, 0, 0, 1], port: UInt16 = 0, lines: Int = 0
  ) throws -> (Shown, MetricsServer) {
    let shown = Shown(lines: lines)
    let server = try MetricsServer(at: SocketAddress(ip: ip, port: port)) { shown.exposition() }
    try server.start()
    return (shown, server)
  }

  private var port: UInt16 { server.address.port }

  private func isAnswered(within seconds: Double = 2, sourceLocation: SourceLocation = #_sourceLocation) {
    let began = ContinuousClock.now
    let answer = WebVisitor.asks(at: port)
    #expect(answer?.status == 200, sourceLocation: sourceLocation)
    #expect(ContinuousClock.now - began < .seconds(seconds), sourceLocation: sourceLocation)
  }

  @Test func `GET shows what there is, each time anew, in the format that Prometheus expects`() throws {
    defer { server.stop() }
    #expect(server.url == "http://127.0.0.1:\(port)/metrics" && port > 0)
    for count in 1...3 {
      let answer = try #require(WebVisitor.asks(at: port))
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      #expect(answer.headers["content-length"] == "\(answer.body.utf8.count)")
      #expect(answer.body.hasSuffix("\nasked_total \(count)\n"))
    }
    #expect(WebVisitor.asks("GET", "/metrics?collect=all", at: port)?.status == 200)
  }

  @Test func `HEAD has the headers alone`() throws {
    defer { server.stop() }
    let answer = try #require(WebVisitor.asks("HEAD", at: port))
    #expect(answer.status == 200 && answer.body.isEmpty)
    #expect(answer.headers["content-length"].flatMap { Int($0) } ?? 0 > 20)
  }

  @Test(arguments: ["/", "/metrics/", "/metricsx", "/../metrics", "//metrics", "/%00", "/METRICS"])
  func `there is nothing else`(path: String) throws {
    defer { server.stop() }
    let answer = try #require(WebVisitor.asks("GET", path, at: port))
    #expect(answer.status == 404)
    #expect(answer.body == "metrics are at /metrics\n")
    #expect(shown.asked.total == 0)
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FETCH"])
  func `nothing can be done but look`(method: String) throws {
    defer { server.stop() }
    let answer = try #require(WebVisitor.asks(method, at: port))
    #expect(answer.status == 405)
    #expect(answer.headers["allow"] == "GET, HEAD")
    #expect(shown.asked.total == 0)
  }

  @Test func `a body is not read, however long it is said to be`() throws {
    defer { server.stop() }
    let visitor = try #require(WebVisitor(to: port))
    visitor.say("POST /metrics HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000000\r\n\r\n")
    #expect(visitor.hears(until: { $0.contains("\r\n\r\n") }).hasPrefix("HTTP/1.1 405 "))
    isAnswered()
  }

  @Test func `an answer is the last word on its connection`() throws {
    defer { server.stop() }
    let visitor = try #require(WebVisitor(to: port))
    visitor.say("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")
    let text = visitor.hears()
    #expect(text.contains("\r\nConnection: close\r\n") && text.hasSuffix("\nasked_total 1\n"))
    #expect(shown.asked.total == 1)
  }

  @Test func `a request may come a byte at a time`() throws {
    defer { server.stop() }
    let visitor = try #require(WebVisitor(to: port))
    for byte in "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" {
      visitor.say(String(byte))
      usleep(1_000)
    }
    #expect(visitor.hears().hasPrefix("HTTP/1.1 200 "))
  }

  @Test func `what is no request is refused, and keeps nobody else waiting`() throws {
    defer { server.stop() }
    for nonsense in [
      "\0\0\0\0", "\u{16}\u{03}\u{01}\u{02}\0hello", "GET\r\n\r\n", "GET /metrics\r\n\r\n", "\r\n\r\n\r\n",
      "GET /metrics HTTP/9.9\r\nHost: h\r\n\r\n", "GET /metrics HTTP/1.1\r\n: :\r\n\r\n",
      "GET /metrics HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n",
    ] {
      let visitor = try #require(WebVisitor(to: port))
      visitor.say(nonsense)
      isAnswered()
    }
  }

  @Test func `headers of 10,000 bytes are borne, and those of a million refused`() throws {
    defer { server.stop() }
    let long = try #require(WebVisitor(to: port))
    long.say(
      "GET /metrics HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "x", count: 10_000))\r\nConnection: close\r\n\r\n"
    )
    #expect(long.hears().hasPrefix("HTTP/1.1 200 "))
    let endless = try #require(WebVisitor(to: port))
    endless.say("GET /metrics HTTP/1.1\r\nHost: h\r\nX: ")
    for _ in 0..<100 where endless.say(String(repeating: "x", count: 10_000)) {}
    let answer = endless.hears(within: 3_000)
    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(answer)")
    isAnswered()
  }

  @Test func `those who say nothing, or half of it, keep nobody out`() throws {
    defer { server.stop() }
    let silent = try (0..<300).map { number in
      let visitor = try #require(WebVisitor(to: port))
      if number % 2 == 0 { visitor.say("GET /metrics HTTP/1.1\r\nHo") }
      return visitor
    }
    isAnswered()
    // The first ones had to make room.
    #expect(silent.prefix(200).allSatisfy { $0.isLeft() })
    let open = silent.count { !$0.isLeft(within: 0) }
    #expect((32...80).contains(open), "\(open) are still there")
    isAnswered()
  }

  @Test func `one who does not read what he asked for keeps nobody waiting`() throws {
    server.stop()
    let (_, server) = try Self.serving(lines: 50_000)
    defer { server.stop() }
    let deaf = try (0..<10).map { _ in try #require(WebVisitor(to: server.address.port)) }
    for visitor in deaf {
      for _ in 0..<5 { visitor.say("GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n") }
    }
    let answer = try #require(WebVisitor.asks(at: server.address.port))
    #expect(answer.body.hasSuffix("\nline_49999 49999\n"))
    #expect(answer.headers["content-length"] == "\(answer.body.utf8.count)")
  }

  @Test func `many ask at once, and each gets it whole`() throws {
    server.stop()
    let (shown, server) = try Self.serving(lines: 500)
    defer { server.stop() }
    let whole = Tally()
    let threads = (0..<8).map { number in
      WorkerThread("asks \(number)") {
        for _ in 0..<40 {
          guard let answer = WebVisitor.asks(at: server.address.port) else { continue }
          if answer.status == 200, answer.body.hasSuffix("\nline_499 499\n") { whole.add() }
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(whole.total == 320 && shown.asked.total == 320)
  }

  @Test func `it can be had over IPv6`() throws {
    defer { server.stop() }
    let loopback = [UInt8](repeating: 0, count: 15) + [1]
    let (_, server) = try Self.serving(at: loopback)
    defer { server.stop() }
    #expect(server.url == "http://[::1]:\(server.address.port)/metrics")
    #expect(WebVisitor.asks(at: server.address.port, overIPv6: true)?.status == 200)
    #expect(WebVisitor(to: server.address.port) == nil)
  }

  @Test func `an address that is taken is told with its remedy`() throws {
    defer { server.stop() }
    for ip: [UInt8] in [[127, 0, 0, 1], [0, 0, 0, 0]] {
      let error = #expect(throws: MetricsTrouble.self) { try Self.serving(at: ip, port: port) }
      #expect(error == .cannotListen(SocketAddress(ip: ip, port: port), errno: EADDRINUSE))
      #expect(
        error?.sentence.hasSuffix("Address already in use: choose another address with --metrics IP:PORT")
          == true)
    }
    #expect(throws: MetricsTrouble.self) { try Self.serving(at: [192, 0, 2, 1]) }
    isAnswered()
  }

  @Test func `when it stops, it stops: with connections open, and its port is free`() throws {
    let open = try (0..<20).map { _ in try #require(WebVisitor(to: port)) }
    for visitor in open { visitor.say("GET /met") }
    isAnswered()
    let began = ContinuousClock.now
    server.stop()
    server.stop()
    #expect(ContinuousClock.now - began < .seconds(2))
    #expect(open.allSatisfy { $0.isLeft() })
    #expect(WebVisitor.asks(at: port)?.status == nil)
  }

  @Test func `it comes and goes without leaving a descriptor or a thread behind`() throws {
    server.stop()
    func descriptors() -> Int {
      var count = 0
      for file in 0..<Int32(1024) where fcntl(file, F_GETFD) >= 0 { count += 1 }
      return count
    }
    let before = descriptors()
    for _ in 0..<20 {
      let (_, server) = try Self.serving()
      #expect(WebVisitor.asks(at: server.address.port)?.status == 200)
      server.stop()
    }
    #expect(descriptors() <= before + 2)
  }
}

// Members who ask for as much as they can, of what is dearest: nobody else waits long for his turn.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

private let mallory = UserName("mallory")!

@Suite(.serialized, .oneSiege(of: [alice, bob, carol, mallory])) struct HostileFloodTests {
  private static let own = GroupName("mallorys")!
  private static let seconds = 2.0

  private var siege: Siege { get throws { try Siege.ofSuite } }

  /// mallory's own group, in which nobody can refuse anything.
  private func ownGroup(_ siege: Siege) throws -> GroupID {
    let line = try siege.member(mallory)
    if case .decided(let id, _) = try line.propose(.found, in: Self.own) { return id }
    return try #require(try line.id(of: Self.own))
  }

  /// Several lines of mallory's, each with as much under way as a line may have, for some seconds; beside them bob
  /// publishes in a group of his, one file after the other. How long each took him.
  private func flood(
    _ what: String, lines: Int = 4, _ request: @escaping @Sendable (Int) -> TrackerRequest
  ) throws -> Latencies {
    let siege = try siege
    let group = GroupName("bobs-\(UInt32.random(in: 0...UInt32.max))")!
    let bob = try siege.member(bob)
    _ = try bob.propose(.found, in: group)
    return try siege.withstands(what, .init(growthMiB: 200)) {
      let flooders = try (0..<lines).map { _ in
        Flooder(try siege.member(mallory), forSeconds: Self.seconds, request)
      }
      var latencies = Latencies()
      let end = Instant.now + Int(Self.seconds * 1000)
      while Instant.now < end {
        let start = Instant.now
        let path = try FilePath("file-\(start.nanoseconds)")
        let answer = try bob.propose(.publish(path, .directory, modified: 0, over: nil), in: group)
        #expect(answer.refusal == nil, "\(answer)")
        latencies.add(Double(Instant.now.nanoseconds - start.nanoseconds) / 1e6)
      }
      let answered = flooders.map { $0.finish() }.reduce(0, +)
      print("  \(answered) were answered; bob's files \(latencies)")
      #expect(answered > 10)
      return latencies
    }
  }

  @Test func `one who proposes without end does not keep others from publishing`() throws {
    _ = try ownGroup(siege)
    let latencies = try flood("a flood of proposals", lines: 8) { number in
      let path = try! FilePath("f-\(UInt64.random(in: 0...UInt64.max))")
      return .propose(.random, Proposal(.publish(path, .directory, modified: 0, over: nil), in: Self.own))
    }
    #expect(latencies.percentile(0.5) < 250)
    #expect(latencies.worst < 2000)
  }

  @Test func `one who moves a large directory without end delays others by a move or two`() throws {
    let siege = try siege
    _ = try ownGroup(siege)
    let line = try siege.member(mallory)
    _ = try line.propose(
      .publish(try FilePath("large-0"), .directory, modified: 0, over: nil), in: Self.own)
    for batch in 0..<20 {
      let asked = try (0..<250).map { number in
        let path = try FilePath("large-0/\(batch * 250 + number)")
        return line.begin(
          .propose(.random, Proposal(.publish(path, .directory, modified: 0, over: nil), in: Self.own)))
      }
      for exchange in asked { #expect(try line.answer(to: exchange).refusal == nil) }
    }
    let latencies = try flood("a flood of moves of 5,000 entries") { number in
      let (from, to) = number % 2 == 0 ? ("large-0", "large-1") : ("large-1", "large-0")
      return .propose(
        .random,
        Proposal(.rename(from: try! FilePath(from), to: try! FilePath(to), replacing: true), in: Self.own))
    }
    #expect(latencies.worst < 2000)
  }

  @Test func `one who catches up without end does not keep others from their lists`() throws {
    let id = try ownGroup(siege)
    _ = try flood("a flood of catching up") { _ in .catchUp(id, after: CatchUpMark(number: 0)) }
  }

  @Test func `one who renews without end is told to wait`() throws {
    let request = try CertificateRequest(signedBy: KeyPair.generate()).der
    _ = try flood("a flood of renewals") { _ in .renew(certificateRequest: request) }
  }

  @Test func `one who announces and withdraws without end is served after the others`() throws {
    let id = try ownGroup(siege)
    let keys = (0..<128).map { number in
      ContentKey(group: id, root: ContentRoot(Digest(hashing: Array("\(number)".utf8).span.bytes)))
    }
    let siege = try siege
    // Some who watch, and are told.
    let watchers = try (0..<20).map { _ in try siege.follower(mallory) }
    for watcher in watchers { for key in keys { _ = try watcher.ask(.locate(key)) } }
    let listening = try siege.member(mallory)
    try listening.follow()
    _ = try flood("a flood of announcements") { number in
      number == 1
        ? .follow(listening: PeerAddress(ip: [127, 0, 0, 1], port: 9)!)
        : .announce(
          keys.map { Holding(key: $0, pieces: .all) } + keys.map { Holding(key: $0, pieces: .none) })
    }
  }
}

/// One line with as much under way as it may have.
///
/// ## Concurrency model
/// A thread of its own, until it has ended.
private final class Flooder: @unchecked Sendable {
  private static let underWay = 250

  private let visitor: Visitor
  private var answered = 0
  private let ended = DispatchSemaphore(value: 0)

  init(_ visitor: Visitor, forSeconds seconds: Double, _ request: @escaping @Sendable (Int) -> TrackerRequest)
  {
    self.visitor = visitor
    Thread.detachNewThread { [self] in
      let end = Instant.now + Int(seconds * 1000)
      var number = 0
      var waiting: [UInt32] = []
      // Asks for as many as it has had answers to.
      while Instant.now < end {
        while waiting.count < Self.underWay {
          number += 1
          waiting.append(visitor.begin(request(number)))
        }
        for exchange in waiting.prefix(Self.underWay / 2) {
          guard Instant.now < end, (try? visitor.answer(to: exchange)) != nil else { break }
          answered += 1
        }
        waiting.removeFirst(Self.underWay / 2)
      }
      visitor.plug.end()
      ended.signal()
    }
  }

  func finish() -> Int {
    ended.wait()
    return answered
  }
}

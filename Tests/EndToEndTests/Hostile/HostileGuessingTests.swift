// Guessing passwords, and storms of it. Each test has a tracker of its own, since guesses are remembered.

import Foundation
import GroupModel
import Link
import Testing
import Visitors

@Suite(.serialized) struct HostileGuessingTests {
  /// What two hashes at once take, and something for all else. On a machine with nothing else to do the neighbour's
  /// p99 is below 20 ms.
  private var bounds: Siege.Bounds { .init(growthMiB: 400, requestP99: 250) }

  private func request() throws -> [UInt8] { try CertificateRequest(signedBy: KeyPair.generate()).der }

  /// The right password from somewhere else, while others storm; how long it took.
  private func ownerGetsIn(_ siege: Siege) throws -> Double {
    let start = Instant.now
    let owner = try Visitor(to: siege.port, from: (0, 2))
    #expect(try owner.login(alice, "alice").refusal == nil)
    return Double(Instant.now.nanoseconds - start.nanoseconds) / 1e9
  }

  @Test func `two hundred wrong logins at once are few guesses, and the owner gets in elsewhere`() throws {
    let siege = try Siege()
    let request = try request()
    try siege.withstands("200 wrong logins at once", bounds) {
      let crowd = try (0..<200).map { _ in try siege.stranger() }
      let start = Date()
      for (number, visitor) in crowd.enumerated() {
        // Half of them at one account, half at as many.
        let user = number % 2 == 0 ? alice : UserName("user-\(number)")!
        visitor.begin(.login(user, password: Array("guess \(number)".utf8), certificateRequest: request))
      }
      let owner = try ownerGetsIn(siege)
      var answers: [String: Int] = [:]
      for visitor in crowd {
        // Who is told to wait is told at once. The others' guesses still wait for their turns.
        visitor.plug.wait(atMost: 0.02)
        let answer = Result { try visitor.answer(to: 1).refusal }
        switch answer {
        case .success(.throttled): answers["told to wait", default: 0] += 1
        case .success(.wrongLogin): answers["tried", default: 0] += 1
        case .success(let other): answers["\(String(describing: other))", default: 0] += 1
        case .failure: answers["to be tried", default: 0] += 1
        }
      }
      print("  \(answers) after \(-start.timeIntervalSinceNow) s; the owner was in after \(owner) s")
      #expect(owner < 5)
      // One address has 30 guesses, and one a second more.
      let tried = answers["tried", default: 0] + answers["to be tried", default: 0]
      #expect(tried <= 31 + Int(-start.timeIntervalSinceNow))
      #expect(tried + answers["told to wait", default: 0] == 200)
    }
    #expect(siege.log.count < 5)
  }

  @Test func `a storm beyond the hash queue is told that it is busy, and others have their turn`() throws {
    let siege = try Siege()
    try siege.withstands("200 accounts at once from one address", bounds) {
      let storm = try siege.stranger()
      let asked = (0..<200).map { number in
        storm.begin(.createUser(.random, UserName("storm-\(number)")!, password: Array("p".utf8)))
      }
      let owner = try ownerGetsIn(siege)
      print("  the owner was in after \(owner) s")
      #expect(owner < 5)
      // 128 wait and two are being hashed; the rest is told at once. The queue is not waited for.
      let early = try (0..<60).map { _ in try storm.receiveFrame() }
      let busy = try early.count { try Visitor.decode($0).refusal == .busy }
      #expect(busy >= 55, "\(busy)")
      #expect(asked.count == 200)
    }
  }

  @Test func `an unknown user and a wrong password take the same and say the same`() throws {
    let siege = try Siege()
    let request = try request()
    var times: [String: Latencies] = [:]
    var bodies: Set<[UInt8]> = []
    for round in 0..<6 {
      for (what, user) in [("wrong password", alice), ("unknown user", UserName("unknown-\(round)")!)] {
        // Each from an address of its own, so that no guess waits for another.
        let visitor = try Visitor(to: siege.port, from: (3, UInt8(10 + round)))
        let start = Instant.now
        let asked = visitor.begin(.login(user, password: Array("wrong".utf8), certificateRequest: request))
        let frame = try visitor.frame(answering: asked)
        times[what, default: Latencies()].add(Double(Instant.now.nanoseconds - start.nanoseconds) / 1e6)
        bodies.insert([frame.kind] + frame.body)
      }
    }
    #expect(bodies.count == 1)
    let (known, unknown) = (times["wrong password"]!, times["unknown user"]!)
    print("wrong password: \(known); unknown user: \(unknown)")
    // The quickest of each: what else this machine does only adds to it, and hashing gives way to everybody.
    let ratio = unknown.percentile(0) / known.percentile(0)
    #expect((0.8...1.25).contains(ratio), "\(ratio)")
  }
}

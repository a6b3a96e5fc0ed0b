// An honest client beside an attack: asks again and again over a line that stands, and comes in anew by its
// certificate now and then. Notes how long each took.

import Foundation
import GroupModel
import Link
import Visitors

/// ## Concurrency model
/// A thread of its own; what it notes is under `lock`, and read when it has ended.
final class Neighbour: @unchecked Sendable {
  struct Served {
    var requests = Latencies()
    var logins = Latencies()
    var troubles: [String] = []
    var peakKiB = 0
  }

  /// Fewer say nothing.
  private static let roundsMin = 20
  private static let pauseMicroseconds: UInt32 = 10_000

  private let siege: Siege
  private let credential: Credential
  private let lock = NSLock()
  private var isOver = false
  private var served = Served()
  private let ended = DispatchSemaphore(value: 0)

  init(_ siege: Siege) throws {
    self.siege = siege
    credential = try siege.mint.credential(neighbour)
    Thread.detachNewThread { [self] in
      live()
      ended.signal()
    }
  }

  func finish() -> Served {
    lock.withLock { isOver = true }
    ended.wait()
    return served
  }

  private func live() {
    var line = comeIn()
    var rounds = 0
    while rounds < Self.roundsMin || !lock.withLock({ isOver }) {
      rounds += 1
      if rounds % 8 == 0 { comeIn()?.leave() }
      if let standing = line {
        time(\.requests) { try standing.settle() }
      } else {
        line = comeIn()
      }
      served.peakKiB = max(served.peakKiB, siege.figures.residentKiB)
      usleep(Self.pauseMicroseconds)
    }
  }

  /// A handshake, and one answer that only who is logged in gets.
  @discardableResult
  private func comeIn() -> Visitor? {
    var visitor: Visitor?
    time(\.logins) {
      visitor = try Visitor(to: siege.port, as: credential, from: (9, 9), patience: 10)
      try visitor?.settle()
    }
    return visitor
  }

  private func time(_ kind: WritableKeyPath<Served, Latencies>, _ body: () throws -> Void) {
    let start = Instant.now
    do { try body() } catch { served.troubles.append("\(error)") }
    served[keyPath: kind].add(Double(Instant.now.nanoseconds - start.nanoseconds) / 1e6)
  }
}

struct Latencies: CustomStringConvertible {
  private(set) var milliseconds: [Double] = []

  mutating func add(_ value: Double) { milliseconds.append(value) }

  func percentile(_ part: Double) -> Double {
    let sorted = milliseconds.sorted()
    return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
  }

  var worst: Double { milliseconds.max() ?? 0 }

  var description: String {
    func text(_ value: Double) -> String { String(format: "%.1f", value) }
    return "\(milliseconds.count) in ms p50 \(text(percentile(0.5))) p99 \(text(percentile(0.99))) "
      + "worst \(text(worst))"
  }
}

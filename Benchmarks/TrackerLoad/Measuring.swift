// Counting and timing for all benches.

import GroupModel
import Link
import Synchronization

/// Counts what comes back, and rings for each.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  let bell = Semaphore()

  func come(_ isGood: Bool) {
    if isGood { count.add(1, ordering: .relaxed) }
    bell.signal()
  }

  var yes: Int { count.load(ordering: .relaxed) }
}

func seconds(_ body: () throws -> Void) rethrows -> Double {
  let start = Instant.now
  try body()
  return Double(Instant.now.nanoseconds - start.nanoseconds) / 1e9
}

struct Latencies {
  private var milliseconds: [Double] = []

  mutating func add(_ value: Double) { milliseconds.append(value) }

  func percentile(_ part: Double) -> Double {
    let sorted = milliseconds.sorted()
    guard !sorted.isEmpty else { return 0 }
    return sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
  }
}

/// `1234567` as `1,234,567`.
func grouped(_ number: Int) -> String {
  var text = ""
  for (index, digit) in String(number).reversed().enumerated() {
    if index > 0, index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return String(text.reversed())
}

func rounded(_ value: Double, _ digits: Int = 1) -> String {
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let whole = (value * scale).rounded() / scale
  return digits == 0 ? String(Int(whole)) : String(whole)
}

/// Keeps `depth` requests of each client under way for some seconds; says how many were answered in all.
func keepAsking(
  _ clients: [LoadClient], depth: Int, forSeconds duration: Double,
  _ next: @escaping @Sendable (_ client: Int, _ count: Int) -> TrackerRequest
) -> (answered: Int, refused: Int, seconds: Double) {
  let load = Load(clients.count * depth, until: Instant.now + Int(duration * 1000))
  let elapsed = seconds {
    for (index, client) in clients.enumerated() {
      let asker = Asker(client, index, load, next)
      client.loop.post { for _ in 0..<depth { asker.askNext() } }
    }
    for _ in 0..<clients.count * depth { load.bell.wait() }
  }
  return (load.answered.load(ordering: .relaxed), load.refused.load(ordering: .relaxed), elapsed)
}

private final class Load: Sendable {
  let answered = Atomic<Int>(0)
  let refused = Atomic<Int>(0)
  let end: Instant
  let bell = Semaphore()

  init(_ slots: Int, until end: Instant) { self.end = end }
}

/// Belongs to its client's loop.
private final class Asker: @unchecked Sendable {
  private let client: LoadClient
  private let index: Int
  private let load: Load
  private let next: @Sendable (Int, Int) -> TrackerRequest
  private var count = 0

  init(
    _ client: LoadClient, _ index: Int, _ load: Load, _ next: @escaping @Sendable (Int, Int) -> TrackerRequest
  ) {
    self.client = client
    self.index = index
    self.load = load
    self.next = next
  }

  func askNext() {
    guard Instant.now < load.end else { return load.bell.signal() }
    count += 1
    client.ask(next(index, count)) { [self] answer in
      if case .refused = answer {
        load.refused.add(1, ordering: .relaxed)
      } else {
        load.answered.add(1, ordering: .relaxed)
      }
      askNext()
    }
  }
}

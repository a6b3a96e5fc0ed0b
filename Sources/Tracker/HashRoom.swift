// Where passwords are hashed: two threads that give way to all others, and a bounded queue that takes from each
// address in turn, so that neither a storm of logins nor one who knocks without end delays anybody else for long.

import Link
import Synchronization
import Glibc

/// ## Concurrency model
/// `submit` from any thread; the work runs on the room's own threads. The queue is under its mutex, `bell`
/// counts what is in it.
final class HashRoom: Sendable {
  typealias Work = @Sendable () -> Void

  static let threads = 2
  static let queuedMax = 128

  fileprivate struct Queue {
    var byAddress: [[UInt8]: [Work]] = [:]
    /// Addresses that have something queued, in the order of their turns.
    var turns: [[UInt8]] = []
    var count = 0
  }

  private let queue = Mutex(Queue())
  private let bell = Semaphore()

  init() {
    for number in 1...Self.threads {
      _ = WorkerThread("hash-\(number)", niceness: 10) { [self] in serve() }
    }
  }

  /// false: too many are waiting already.
  func submit(from address: [UInt8], _ work: @escaping Work) -> Bool {
    let isTaken = queue.withLock { $0.add(work, from: address) }
    if isTaken { bell.signal() }
    return isTaken
  }

  private func serve() {
    while true {
      bell.wait()
      queue.withLock { $0.next() }?()
    }
  }
}

extension HashRoom.Queue {
  mutating func add(_ work: @escaping HashRoom.Work, from address: [UInt8]) -> Bool {
    guard count < HashRoom.queuedMax else { return false }
    count += 1
    if byAddress[address] == nil { turns.append(address) }
    byAddress[address, default: []].append(work)
    return true
  }

  mutating func next() -> HashRoom.Work? {
    guard !turns.isEmpty else { return nil }
    let address = turns.removeFirst()
    guard var waiting = byAddress[address], !waiting.isEmpty else { return nil }
    count -= 1
    let work = waiting.removeFirst()
    byAddress[address] = waiting.isEmpty ? nil : waiting
    if !waiting.isEmpty { turns.append(address) }
    return work
  }
}

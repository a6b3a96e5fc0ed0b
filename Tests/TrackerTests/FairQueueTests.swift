// Who waits for whom: in the hash room, at the clerk's desk and in the archive.

import GroupModel
import Link
import Synchronization
import Testing

@testable import Tracker

@Suite struct FairQueueTests {
  @Test func `everyone has a turn, whoever has put in how much`() {
    var queue = FairQueue<String, Int>(max: 100, maxEach: 100)
    for number in 1...5 { #expect(queue.add(number, of: "greedy") == true) }
    #expect(queue.add(10, of: "modest") == true)
    #expect(queue.add(20, of: "late") == true)
    var order: [Int] = []
    while let next = queue.next() { order.append(next) }
    #expect(order == [1, 10, 20, 2, 3, 4, 5])
    #expect(queue.count == 0)
  }

  @Test func `what one has put in comes out in its order`() {
    var queue = FairQueue<Int, Int>(max: 10_000, maxEach: 10_000)
    var expected: [Int: [Int]] = [:]
    for number in 0..<2000 {
      let key = number % 3
      #expect(queue.add(number, of: key) == true)
      expected[key, default: []].append(number)
    }
    var order: [Int: [Int]] = [:]
    while let next = queue.next() { order[next % 3, default: []].append(next) }
    #expect(order == expected)
  }

  @Test func `one is refused when he has enough, and all when there is enough`() {
    var queue = FairQueue<String, Int>(max: 4, maxEach: 2)
    let answers = [1, 2, 3].map { queue.add($0, of: "a") } + [4, 5].map { queue.add($0, of: "b") }
    #expect(answers == [true, true, false, true, true])
    #expect(queue.add(6, of: "c") == false)
    _ = queue.next()
    #expect(queue.add(6, of: "c") == true)
  }

  @Test func `room is made by who has most, and not for one who would then have more`() {
    var queue = FairQueue<String, Int>(max: 4, maxEach: 4)
    for number in 1...4 { _ = queue.add(number, of: "greedy") }
    #expect(queue.makeRoom(for: "greedy") == nil)
    for number in 10...11 {
      #expect(queue.makeRoom(for: "modest") == (number == 10 ? 4 : 3))
      #expect(queue.add(number, of: "modest") == true)
    }
    #expect(queue.makeRoom(for: "modest") == nil, "both have two")
    #expect(queue.makeRoom(for: "late") != nil)
    #expect(queue.count == 3)
  }
}

@Suite struct HashRoomTests {
  private let here: [UInt8] = [127, 0, 0, 1]
  private let there: [UInt8] = [127, 0, 0, 2]

  /// A room whose threads are both held up until the gate is opened.
  private func heldUp() -> (HashRoom, gate: Semaphore) {
    let room = HashRoom()
    let gate = Semaphore()
    let busy = Semaphore()
    for _ in 0..<HashRoom.threads {
      room.submit(from: [0], refuse: {}) {
        busy.signal()
        gate.wait()
      }
    }
    for _ in 0..<HashRoom.threads { busy.wait() }
    return (room, gate)
  }

  @Test func `a storm beyond the queue is refused at once, and all else is done`() {
    let (room, gate) = heldUp()
    let refused = Atomic(0)
    let done = Semaphore()
    for _ in 0..<HashRoom.queuedMax + 50 {
      room.submit(from: here, refuse: { refused.add(1, ordering: .relaxed) }) { done.signal() }
    }
    #expect(refused.load(ordering: .relaxed) == 50)
    for _ in 0..<HashRoom.threads { gate.signal() }
    for _ in 0..<HashRoom.queuedMax { done.wait() }
  }

  @Test func `one address cannot fill the queue against another`() {
    let (room, gate) = heldUp()
    let refused = Atomic(0)
    let order = Mutex<[String]>([])
    let done = Semaphore()
    for _ in 0..<HashRoom.queuedMax {
      room.submit(from: here, refuse: { refused.add(1, ordering: .relaxed) }) {
        order.withLock { $0.append("storm") }
        done.signal()
      }
    }
    room.submit(from: there, refuse: { Issue.record("the other address was refused") }) {
      order.withLock { $0.append("other") }
      done.signal()
    }
    #expect(refused.load(ordering: .relaxed) == 1, "one of the storm made room")
    // One thread alone works on, so that the order can be told.
    gate.signal()
    for _ in 0..<HashRoom.queuedMax { done.wait() }
    #expect(order.withLock { $0.firstIndex(of: "other") } == 1)
    gate.signal()
  }
}

// What the kernel is told to forget: all of it, merged, and nobody held up by what is held up elsewhere.

import Link
import Synchronization
import Testing
import Volume

@testable import p2pfs

@Suite struct KernelMemoryTests {
  private final class Told: Sendable {
    let all = Mutex<[(NodeNumber, Forgotten)]>([])
    let bell = Semaphore()

    func take(_ node: NodeNumber, _ forgotten: Forgotten) {
      all.withLock { $0.append((node, forgotten)) }
      bell.signal()
    }

    func of(_ node: NodeNumber) -> [Forgotten] { all.withLock { $0.filter { $0.0 == node }.map(\.1) } }
  }

  private let memory = KernelMemory()
  private let told = Told()
  private let first = NodeNumber(2)
  private let second = NodeNumber(3)

  @Test func `names and nodes are told`() {
    memory.attach { [told] in told.take($0, $1) }
    memory.forgetName([1, 2], in: first)
    told.bell.wait()
    memory.forgetNode(second, bytes: false)
    told.bell.wait()
    memory.forgetNode(second, bytes: true)
    told.bell.wait()
    memory.detach()
    #expect(told.of(first) == [Forgotten(names: [[1, 2]])])
    #expect(
      told.of(second) == [
        Forgotten(hasAttributes: true), Forgotten(hasAttributes: true, hasBytes: true),
      ])
  }

  @Test func `whoever has it open tells of attributes himself, while others are held up`() {
    let (gate, begun) = (Semaphore(), Semaphore())
    memory.attach { [told] node, forgotten in
      if forgotten.names == [[0]] {
        begun.signal()
        gate.wait()
      }
      told.take(node, forgotten)
    }
    memory.forgetName([0], in: second)
    begun.wait()
    memory.forgetAttributesNow(second)
    #expect(told.of(second) == [Forgotten(hasAttributes: true)])
    gate.signal()
    memory.detach()
  }

  @Test func `while one directory is held up others are told, and what it missed is told at once then`() {
    let (gate, begun) = (Semaphore(), Semaphore())
    memory.attach { [told, first] node, forgotten in
      if node == first, forgotten.names == [[0]] {
        begun.signal()
        gate.wait()
      }
      told.take(node, forgotten)
    }
    memory.forgetName([0], in: first)
    begun.wait()
    for number in 1...100 { memory.forgetName([UInt8(number)], in: first) }
    memory.forgetNode(first, bytes: false)
    memory.forgetName([9], in: second)
    told.bell.wait()
    #expect(told.of(first).isEmpty)
    #expect(told.of(second) == [Forgotten(names: [[9]])])
    gate.signal()
    told.bell.wait()
    told.bell.wait()
    memory.detach()
    let held = Forgotten(names: Set((1...100).map { [UInt8($0)] }), hasAttributes: true)
    #expect(told.of(first) == [Forgotten(names: [[0]]), held])
  }

  @Test func `without a mount there is nothing to forget`() {
    memory.forgetName([0], in: first)
    memory.attach { [told] in told.take($0, $1) }
    memory.detach()
    memory.forgetName([0], in: first)
    #expect(told.all.withLock { $0.isEmpty })
  }
}

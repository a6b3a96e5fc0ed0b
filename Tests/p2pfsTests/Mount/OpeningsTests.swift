// Which close of a program is the last of what it closes.

import Synchronization
import Testing
import Volume

@testable import p2pfs

@Suite struct OpeningsTests {
  private let node = NodeNumber(7)

  /// One program that has so many openings of the file now.
  private final class Program: Sendable {
    let count = Mutex(0)
    func has(_ count: Int) { self.count.withLock { $0 = count } }
  }

  private func openings(of programs: [Int32: Program]) -> Openings {
    Openings { _, _, process in programs[process]!.count.withLock { $0 } }
  }

  @Test func `a duplicate keeps it open`() {
    let program = Program()
    let openings = openings(of: [1: program])
    openings.add(11, of: node, 5, mode: 1, by: 1)
    program.has(1)
    #expect(!openings.close(11, of: node, 5))
    program.has(0)
    #expect(openings.close(11, of: node, 5))
  }

  @Test func `another opening of the same file does not`() {
    let program = Program()
    let openings = openings(of: [1: program])
    openings.add(11, of: node, 5, mode: 2, by: 1)
    program.has(1)
    openings.add(12, of: node, 5, mode: 2, by: 1)
    #expect(openings.close(12, of: node, 5))
    program.has(0)
    #expect(openings.close(11, of: node, 5))
  }

  @Test func `one that it has from its parent does not either`() {
    let (parent, child) = (Program(), Program())
    let openings = openings(of: [1: parent, 2: child])
    openings.add(11, of: node, 5, mode: 1, by: 1)
    parent.has(1)
    child.has(1)
    openings.add(12, of: node, 5, mode: 1, by: 2)
    child.has(2)
    #expect(!openings.close(12, of: node, 5))
    child.has(1)
    #expect(openings.close(12, of: node, 5))
  }

  @Test func `what was released counts no longer`() {
    let program = Program()
    let openings = openings(of: [1: program])
    openings.add(11, of: node, 5, mode: 1, by: 1)
    openings.add(12, of: node, 5, mode: 1, by: 1)
    openings.remove(11, of: node)
    program.has(1)
    #expect(!openings.close(12, of: node, 5))
  }
}

// Which files the kernel reads by itself, and that no inode is ever open in two ways.

import Synchronization
import Testing
import Volume

@testable import p2pfs

@Suite struct OpenModesTests {
  private final class Kernel: Sendable {
    let open = Mutex<Set<UInt32>>([])
    private let last = Mutex<UInt32>(0)

    var backings: OpenModes<String>.Backings {
      .init(
        open: { descriptor in
          guard descriptor > 0 else { return nil }
          let number = self.last.withLock { last in
            last += 1
            return last
          }
          self.open.withLock { _ = $0.insert(number) }
          return number
        }, close: { backing in self.open.withLock { _ = $0.remove(backing) } })
    }

    var openCount: Int { open.withLock { $0.count } }
  }

  private let kernel = Kernel()
  private let node = NodeNumber(7)
  private let other = NodeNumber(8)

  private func modes() -> OpenModes<String> {
    let modes = OpenModes<String>(kernel.backings)
    modes.enable()
    return modes
  }

  @Test func `a whole file is read through, by all who read it, in one way`() {
    let modes = modes()
    #expect(modes.enter(node, reading: 5) == .through(backing: 1))
    #expect(modes.enter(node, reading: 5) == .through(backing: 1))
    #expect(modes.enter(node, reading: nil) == .through(backing: 1))
    #expect(modes.enter(other, reading: 6) == .through(backing: 2))
  }

  @Test func `what was promised of a file holds until the last of its readers closes it`() {
    let modes = modes()
    for _ in 0..<3 { _ = modes.enter(node, reading: 5) }
    #expect(modes.leave(node, "first") == [])
    #expect(modes.leave(node, "second") == [])
    #expect(kernel.openCount == 1)
    #expect(modes.leave(node, "third") == ["first", "second", "third"])
    #expect(kernel.openCount == 0)
    #expect(modes.count == 0)
  }

  @Test func `while somebody reads it by the page cache, so do all`() {
    let modes = modes()
    #expect(modes.enter(node, reading: nil) == .cached)
    #expect(modes.enter(node, reading: 5) == .cached)
    #expect(modes.leave(node, "a") == ["a"])
    #expect(modes.leave(node, "b") == ["b"])
    #expect(modes.enter(node, reading: 5) == .through(backing: 1))
  }

  @Test func `who wants to write what is read through has to look its name up again`() {
    let modes = modes()
    _ = modes.enter(node, reading: 5)
    #expect(!modes.enterCached(node))
    #expect(modes.leave(node, "a") == ["a"])
    #expect(modes.enterCached(node))
    #expect(modes.enter(node, reading: 5) == .cached)
    modes.leaveCached(node)
    #expect(modes.leave(node, "b") == ["b"])
    #expect(modes.count == 0)
  }

  @Test func `where the kernel has not agreed, or does not permit it, nothing is read through`() {
    let modes = OpenModes<String>(kernel.backings)
    #expect(modes.enter(node, reading: 5) == .cached)
    modes.enable()
    #expect(modes.enter(other, reading: -1) == .cached)
    #expect(kernel.openCount == 0)
  }
}

// When half a file is a whole one again.

import Testing

@testable import Volume

@Suite struct RefusedWritesTests {
  private func refused(_ ranges: Range<Int>...) -> RefusedWrites {
    var refused = RefusedWrites()
    for range in ranges { refused.refuse(range, .full) }
    return refused
  }

  @Test func `what is written again is made good, if it is all of it`() {
    var writes = refused(10..<20, 40..<50)
    writes.wrote(0..<15)
    #expect(writes.error == .full)
    writes.wrote(15..<45)
    #expect(writes.error == .full)
    writes.wrote(45..<60)
    #expect(writes.error == nil)
  }

  @Test func `what lies beyond the end is not missed`() {
    var writes = refused(10..<20)
    writes.cut(to: 15)
    #expect(writes.error == .full)
    writes.cut(to: 10)
    #expect(writes.error == nil)
  }

  @Test func `a program that is told that its file is too large has its old one`() {
    var writes = RefusedWrites()
    writes.refuse(0..<10, .tooLarge)
    #expect(writes.error == nil)
  }
}

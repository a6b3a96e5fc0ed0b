// What was put can be read, what is not the content's cannot be put.

import Glibc
import GroupModel
import Testing

@testable import Swarm

@Suite struct PieceStoreTests {
  @Test func `what was put in any order can be read, and nothing else`() throws {
    var random = SeededRandom()
    for byteCount in [1, 100, 16384, 16385, 524_288, 3_000_001, 20_000_000] {
      let place = Place()
      let store = try PieceStore(place)
      let sample = Sample(byteCount: byteCount, random: &random)
      let content = try store.content(sample.name)
      #expect(sample.reads(0..<1, from: content) == .other(.missing(BlockRange(0..<1)!)))
      for list in sample.lists { #expect(content.merge(list)) }
      for run in sample.layout.allBlocks.parts(of: Int.random(in: 1...40, using: &random)).shuffled(
        using: &random)
      {
        #expect(sample.put(run, into: content).isKept)
        #expect(content.holds(run))
      }
      #expect(content.isWhole)
      #expect(content.pieces == PieceSet(allOf: sample.layout))
      #expect(sample.readsAll(from: content) == .right)
      #expect(sample.reads(byteCount..<byteCount + 10, from: content) == .right)
      for _ in 0..<200 {
        let start = Int.random(in: 0..<byteCount, using: &random)
        let end = min(byteCount, start + Int.random(in: 1...300_000, using: &random))
        #expect(sample.reads(start..<end, from: content) == .right)
      }
    }
  }
}

import TestSupport
import Testing

@testable import GroupModel

@Suite struct PieceSetTests {
  @Test func `neighbouring pieces become one run`() {
    var pieces = PieceSet()
    pieces.insert(5)
    pieces.insert(7)
    #expect(pieces.ranges == [5..<6, 7..<8])
    pieces.insert(6)
    #expect(pieces.ranges == [5..<8])
    pieces.insert(0..<20)
    #expect(pieces.ranges == [0..<20])
    pieces.insert(3..<3)
    #expect(pieces.ranges == [0..<20])
    #expect(pieces.count == 20)
  }

  @Test func `an evicted piece is no longer held`() {
    var pieces = PieceSet()
    pieces.insert(0..<10)
    pieces.remove(4..<6)
    #expect(pieces.ranges == [0..<4, 6..<10])
    pieces.remove(3..<7)
    #expect(pieces.ranges == [0..<3, 7..<10])
    pieces.remove(3..<7)
    #expect(pieces.ranges == [0..<3, 7..<10])
    pieces.remove(0..<100)
    #expect(pieces.isEmpty)
  }

  @Test func `a whole content is one run`() throws {
    let layout = try #require(ContentLayout(fileBytes: 1 << 50))
    let pieces = PieceSet(allOf: layout)
    #expect(pieces.ranges == [0..<1 << 31])
    #expect(pieces.count == layout.pieceCount)
  }

  @Test func `a stranger's list is taken as it is, if it is right`() throws {
    let ranges: [Range<UInt32>] = [0..<1, 2..<5, 9..<10]
    let pieces = try #require(PieceSet(ranges: ranges, pieceCount: 10, rangesMax: 3))
    #expect(pieces.ranges == ranges)
    #expect(PieceSet(ranges: [], pieceCount: 10, rangesMax: 3)?.isEmpty == true)
    #expect(
      PieceSet(ranges: [0..<UInt32.max], pieceCount: Int(UInt32.max), rangesMax: 1)?.count == Int(UInt32.max))
  }

  @Test(arguments: [
    [5..<5],
    [0..<11],
    [3..<4, 0..<1],
    [0..<3, 2..<4],
    [0..<2, 2..<4],
    [0..<UInt32.max, 1..<2],
    [0..<1, 2..<3, 4..<5, 6..<7],
  ])
  func `a list out of order, out of bounds, in parts or too long is refused`(ranges: [Range<UInt32>]) {
    #expect(PieceSet(ranges: ranges, pieceCount: 10, rangesMax: 3) == nil)
  }

  @Test func `the longest runs are announced when not all can be`() {
    var pieces = PieceSet()
    for range in [0..<1, 10..<40, 50..<52, 60..<90] as [Range<UInt32>] { pieces.insert(range) }
    #expect(pieces.longest(rangesMax: 2).ranges == [10..<40, 60..<90])
    #expect(pieces.longest(rangesMax: 4) == pieces)
  }

  @Test func `behaves as a set does`() {
    var random = SeededRandom(for: #function)
    for _ in 0..<200 {
      let (one, oneModel) = randomSet(using: &random)
      let (other, otherModel) = randomSet(using: &random)
      #expect(one.count == oneModel.count)
      #expect((0..<60).allSatisfy { one.contains($0) == oneModel.contains($0) })
      #expect(PieceSet(ranges: one.ranges, pieceCount: 60, rangesMax: 60) == one)
      let union = one.union(other)
      #expect(
        (0..<60).allSatisfy { union.contains($0) == (oneModel.contains($0) || otherModel.contains($0)) })
      #expect(PieceSet(ranges: union.ranges, pieceCount: 60, rangesMax: 60) == union)
      #expect(union == other.union(one))
    }
  }

  private func randomSet(using random: inout SeededRandom) -> (PieceSet, Set<UInt32>) {
    var pieces = PieceSet()
    var model: Set<UInt32> = []
    for _ in 0..<Int.random(in: 0..<12, using: &random) {
      let start = UInt32.random(in: 0..<60, using: &random)
      let range = start..<UInt32.random(in: start...min(60, start + 9), using: &random)
      if Int.random(in: 0..<3, using: &random) > 0 {
        pieces.insert(range)
        model.formUnion(range)
      } else {
        pieces.remove(range)
        model.subtract(range)
      }
    }
    return (pieces, model)
  }
}

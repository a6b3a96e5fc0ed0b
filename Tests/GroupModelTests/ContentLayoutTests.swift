import Testing

@testable import GroupModel

@Suite struct ContentLayoutTests {
  struct Shape: Sendable {
    let fileBytes, blocks, pieces, height, lastBlockBytes: Int
  }

  @Test(arguments: [
    Shape(fileBytes: 1, blocks: 1, pieces: 1, height: 0, lastBlockBytes: 1),
    Shape(fileBytes: 16384, blocks: 1, pieces: 1, height: 0, lastBlockBytes: 16384),
    Shape(fileBytes: 16385, blocks: 2, pieces: 1, height: 1, lastBlockBytes: 1),
    Shape(fileBytes: 3 * 16384, blocks: 3, pieces: 1, height: 2, lastBlockBytes: 16384),
    Shape(fileBytes: 524_287, blocks: 32, pieces: 1, height: 5, lastBlockBytes: 16383),
    Shape(fileBytes: 524_288, blocks: 32, pieces: 1, height: 5, lastBlockBytes: 16384),
    Shape(fileBytes: 524_289, blocks: 33, pieces: 2, height: 6, lastBlockBytes: 1),
    Shape(fileBytes: 1 << 40, blocks: 1 << 26, pieces: 1 << 21, height: 26, lastBlockBytes: 16384),
    Shape(fileBytes: 1 << 50, blocks: 1 << 36, pieces: 1 << 31, height: 36, lastBlockBytes: 16384),
  ])
  func `a size tells the shape`(shape: Shape) throws {
    let layout = try #require(ContentLayout(fileBytes: shape.fileBytes))
    #expect(layout.blockCount == shape.blocks)
    #expect(layout.pieceCount == shape.pieces)
    #expect(layout.treeHeight == shape.height)
    #expect(layout.bytes(ofBlock: shape.blocks - 1).count == shape.lastBlockBytes)
    #expect(layout.bytes(ofBlock: shape.blocks - 1).upperBound == shape.fileBytes)
    #expect(layout.bytes(ofPiece: shape.pieces - 1).upperBound == shape.fileBytes)
    #expect(layout.blocks(ofPiece: shape.pieces - 1).end == shape.blocks)
    #expect(layout.nodeCount(atHeight: layout.treeHeight) == 1)
  }

  @Test(arguments: [0, -1, Int.min, 1 << 50 + 1, Int.max])
  func `a size that no content has is refused`(fileBytes: Int) {
    #expect(ContentLayout(fileBytes: fileBytes) == nil)
  }

  @Test func `a size beyond any Int is refused`() {
    #expect(ContentLayout(fileBytes: UInt64.max) == nil)
  }

  @Test func `a read touches the blocks that it needs and no others`() throws {
    let layout = try #require(ContentLayout(fileBytes: 100_000))
    #expect(layout.blocks(touching: 0..<1)?.indices == 0..<1)
    #expect(layout.blocks(touching: 16383..<16385)?.indices == 0..<2)
    #expect(layout.blocks(touching: 16384..<32768)?.indices == 1..<2)
    #expect(layout.blocks(touching: 99_999..<Int.max)?.indices == 6..<7)
    #expect(layout.blocks(touching: 0..<Int.max) == layout.allBlocks)
    #expect(layout.blocks(touching: 5..<5) == nil)
    #expect(layout.blocks(touching: 100_000..<100_001) == nil)
  }

  @Test func `a run of blocks knows its pieces`() throws {
    #expect(BlockRange(0..<32)?.pieces == 0..<1)
    #expect(BlockRange(31..<33)?.pieces == 0..<2)
    #expect(BlockRange(64..<65)?.pieces == 2..<3)
    #expect(BlockRange(0..<1 << 36)?.pieces == 0..<1 << 31)
  }

  @Test(arguments: [0..<0, 7..<7, -1..<1, 0..<(1 << 36 + 1), 0..<Int.max, Int.min..<Int.max])
  func `a run of blocks that no content has is refused`(blocks: Range<Int>) {
    #expect(BlockRange(blocks) == nil)
  }

  @Test func `runs of blocks are cut to one another`() throws {
    let run = try #require(BlockRange(10..<20))
    let overlapping = try #require(BlockRange(15..<30))
    let beside = try #require(BlockRange(20..<30))
    #expect(run.clamped(to: overlapping)?.indices == 15..<20)
    #expect(run.clamped(to: beside) == nil)
    #expect(run.contains(10) && run.contains(19) && !run.contains(20))
  }
}

// Which blocks of a content: an exact bitmap, in chunks that exist only where a bit is set, so that a content of
// a petabyte of which nothing is here costs nothing.

package import GroupModel

package struct BlockSet: Sendable {
  /// 64 MiB of a file.
  static let chunkBlocks = 4096
  private static let chunkWords = chunkBlocks / 64

  private var chunks: [Int: [UInt64]] = [:]
  package private(set) var count = 0

  package init() {}

  package init(allOf layout: ContentLayout) { insert(layout.allBlocks) }

  package var isEmpty: Bool { count == 0 }

  package func contains(_ block: Int) -> Bool {
    guard let chunk = chunks[block / Self.chunkBlocks] else { return false }
    return chunk[block % Self.chunkBlocks / 64] >> (block % 64) & 1 == 1
  }

  /// All of them.
  package func contains(_ blocks: BlockRange) -> Bool {
    nextBlock(from: blocks.start, before: blocks.end, isMember: false) == blocks.end
  }

  /// Where the run of members, or of others, that `block` belongs to ends; `limit` if it goes on to there.
  package func end(ofRunAt block: Int, before limit: Int) -> Int {
    nextBlock(from: block, before: limit, isMember: !contains(block))
  }

  /// The first member, or the first other, of `block..<limit`; `limit` if there is none.
  package func nextBlock(from block: Int, before limit: Int, isMember: Bool) -> Int {
    var block = block
    while block < limit {
      let (index, bit) = block.quotientAndRemainder(dividingBy: Self.chunkBlocks)
      let chunkEnd = (index + 1) * Self.chunkBlocks
      guard let chunk = chunks[index] else {
        if !isMember { return block }
        block = chunkEnd
        continue
      }
      let word = (isMember ? chunk[bit / 64] : ~chunk[bit / 64]) >> (bit % 64)
      if word != 0 { return min(block + word.trailingZeroBitCount, limit) }
      block += 64 - bit % 64
    }
    return limit
  }

  /// The runs of members within, from the left.
  package func runs(in blocks: BlockRange) -> [BlockRange] { runs(in: blocks, ofMembers: true) }

  /// The runs of those that are not in the set.
  package func gaps(in blocks: BlockRange) -> [BlockRange] { runs(in: blocks, ofMembers: false) }

  private func runs(in blocks: BlockRange, ofMembers isMember: Bool) -> [BlockRange] {
    var runs: [BlockRange] = []
    var start = nextBlock(from: blocks.start, before: blocks.end, isMember: isMember)
    while start < blocks.end {
      let end = nextBlock(from: start, before: blocks.end, isMember: !isMember)
      if let run = BlockRange(start..<end) { runs.append(run) }
      start = nextBlock(from: end, before: blocks.end, isMember: isMember)
    }
    return runs
  }

  /// The first run of members from `block` on.
  package func firstRun(from block: Int, before limit: Int) -> BlockRange? {
    let start = nextBlock(from: block, before: limit, isMember: true)
    return BlockRange(start..<nextBlock(from: start, before: limit, isMember: false))
  }
}

extension BlockSet {
  package mutating func insert(_ blocks: BlockRange) {
    changeWords(of: blocks) { word, mask in word |= mask }
  }

  /// Chunks that are not there have nothing to remove, and a run may reach to a petabyte's end.
  package mutating func remove(_ blocks: BlockRange) {
    let first = blocks.start / Self.chunkBlocks
    let last = (blocks.end - 1) / Self.chunkBlocks
    guard last - first >= chunks.count else {
      for index in first...last { remove(blocks, inChunk: index) }
      return
    }
    for index in Array(chunks.keys) where (first...last).contains(index) { remove(blocks, inChunk: index) }
  }

  private mutating func remove(_ blocks: BlockRange, inChunk index: Int) {
    guard chunks[index] != nil else { return }
    let start = index * Self.chunkBlocks
    let inside = blocks.indices.clamped(to: start..<start + Self.chunkBlocks)
    guard let run = BlockRange(inside) else { return }
    changeWords(of: run) { word, mask in word &= ~mask }
    if chunks[index]?.allSatisfy({ $0 == 0 }) == true { chunks[index] = nil }
  }

  package mutating func formUnion(_ other: BlockSet) {
    other.forEachRun { insert($0) }
  }

  package mutating func subtract(_ other: BlockSet) {
    other.forEachRun { remove($0) }
  }

  private mutating func changeWords(of blocks: BlockRange, _ change: (inout UInt64, UInt64) -> Void) {
    var block = blocks.start
    while block < blocks.end {
      let index = block / Self.chunkBlocks
      let chunkEnd = min(blocks.end, (index + 1) * Self.chunkBlocks)
      count += Self.changeWords(
        of: block - index * Self.chunkBlocks..<chunkEnd - index * Self.chunkBlocks,
        in: &chunks[index, default: [UInt64](repeating: 0, count: Self.chunkWords)], change)
      block = chunkEnd
    }
  }

  /// How many members the set has gained by it.
  private static func changeWords(
    of bits: Range<Int>, in chunk: inout [UInt64], _ change: (inout UInt64, UInt64) -> Void
  ) -> Int {
    var gained = 0
    var bit = bits.lowerBound
    while bit < bits.upperBound {
      let end = min(bits.upperBound, (bit / 64 + 1) * 64)
      let mask = (end - bit == 64 ? ~0 : (UInt64(1) << (end - bit) - 1)) << (bit % 64)
      let before = chunk[bit / 64].nonzeroBitCount
      change(&chunk[bit / 64], mask)
      gained += chunk[bit / 64].nonzeroBitCount - before
      bit = end
    }
    return gained
  }

  /// All runs, from the left; one that goes on over a chunk's end comes in parts.
  func forEachRun(_ body: (BlockRange) -> Void) {
    for index in chunks.keys.sorted() {
      let start = index * Self.chunkBlocks
      guard let all = BlockRange(start..<start + Self.chunkBlocks) else { continue }
      for run in runs(in: all) { body(run) }
    }
  }
}

extension BlockSet: Equatable {
  package static func == (left: Self, right: Self) -> Bool {
    guard left.count == right.count else { return false }
    return left.chunks.allSatisfy { index, words in
      right.chunks[index] == words || words.allSatisfy { $0 == 0 }
    }
  }
}

// On disk.
extension BlockSet {
  func write(to writer: inout WireWriter) {
    let full = [UInt64](repeating: ~0, count: Self.chunkWords)
    writer.list(chunks.keys.sorted()) { writer, index in
      let words = chunks[index, default: []]
      writer.u32(UInt32(index))
      writer.flag(words == full)
      if words != full { for word in words { writer.u64(word) } }
    }
  }

  /// Refuses a block that the content does not have.
  init(reading reader: inout WireReader, layout: ContentLayout) throws(Malformed) {
    let chunksMax = (layout.blockCount - 1) / Self.chunkBlocks + 1
    let read = try reader.list(max: chunksMax, bytesEach: 5) { reader throws(Malformed) in
      let index = Int(try reader.u32())
      guard index < chunksMax else { throw Malformed("a block beyond the file's end") }
      return (index, try Self.readWords(&reader))
    }
    for (index, words) in read { chunks[index] = words }
    count = chunks.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.nonzeroBitCount } }
    if let last = chunks[chunksMax - 1],
      Self.end(of: last) > layout.blockCount - (chunksMax - 1) * Self.chunkBlocks
    {
      throw Malformed("a block beyond the file's end")
    }
  }

  private static func readWords(_ reader: inout WireReader) throws(Malformed) -> [UInt64] {
    if try reader.flag() { return [UInt64](repeating: ~0, count: chunkWords) }
    var words: [UInt64] = []
    words.reserveCapacity(chunkWords)
    for _ in 0..<chunkWords { words.append(try reader.u64()) }
    return words
  }

  private static func end(of words: [UInt64]) -> Int {
    guard let last = words.lastIndex(where: { $0 != 0 }) else { return 0 }
    return last * 64 + 64 - words[last].leadingZeroBitCount
  }
}

import TestSupport
import Testing

@testable import GroupModel

@Suite struct DraftLeavesTests {
  @Test(arguments: Sample.blockCounts)
  func `leaves in any order give the tree that leaves in order give`(blocks: Int) {
    var random = SeededRandom(for: #function)
    let tree = Sample.tree(blocks: blocks, using: &random)
    var draft = DraftLeaves()
    for block in Array(0..<blocks).shuffled(using: &random) {
      #expect(draft.tree(tree.layout) == nil)
      let count = tree.layout.bytes(ofBlock: block).count
      if Bool.random(using: &random) {
        draft.set(Sample.digest(using: &random), block: block, byteCount: count)
      }
      draft.set(tree.leaves[block], block: block, byteCount: count)
    }
    #expect(draft.missing(from: 0, in: tree.layout) == nil)
    #expect(draft.tree(tree.layout)?.root == tree.root)
  }

  @Test(arguments: [4096, 5000, 16384, 100_000])
  func `a file written in order needs no second look`(writeBytes: Int) throws {
    let file = Array(Sample.bytes.prefix(600_123))
    var draft = DraftLeaves()
    for start in stride(from: 0, to: file.count, by: writeBytes) {
      draft.write(file[start..<min(start + writeBytes, file.count)], at: start)
    }
    let layout = try #require(ContentLayout(fileBytes: file.count))
    #expect(draft.missing(from: 0, in: layout) == nil)
    #expect(draft.tree(layout)?.root == Sample.tree(of: file)?.root)
  }

  @Test func `a short end is hashed again when the file has grown past it`() throws {
    var draft = DraftLeaves()
    draft.write(Sample.bytes.prefix(100), at: 0)
    let short = try #require(ContentLayout(fileBytes: 100))
    #expect(draft.tree(short) != nil)
    draft.write(Sample.bytes.prefix(16384), at: 16384)
    let grown = try #require(ContentLayout(fileBytes: 32768))
    #expect(draft.missing(from: 0, in: grown)?.indices == 0..<1)
    #expect(draft.tree(grown) == nil)
  }

  @Test func `as many bytes as a block has, but some of them twice, are no block`() throws {
    var draft = DraftLeaves()
    draft.write(Sample.bytes.prefix(8192), at: 0)
    draft.write(Sample.bytes.prefix(8192), at: 4096)
    let layout = try #require(ContentLayout(fileBytes: 16384))
    #expect(draft.missing(from: 0, in: layout)?.indices == 0..<1)
  }

  @Test func `what was cut off is not believed when the file grows again`() throws {
    var draft = DraftLeaves()
    draft.write(Sample.bytes.prefix(5 * 16384), at: 0)
    draft.truncate(toBytes: 16384 + 1)
    let grown = try #require(ContentLayout(fileBytes: 5 * 16384))
    #expect(draft.missing(from: 0, in: grown)?.indices == 1..<5)
  }

  @Test func `one write far out costs one piece`() throws {
    var draft = DraftLeaves()
    draft.write(Sample.bytes.prefix(16384), at: 1 << 50 - 16384)
    let layout = try #require(ContentLayout(fileBytes: 1 << 50))
    #expect(draft.missing(from: 0, in: layout)?.indices == 0..<32)
    #expect(draft.missing(from: 1 << 36 - 2, in: layout)?.indices == 1 << 36 - 2..<1 << 36 - 1)
    #expect(draft.missing(from: 1 << 36 - 1, in: layout) == nil)
    #expect(draft.tree(layout) == nil)
    draft.truncate(toBytes: 0)
    #expect(draft.missing(from: 1 << 36 - 1, in: layout) != nil)
  }

  @Test func `whatever is done to a file, its tree is that of its bytes`() throws {
    var random = SeededRandom(for: #function)
    for _ in 0..<60 {
      var file = ModelFile()
      for _ in 0..<Int.random(in: 1..<25, using: &random) { file.change(using: &random) }
      guard let layout = ContentLayout(fileBytes: file.bytes.count) else { continue }
      file.hashWhatIsMissing(layout)
      #expect(file.draft.tree(layout)?.root == Sample.tree(of: file.bytes)?.root)
    }
  }

  /// A file in memory and the draft that follows it, as the kernel's writes and truncations would drive both.
  private struct ModelFile {
    var bytes: [UInt8] = []
    var draft = DraftLeaves()

    mutating func change(using random: inout SeededRandom) {
      switch Int.random(in: 0..<11, using: &random) {
      case 0: truncate(to: Int.random(in: 0..<900_000, using: &random))
      case 1: punch(Int.random(in: 0..<56, using: &random), Int.random(in: 1..<40, using: &random))
      case 2...4: writePages(.random(in: 0..<12, using: &random), .random(in: 1..<5, using: &random))
      case 5, 6: write(Int.random(in: 0..<100_000, using: &random), at: bytes.count)
      case 4:
        write(
          16384 * Int.random(in: 1..<9, using: &random), at: 16384 * Int.random(in: 0..<40, using: &random))
      default:
        write(Int.random(in: 0..<40_000, using: &random), at: Int.random(in: 0..<800_000, using: &random))
      }
    }

    mutating func write(_ count: Int, at offset: Int) {
      guard count > 0 else { return }
      let new = Array(Sample.bytes[(offset + count)..<(offset + 2 * count)])
      bytes += Array(repeating: 0, count: max(0, offset + count - bytes.count))
      bytes.replaceSubrange(offset..<offset + count, with: new)
      draft.write(new, at: offset)
    }

    mutating func writeBlocks(_ start: Int, _ count: Int) {
      write(count * ContentLayout.blockBytes, at: start * ContentLayout.blockBytes)
    }

    /// Small writes into the same few blocks, as databases make them.
    mutating func writePages(_ start: Int, _ count: Int) {
      write(count * 4096, at: start * 4096)
    }

    mutating func truncate(to count: Int) {
      bytes = Array(bytes.prefix(count)) + Array(repeating: 0, count: max(0, count - bytes.count))
      draft.truncate(toBytes: count)
    }

    mutating func punch(_ block: Int, _ count: Int) {
      guard let layout = ContentLayout(fileBytes: bytes.count), block < layout.blockCount else { return }
      let blocks = BlockRange(block..<min(block + count, layout.blockCount))!
      for index in layout.bytes(of: blocks) { bytes[index] = 0 }
      draft.forget(blocks)
    }

    mutating func hashWhatIsMissing(_ layout: ContentLayout) {
      var next = 0
      while let blocks = draft.missing(from: next, in: layout) {
        for block in blocks.indices {
          let content = Array(bytes[layout.bytes(ofBlock: block)])
          draft.set(Digest(of: content), block: block, byteCount: content.count)
        }
        next = blocks.end
      }
    }
  }
}

extension DraftLeaves {
  fileprivate mutating func write(_ bytes: some Sequence<UInt8>, at offset: Int) {
    let bytes = Array(bytes)
    write(bytes.span.bytes, at: offset)
  }
}

// What was put can be read, what is not the content's cannot be put.

import TestSupport
import Glibc
import GroupModel
import Synchronization
import Testing

@testable import Swarm

@Suite struct PieceStoreTests {
  @Test(arguments: [1, 100, 16384, 16385, 524_288, 3_000_001, 20_000_000])
  func `what was put in any order can be read, and nothing else`(byteCount: Int) throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: byteCount, random: &random)
    let content = try store.content(sample.name)
    #expect(sample.reads(0..<1, from: content) == .other(.missing(blocks(0..<1))))
    for list in sample.lists { #expect(content.merge(list)) }
    let runs = sample.layout.allBlocks.parts(of: .random(in: 1...40, using: &random))
    var held = BlockSet()
    for run in runs.shuffled(using: &random) {
      #expect(sample.put(run, into: content).isKept)
      held.insert(run)
      #expect(content.held == held)
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

  @Test func `a forged block is refused, and named`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 2_000_000, random: &random)
    let content = try store.content(sample.name)
    for list in sample.lists { #expect(content.merge(list)) }
    for _ in 0..<50 {
      let run = sample.layout.blocks(ofPiece: .random(in: 0..<sample.layout.pieceCount, using: &random))
      let range = sample.layout.bytes(of: run)
      var bytes = Array(sample.bytes[range])
      let flipped = Int.random(in: 0..<bytes.count, using: &random)
      bytes[flipped] ^= 1 << UInt8.random(in: 0...7, using: &random)
      let forged = run.start + flipped / ContentLayout.blockBytes
      #expect(content.put(run, bytes.span.bytes) == .forged(block: forged))
    }
    #expect(content.heldBlockCount == 0)
    #expect(try store.content(sample.name).cachedBytes == 0)
  }

  @Test func `bytes of another count than the blocks' are refused`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 100_000, random: &random)
    let content = try store.content(sample.name)
    for list in sample.lists { #expect(content.merge(list)) }
    let bytes = sample.bytes.span.bytes
    #expect(content.put(blocks(0..<1), bytes.extracting(0..<16383)) == .forged(block: 0))
    #expect(content.put(blocks(6..<7), bytes.extracting(98304..<99999)) == .forged(block: 6))
    #expect(content.put(blocks(6..<8), bytes.extracting(98304..<100_000)) == .forged(block: 6))
    #expect(content.put(blocks(9000..<9001), bytes.extracting(0..<16384)) == .forged(block: 9000))
  }

  @Test func `a block whose hash is not known is not kept`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 2_000_000, random: &random)
    let content = try store.content(sample.name)
    let second = sample.layout.blocks(ofPiece: 1)
    #expect(sample.put(second, into: content) == .unknownHash(block: 32))
    let node = Subtree(piece: 1, in: sample.layout)!
    #expect(content.unclesMissing(of: node) == 2)
    #expect(content.merge(sample.tree.hashList(of: node, base: 0)!))
    #expect(content.knowsHash(ofBlock: 32) && !content.knowsHash(ofBlock: 0))
    #expect(sample.put(second, into: content).isKept)
    #expect(sample.put(blocks(30..<34), into: content) == .unknownHash(block: 30))
    #expect(content.held.runs(in: sample.layout.allBlocks) == [second])
    #expect(sample.reads(0..<1, from: content) == .other(.missing(blocks(0..<1))))
    #expect(sample.reads(600_000..<1_100_000, from: content) == .other(.missing(blocks(64..<68))))
  }

  @Test func `hash lists and proofs go from one member to another`() throws {
    var random = SeededRandom()
    let place = Place()
    let other = Place()
    let sample = Sample(byteCount: 20_000_000, random: &random)
    let giver = try PieceStore(place).content(sample.name)
    let taker = try PieceStore(other).content(sample.name)
    sample.putAll(into: giver)
    for piece in (0..<sample.layout.pieceCount).shuffled(using: &random) {
      let node = Subtree(piece: piece, in: sample.layout)!
      let uncles = taker.unclesMissing(of: node)
      #expect(taker.merge(giver.hashList(of: node, base: 0, uncleCount: uncles)!))
    }
    sample.putAll(into: taker)
    #expect(sample.readsAll(from: taker) == .right)
    #expect(
      taker.proof(of: Subtree(block: 7, in: sample.layout)!)
        == sample.tree.proof(of: Subtree(block: 7, in: sample.layout)!))
    var list = sample.lists[0]
    list = HashList(base: 0, hashes: list.hashes.reversed(), proof: list.proof)
    #expect(!taker.merge(list))
  }

  @Test func `the observer hears of each block once`() throws {
    var random = SeededRandom()
    let place = Place()
    let heard = Heard()
    let store = try PieceStore(place, observer: heard.observer)
    let sample = Sample(byteCount: 3_000_000, random: &random)
    let content = try store.content(sample.name)
    sample.putAll(into: content)
    #expect(sample.put(blocks(0..<10), into: content) == .kept(newBytes: 0))
    #expect(heard.gained == content.held)
    let sum = heard.all.reduce(0) { if case .gained(let run) = $1 { $0 + run.count } else { $0 } }
    #expect(sum == sample.layout.blockCount)
  }

  @Test func `a second daemon on the directory is refused until the first has gone`() throws {
    let place = Place()
    let first = try PieceStore(place)
    #expect(throws: DiskTrouble.inUse) { try PieceStore(place) }
    first.close()
    _ = try PieceStore(place)
  }

  @Test func `others cannot look into the directory`() throws {
    let place = Place()
    mkdir(place.path + "/cache", 0o755)
    let store = try PieceStore(place)
    var status = stat()
    #expect(stat(place.path + "/cache", &status) == 0)
    #expect(status.st_mode & 0o777 == 0o700)
    store.close()
  }

  @Test func `asking for a content leaves nothing on the disk`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 1_000_000, random: &random)
    _ = try store.content(sample.name)
    #expect(try store.shelf.objects.names().isEmpty)
    let huge = ContentName(root: sample.tree.root, layout: ContentLayout(fileBytes: 1 << 50)!)
    #expect(try store.content(huge).missing(in: huge.layout.allBlocks) == [huge.layout.allBlocks])
  }

  @Test func `a content that nobody holds is closed, and opened again`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 1_000_000, random: &random)
    do {
      let content = try store.content(sample.name)
      sample.putAll(into: content)
      store.save()
      store.shelf.closeIdle(all: true)
      #expect(try store.content(sample.name) === content)
    }
    store.shelf.closeIdle(all: true)
    #expect(store.shelf.state.withLock { $0.open.isEmpty && $0.closed[sample.name] != nil })
    #expect(sample.readsAll(from: try store.content(sample.name)) == .right)
  }

  @Test func `many threads put and read the same content at once`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place, limitBytes: mebibytes(6))
    let samples = (0..<3).map { _ in Sample(byteCount: 4_000_000, random: &random) }
    let wrong = Atomic(0)
    let right = Atomic(0)
    inParallel(4, seed: random.next()) { random in
      for _ in 0..<400 {
        let sample = samples.randomElement(using: &random)!
        guard let content = try? store.content(sample.name) else { continue }
        let start = Int.random(in: 0..<sample.bytes.count, using: &random)
        let range = start..<min(sample.bytes.count, start + Int.random(in: 1...400_000, using: &random))
        switch sample.reads(range, from: content) {
        case .right: right.add(1, ordering: .relaxed)
        case .wrong: wrong.add(1, ordering: .relaxed)
        case .other(.missing(let run)):
          for list in sample.lists where !content.knowsHash(ofBlock: run.start) { _ = content.merge(list) }
          _ = sample.put(run, into: content)
        case .other: wrong.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(right.load(ordering: .relaxed) > 100)
    #expect(store.usage.fetchedBytes <= mebibytes(8))
    for sample in samples { #expect(sample.readable(from: try store.content(sample.name)) != nil) }
  }
}

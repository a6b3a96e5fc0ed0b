// Files being written: held against a plain array of bytes, and against the builder of trees.

import TestSupport
import Glibc
import GroupModel
import Testing

@testable import Swarm

@Suite struct DraftTests {
  /// A draft and what it should be.
  private struct Pair {
    let draft: Draft
    let base: Sample?
    var model: [UInt8]

    init(_ store: PieceStore, over base: Sample? = nil, in content: StoredContent? = nil) throws {
      draft = try store.draft(over: content)
      self.base = base
      model = base?.bytes ?? []
    }

    /// Fetches of the base what is asked for, and counts it.
    mutating func retrying(_ fetched: inout BlockSet, _ body: (Draft) -> DraftResult) {
      while true {
        switch body(draft) {
        case .done: return
        case .needsBase(let run):
          #expect(base!.put(run, into: draft.base!).isKept)
          fetched.insert(run)
        case .trouble(let trouble):
          Issue.record("\(trouble)")
          return
        }
      }
    }

    mutating func write(_ bytes: [UInt8], at offset: Int, _ fetched: inout BlockSet) {
      retrying(&fetched) { $0.write(bytes.span.bytes, at: offset) }
      if model.count < offset + bytes.count {
        model += [UInt8](repeating: 0, count: offset + bytes.count - model.count)
      }
      model.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    mutating func truncate(to count: Int, _ fetched: inout BlockSet) {
      retrying(&fetched) { $0.truncate(to: count) }
      if count < model.count {
        model.removeLast(model.count - count)
      } else {
        model += [UInt8](repeating: 0, count: count - model.count)
      }
    }

    mutating func punch(_ range: Range<Int>, _ fetched: inout BlockSet) {
      retrying(&fetched) { $0.punch(range) }
      for index in range.clamped(to: 0..<model.count) { model[index] = 0 }
    }

    mutating func allocate(_ range: Range<Int>, keepingSize: Bool, _ fetched: inout BlockSet) {
      retrying(&fetched) { $0.allocate(range, keepingSize: keepingSize) }
      if !keepingSize, range.upperBound > model.count {
        model += [UInt8](repeating: 0, count: range.upperBound - model.count)
      }
    }

    mutating func expectSame(_ range: Range<Int>, _ fetched: inout BlockSet) {
      while true {
        var got = [UInt8](repeating: 0xEE, count: range.count)
        let result = got.withUnsafeMutableBytes { draft.read(into: $0, at: range.lowerBound) }
        let inside = range.clamped(to: 0..<model.count)
        if case .missing(let run) = result {
          #expect(base!.put(run, into: draft.base!).isKept)
          fetched.insert(run)
          continue
        }
        let isSame = result == .read(inside.count) && got.prefix(inside.count).elementsEqual(model[inside])
        #expect(isSame, "\(result)")
        return
      }
    }

    mutating func finish(_ fetched: inout BlockSet, synced: Bool) -> StoredContent? {
      while true {
        switch draft.finish(synced: synced) {
        case .content(let content): return content
        case .empty: return nil
        case .needsBase(let run):
          #expect(base!.put(run, into: draft.base!).isKept)
          fetched.insert(run)
        case .trouble(let trouble):
          Issue.record("\(trouble)")
          return nil
        }
      }
    }
  }

  @Test(arguments: 0..<12)
  func `random writing ends in the same bytes and the same root as an array`(round: Int) throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let base =
      round % 2 == 0 ? nil : Sample(byteCount: .random(in: 1...600_000, using: &random), random: &random)
    let content = try base.map { try store.content($0.name) }
    if let base, let content { for list in base.lists { #expect(content.merge(list)) } }
    var pair = try Pair(store, over: base, in: content)
    var fetched = BlockSet()
    let limit = 700_000
    for _ in 0..<120 {
      let offset = Int.random(in: 0..<limit, using: &random)
      let count = Int.random(
        in: 1...[100, 5000, 40_000, 200_000].randomElement(using: &random)!, using: &random)
      switch Int.random(in: 0..<10, using: &random) {
      case 0: pair.truncate(to: offset, &fetched)
      case 1: pair.punch(offset..<offset + count, &fetched)
      case 2: pair.allocate(offset..<offset + count, keepingSize: .random(using: &random), &fetched)
      case 3: pair.expectSame(offset..<offset + count, &fetched)
      case 4: pair.write(random.bytes(4096), at: offset / 4096 * 4096, &fetched)
      case 5: pair.write(random.bytes(count), at: pair.model.count, &fetched)
      default: pair.write(random.bytes(count), at: offset, &fetched)
      }
      #expect(pair.draft.fileBytes == pair.model.count)
    }
    if pair.model.isEmpty { pair.write([1], at: 0, &fetched) }
    pair.expectSame(0..<limit * 2, &fetched)
    let result = try #require(pair.finish(&fetched, synced: .random(using: &random)))
    let sample = Sample(bytes: pair.model)
    #expect(result.name == sample.name)
    #expect(result.isWhole && result.isKept && sample.readsAll(from: result) == .right)
    #expect(try store.drafts.names().isEmpty)
    store.abandon()
    let reopened = try PieceStore(place)
    let again = try reopened.content(sample.name)
    #expect(eventually { again.isWhole })
    #expect(sample.readsAll(from: again) == .right)
  }

  @Test func `overwriting a part of a file fetches the rest of it and no more`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let base = Sample(byteCount: 1_000_000, random: &random)
    let content = try store.content(base.name)
    for list in base.lists { #expect(content.merge(list)) }
    var pair = try Pair(store, over: base, in: content)
    var fetched = BlockSet()
    pair.write(random.bytes(16_384 * 30), at: 16_384 * 10, &fetched)
    #expect(fetched.isEmpty)
    pair.write(random.bytes(10), at: 16_384 * 3 + 5, &fetched)
    #expect(fetched.runs(in: base.layout.allBlocks) == [blocks(3..<4)])
    pair.truncate(to: 16_384 * 50 + 1, &fetched)
    #expect(fetched.contains(50) && fetched.count == 2)
    _ = pair.finish(&fetched, synced: true)
    #expect(fetched.runs(in: base.layout.allBlocks) == [blocks(0..<10), blocks(40..<51)])
  }

  @Test func `truncating to nothing and writing anew fetches nothing`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let base = Sample(byteCount: 1_000_000, random: &random)
    let content = try store.content(base.name)
    var pair = try Pair(store, over: base, in: content)
    var fetched = BlockSet()
    pair.truncate(to: 0, &fetched)
    pair.truncate(to: 300_000, &fetched)
    pair.write(random.bytes(100), at: 200_000, &fetched)
    let result = try #require(pair.finish(&fetched, synced: true))
    #expect(result.name == Sample(bytes: pair.model).name)
    #expect(fetched.isEmpty)
  }

  @Test func `an empty draft ends as nothing`() throws {
    let place = Place()
    let store = try PieceStore(place)
    let draft = try store.draft()
    #expect(draft.write([1, 2, 3].span.bytes, at: 10) == .done)
    #expect(draft.truncate(to: 0) == .done)
    guard case .empty = draft.finish() else {
      Issue.record("it is not empty")
      return
    }
    #expect(draft.write([1].span.bytes, at: 0) == .trouble(.cancelled))
    #expect(try store.drafts.names().isEmpty)
  }

  @Test func `a file made huge by one truncation is not read`() throws {
    let place = Place()
    let store = try PieceStore(place)
    let draft = try store.draft()
    #expect(draft.truncate(to: 1 << 32) == .done)
    #expect(draft.write([1].span.bytes, at: 1 << 31) == .done)
    #expect(draft.write([1].span.bytes, at: 1 << 50) == .trouble(.tooLarge))
    guard case .content(let content) = draft.finish() else {
      Issue.record("it does not end")
      return
    }
    #expect(content.isWhole && content.cachedBytes < mebibytes(1))
  }

  @Test func `the same bytes written again become the same content`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let sample = Sample(byteCount: 900_000, random: &random)
    let fetched = try store.content(sample.name)
    for list in sample.lists { #expect(fetched.merge(list)) }
    #expect(sample.put(blocks(0..<10), into: fetched).isKept)
    for _ in 0..<2 {
      let draft = try store.draft()
      #expect(draft.write(sample.bytes.span.bytes, at: 0) == .done)
      guard case .content(let content) = draft.finish() else {
        Issue.record("it does not end")
        return
      }
      #expect(content === fetched && content.isWhole)
      #expect(sample.readsAll(from: fetched) == .right)
    }
    #expect(store.usage.fetchedBytes == 0 && store.usage.ownBytes > 0)
    try fetched.setKept(false)
    #expect(store.usage.fetchedBytes > 0 && store.usage.ownBytes == 0)
  }

  @Test func `a draft that a crash has left is found, with its label and its bytes`() throws {
    var random = SeededRandom()
    let place = Place()
    let base = Sample(byteCount: 500_000, random: &random)
    var expected = base.bytes
    do {
      let store = try PieceStore(place)
      let content = try store.content(base.name)
      base.putAll(into: content)
      store.save()
      let draft = try store.draft(over: content, label: Array("team/notes.txt".utf8))
      let bytes = random.bytes(20_000)
      #expect(draft.write(bytes.span.bytes, at: 100_000) == .done)
      expected.replaceSubrange(100_000..<120_000, with: bytes)
      #expect(draft.truncate(to: 450_000) == .done)
      #expect(draft.truncate(to: 460_000) == .done)
      expected = Array(expected[..<450_000]) + [UInt8](repeating: 0, count: 10_000)
      try draft.sync()
      store.abandon()
    }
    let store = try PieceStore(place)
    let found = store.abandonedDrafts
    #expect(found.map(\.label) == [Array("team/notes.txt".utf8)] && found[0].fileBytes == 460_000)
    try store.recover(found[0], to: place.local("recovered"))
    #expect(bytes(of: place.local("recovered")) == expected)
    #expect(store.abandonedDrafts.isEmpty)
    #expect(try store.drafts.names().isEmpty)
  }

  @Test func `a draft that nobody wants any more is not found after a crash`() throws {
    let place = Place()
    do {
      let store = try PieceStore(place)
      for isWanted in [true, false] {
        let draft = try store.draft(label: Array("\(isWanted)".utf8))
        if !isWanted { draft.markUnwanted() }
        #expect(draft.write([1, 2, 3].span.bytes, at: 0) == .done, "it goes on all the same")
      }
      store.abandon()
    }
    let store = try PieceStore(place)
    #expect(store.abandonedDrafts.map(\.label) == [Array("true".utf8)])
    #expect(try store.drafts.names().count == 2)
    let draft = try store.draft()
    #expect(draft.write([1].span.bytes, at: 0) == .done)
    draft.markUnwanted()
    guard case .content = draft.finish() else {
      Issue.record("it does not end")
      return
    }
    draft.markUnwanted()
    #expect(try store.drafts.names().count == 2, "nothing is left of one that has ended")
  }

  @Test func `only what changes a draft keeps it from being dropped as unchanged`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place)
    let base = Sample(byteCount: 100_000, random: &random)
    let content = try store.content(base.name)
    base.putAll(into: content)
    let tooFar = 1 << 50
    let failing = try store.draft(over: content)
    #expect(failing.truncate(to: tooFar + 1) == .trouble(.tooLarge))
    #expect(failing.write([1].span.bytes, at: tooFar) == .trouble(.tooLarge))
    #expect(!failing.isChanged && failing.discardIfUnchanged())
    #expect(failing.write([1].span.bytes, at: 0) == .trouble(.cancelled))
    let changes: [(Draft) -> DraftResult] = [
      { $0.write([1].span.bytes, at: 5) }, { $0.truncate(to: 5) }, { $0.punch(0..<5) },
      { $0.allocate(0..<200_000, keepingSize: true) },
    ]
    for change in changes {
      let draft = try store.draft(over: content)
      #expect(change(draft) == .done)
      #expect(draft.isChanged && !draft.discardIfUnchanged())
    }
  }

  @Test func `a draft finished before a crash is a content after it, kept and whole`() throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 800_000, random: &random)
    do {
      let store = try PieceStore(place)
      let draft = try store.draft()
      #expect(draft.write(sample.bytes.span.bytes, at: 0) == .done)
      guard case .content = draft.finish() else {
        Issue.record("it does not end")
        return
      }
      store.abandon()
    }
    let store = try PieceStore(place, limitBytes: 1)
    let content = try store.content(sample.name)
    #expect(content.isWhole && content.isKept && !content.hasDoubts)
    #expect(sample.readsAll(from: content) == .right)
    #expect(store.abandonedDrafts.isEmpty)
  }
}

extension SeededRandom {
  mutating func bytes(_ count: Int) -> [UInt8] {
    let seed = next()
    var words = [UInt64](repeating: 0, count: (count + 7) / 8)
    for index in words.indices { words[index] = (seed &+ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15 }
    return words.withUnsafeBytes { Array($0.prefix(count)) }
  }
}

// What is here after the daemon was killed, and after somebody has laid hands on the cache's files: right bytes or
// missing ones, never wrong ones, and nothing that was verified is fetched twice.

import TestSupport
import Glibc
import GroupModel
import Testing

@testable import Swarm

@Suite struct RestartTests {
  @Test func `after a crash everything that was put is still here`() throws {
    var random = SeededRandom()
    for _ in 0..<5 {
      let place = Place()
      let sample = Sample(byteCount: .random(in: 1...9_000_000, using: &random), random: &random)
      let held = try crash(in: place, with: sample, &random)
      let store = try PieceStore(place)
      let content = try store.content(sample.name)
      #expect(content.missing(in: sample.layout.allBlocks) == held.gaps(in: sample.layout.allBlocks))
      #expect(eventually { !content.hasDoubts })
      #expect(content.held == held)
      for run in held.runs(in: sample.layout.allBlocks) {
        #expect(sample.reads(sample.layout.bytes(of: run), from: content) == .right)
      }
    }
  }

  /// Puts a random part, saving now and then, and ends without saving.
  private func crash(in place: Place, with sample: Sample, _ random: inout SeededRandom) throws -> BlockSet {
    let store = try PieceStore(place)
    let content = try store.content(sample.name)
    for list in sample.lists { #expect(content.merge(list)) }
    for run in sample.layout.allBlocks.parts(of: 7).shuffled(using: &random) {
      guard Bool.random(using: &random) else { continue }
      #expect(sample.put(run, into: content).isKept)
      if Int.random(in: 0..<20, using: &random) == 0 { store.save() }
    }
    store.abandon()
    return content.held
  }

  @Test func `what was closed in order is here again at once`() throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 5_000_000, random: &random)
    do {
      let store = try PieceStore(place)
      sample.putAll(into: try store.content(sample.name))
      store.close()
    }
    let content = try PieceStore(place).content(sample.name)
    #expect(content.isWhole && !content.hasDoubts)
    #expect(sample.readsAll(from: content) == .right)
    #expect(content.hashList(of: Subtree(piece: 3, in: sample.layout)!, base: 0) != nil)
  }

  @Test func `bytes whose hashes were lost count again when the hashes come back`() throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 3_000_000, random: &random)
    do {
      let store = try PieceStore(place)
      let content = try store.content(sample.name)
      for list in sample.lists { #expect(content.merge(list)) }
      #expect(sample.put(blocks(0..<100), into: content).isKept)
      store.close()
    }
    unlink(place.object(sample.name) + "/hashes")
    let store = try PieceStore(place)
    let content = try store.content(sample.name)
    #expect(sample.reads(0..<100, from: content) == .other(.missing(blocks(0..<1))))
    #expect(content.missing(in: blocks(0..<1)) == [blocks(0..<1)])
    for list in sample.lists { #expect(content.merge(list)) }
    #expect(content.missing(in: sample.layout.allBlocks) == [blocks(100..<sample.layout.blockCount)])
    #expect(eventually { content.holds(blocks(0..<100)) })
    #expect(sample.reads(0..<1_600_000, from: content) == .right)
  }

  @Test(arguments: [false, true])
  func `of a whole file, lost hashes are learnt from the file itself`(isShared: Bool) throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: 3_000_000, random: &random)
    do {
      let store = try PieceStore(place)
      if isShared {
        _ = try store.share(try HashedFile.hash(place.write("mine", sample.bytes)) { _, _ in true })
      } else {
        let draft = try store.draft()
        #expect(draft.write(sample.bytes.span.bytes, at: 0) == .done)
        _ = draft.finish()
      }
      store.close()
    }
    truncate(place.object(sample.name) + "/hashes", 500)
    unlink(place.object(sample.name) + "/have")
    let store = try PieceStore(place)
    let content = try store.content(sample.name)
    #expect(eventually { content.hashes.knowsAllLeaves && content.isWhole })
    #expect(sample.readsAll(from: content) == .right)
    #expect(content.proof(of: Subtree(block: 100, in: sample.layout)!) != nil)
  }

  enum Hand: CaseIterable {
    case flipData, truncateData, swapData, zeroTail, deleteData, growData
    case flipHave, truncateHave, deleteHave, emptyHave, foreignHave
    case flipHashes, truncateHashes, deleteHashes, deleteAllButData
  }

  @Test(arguments: Hand.allCases)
  func `whatever somebody does to the files, no wrong byte is read`(hand: Hand) throws {
    var random = SeededRandom()
    for isRunning in [false, true] {
      let place = Place()
      let sample = Sample(byteCount: .random(in: 200_000...3_000_000, using: &random), random: &random)
      var store = try PieceStore(place)
      var content = try store.content(sample.name)
      sample.putAll(into: content)
      store.save()
      if isRunning { #expect(sample.readsAll(from: content) == .right) }
      if !isRunning { store.close() }
      usleep(20_000)
      try lay(hand, on: place, sample, &random)
      if !isRunning {
        store = try PieceStore(place)
        content = try store.content(sample.name)
      }
      #expect(sample.readable(from: content) != nil, "\(hand), running: \(isRunning)")
      sample.refetch(into: content)
      #expect(sample.readsAll(from: content) == .right, "\(hand), running: \(isRunning)")
    }
  }

  private func lay(_ hand: Hand, on place: Place, _ sample: Sample, _ random: inout SeededRandom) throws {
    let folder = place.object(sample.name)
    let count = sample.bytes.count
    switch hand {
    case .flipData: flip(folder + "/data", &random)
    case .truncateData: truncate(folder + "/data", Int.random(in: 0..<count, using: &random))
    case .growData: truncate(folder + "/data", count + 100_000)
    case .swapData: swapHalves(folder + "/data")
    case .zeroTail:
      truncate(folder + "/data", count / 2)
      truncate(folder + "/data", count)
    case .deleteData: unlink(folder + "/data")
    case .flipHave: flip(folder + "/have", &random)
    case .truncateHave: truncate(folder + "/have", 30)
    case .deleteHave: unlink(folder + "/have")
    case .emptyHave: truncate(folder + "/have", 0)
    case .foreignHave:
      let layout = ContentLayout(fileBytes: count + 1)!
      let name = ContentName(root: sample.tree.root, layout: layout)
      let record = PieceFileRecord(name: name, place: .cache, stamp: nil, held: BlockSet(allOf: layout))
      _ = place.write("have", record.bytes)
      rename(place.path + "/have", folder + "/have")
    case .flipHashes: flip(folder + "/hashes", &random)
    case .truncateHashes: truncate(folder + "/hashes", 100)
    case .deleteHashes: unlink(folder + "/hashes")
    case .deleteAllButData:
      unlink(folder + "/hashes")
      unlink(folder + "/have")
    }
  }

  private func flip(_ path: String, _ random: inout SeededRandom) {
    let file = open(path, O_RDWR)
    defer { close(file) }
    let size = Int(lseek(file, 0, SEEK_END))
    for _ in 0..<3 {
      let offset = Int.random(in: 0..<size, using: &random)
      var byte: UInt8 = 0
      pread(file, &byte, 1, offset)
      byte ^= 0x10
      pwrite(file, &byte, 1, offset)
    }
  }

  private func swapHalves(_ path: String) {
    let file = open(path, O_RDWR)
    defer { close(file) }
    let half = Int(lseek(file, 0, SEEK_END)) / 2 / 16384 * 16384
    var bytes = [UInt8](repeating: 0, count: 2 * half)
    pread(file, &bytes, 2 * half, 0)
    bytes = Array(bytes[half...] + bytes[..<half])
    pwrite(file, bytes, 2 * half, 0)
  }

  @Test func `bytes changed right after they were put are not read`() throws {
    var random = SeededRandom()
    let place = Place()
    let heard = Heard()
    let store = try PieceStore(place, observer: heard.observer)
    let sample = Sample(byteCount: 1_000_000, random: &random)
    let content = try store.content(sample.name)
    sample.putAll(into: content)
    usleep(20_000)
    let file = open(place.object(sample.name) + "/data", O_WRONLY)
    pwrite(file, "changed", 7, 600_000)
    close(file)
    #expect(sample.reads(590_000..<610_000, from: content) == .other(.missing(blocks(36..<37))))
    #expect(heard.lost.contains(36) && content.heldBlockCount == sample.layout.blockCount - 1)
  }

  @Test func `a record that claims blocks that are not there is found out when they are read`() throws {
    var random = SeededRandom()
    let place = Place()
    let heard = Heard()
    let sample = Sample(byteCount: 2_000_000, random: &random)
    do {
      let store = try PieceStore(place)
      let content = try store.content(sample.name)
      for list in sample.lists { #expect(content.merge(list)) }
      #expect(sample.put(blocks(0..<32), into: content).isKept)
      store.close()
    }
    let record = PieceFileRecord(
      name: sample.name, place: .cache, stamp: nil, held: BlockSet(allOf: sample.layout))
    try PieceStore(place).content(sample.name).folder.made().replace(
      "have", with: record.bytes, .processCrash)
    let content = try PieceStore(place, observer: heard.observer).content(sample.name)
    #expect(sample.reads(0..<524_288, from: content) == .right)
    #expect(sample.reads(600_000..<600_001, from: content) == .other(.missing(blocks(36..<37))))
    #expect(heard.lost.contains(36))
  }
}

extension Place {
  func object(_ name: ContentName) -> String {
    "\(path)/cache/objects/\(name.shelfName)/\(name.folderName)"
  }
}

extension Sample {
  /// Fetches what is missing until nothing is.
  func refetch(into content: StoredContent) {
    for list in lists { #expect(content.merge(list)) }
    for _ in 0..<5 {
      for block in layout.allBlocks.indices {
        let run = blocks(block..<block + 1)
        if case .other(.missing) = reads(layout.bytes(of: run), from: content) {
          #expect(put(run, into: content).isKept)
        }
      }
    }
  }
}

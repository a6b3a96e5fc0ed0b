// The cache's limit: what was used longest ago goes, what must stay stays, and nobody reads a hole.

import TestSupport
import Glibc
import GroupModel
import Synchronization
import Testing

@testable import Swarm

@Suite struct EvictionTests {
  @Test func `the cache stays under its limit, and what was used last stays`() throws {
    var random = SeededRandom()
    let place = Place()
    let heard = Heard()
    let store = try PieceStore(place, limitBytes: mebibytes(8), observer: heard.observer)
    let samples = (0..<6).map { _ in Sample(byteCount: mebibytes(3), random: &random) }
    for sample in samples {
      sample.putAll(into: try store.content(sample.name))
      usleep(10_000)
      _ = samples[0].reads(mebibytes(1)..<mebibytes(2), from: try store.content(samples[0].name))
      #expect(store.usage.fetchedBytes <= mebibytes(8))
      #expect(try allocated(store, samples) <= mebibytes(8))
    }
    let first = try store.content(samples[0].name)
    #expect(first.holds(blocks(64..<128)))
    #expect(try store.content(samples[5].name).isWhole)
    #expect(try store.content(samples[1].name).heldBlockCount == 0)
    #expect(heard.all.contains { if case .lost(_, .evicted) = $0 { true } else { false } })
    for sample in samples { #expect(sample.readable(from: try store.content(sample.name)) != nil) }
  }

  private func allocated(_ store: PieceStore, _ samples: [Sample]) throws -> Int {
    try samples.reduce(0) { try $0 + store.content($1.name).cachedBytes }
  }

  @Test func `pieces of an open file go too, its ends last`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place, limitBytes: mebibytes(8))
    let sample = Sample(byteCount: mebibytes(16), random: &random)
    let content = try store.content(sample.name)
    sample.putAll(into: content)
    let last = sample.layout.blockCount
    #expect(content.holds(blocks(0..<64)) && content.holds(blocks(last - 64..<last)))
    #expect(content.cachedBytes <= mebibytes(8) && content.heldBlockCount > 400)
    #expect(content.missing(in: sample.layout.allBlocks).first?.start == 64)
    let size = try content.folder.made().status(of: "data")
    #expect(Int(size.st_size) == mebibytes(16) && Int(size.st_blocks) * 512 <= mebibytes(8))
  }

  @Test func `after a crash the record claims nothing that was punched out`() throws {
    var random = SeededRandom()
    let place = Place()
    let sample = Sample(byteCount: mebibytes(16), random: &random)
    let held: BlockSet
    do {
      let store = try PieceStore(place, limitBytes: mebibytes(8))
      let content = try store.content(sample.name)
      for list in sample.lists { #expect(content.merge(list)) }
      for piece in 0..<sample.layout.pieceCount {
        #expect(sample.put(sample.layout.blocks(ofPiece: piece), into: content).isKept)
        if piece % 5 == 0 { store.save() }
      }
      held = content.held
      store.abandon()
    }
    let store = try PieceStore(place)
    let content = try store.content(sample.name)
    #expect(eventually { !content.hasDoubts })
    #expect(content.held == held)
    #expect(sample.readable(from: content) == held.count * ContentLayout.blockBytes)
  }

  @Test func `what is published from the cache, shared in place or held whole by the kernel stays`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place, limitBytes: mebibytes(8))
    let (kept, pinned, shared, other) = (
      Sample(byteCount: mebibytes(3), random: &random), Sample(byteCount: mebibytes(3), random: &random),
      Sample(byteCount: mebibytes(3), random: &random), Sample(byteCount: mebibytes(20), random: &random)
    )
    try sample(kept, store).setKept(true)
    let whole = try #require(try sample(pinned, store).wholeFile())
    _ = try store.share(try HashedFile.hash(place.write("shared", shared.bytes)) { _, _ in true })
    let content = try sample(other, store)
    #expect(content.heldBlockCount > 0 && !content.isWhole)
    #expect(kept.readsAll(from: try store.content(kept.name)) == .right)
    #expect(pinned.readsAll(from: whole.content) == .right)
    #expect(shared.readsAll(from: try store.content(shared.name)) == .right)
    #expect(store.usage.ownBytes >= mebibytes(3) && store.usage.fetchedBytes <= mebibytes(8))
  }

  private func sample(_ sample: Sample, _ store: PieceStore) throws -> StoredContent {
    let content = try store.content(sample.name)
    sample.putAll(into: content)
    return content
  }

  @Test func `a guess throws out nothing that was just used, a demand does`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place, limitBytes: mebibytes(4))
    let old = Sample(byteCount: mebibytes(4), random: &random)
    let new = Sample(byteCount: mebibytes(4), random: &random)
    let oldContent = try sample(old, store)
    let content = try store.content(new.name)
    for list in new.lists { #expect(content.merge(list)) }
    #expect(!store.hasRoom(for: 524_288, .ahead) && store.hasRoom(for: 524_288, .demand))
    #expect(new.put(blocks(0..<32), into: content, for: .ahead) == .trouble(.full))
    #expect(oldContent.isWhole && content.heldBlockCount == 0)
    #expect(new.put(blocks(0..<32), into: content, for: .demand).isKept)
    #expect(!oldContent.isWhole)
  }

  @Test func `when nothing may go, what somebody waits for exceeds the limit, and no guess does`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place, limitBytes: mebibytes(2))
    let pinned = Sample(byteCount: mebibytes(2), random: &random)
    let whole = try #require(try sample(pinned, store).wholeFile())
    let new = Sample(byteCount: mebibytes(1), random: &random)
    let content = try store.content(new.name)
    for list in new.lists { #expect(content.merge(list)) }
    #expect(new.put(blocks(0..<1), into: content, for: .ahead) == .trouble(.full))
    #expect(new.reads(0..<1, from: content) == .other(.missing(blocks(0..<1))))
    #expect(new.put(blocks(0..<1), into: content).isKept)
    #expect(new.reads(0..<1, from: content) == .right)
    #expect(whole.content.isWhole)
  }

  @Test func `what the disk has to keep free is kept free, whoever waits`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(
      at: place.local("cache"), limit: CacheLimit(bytes: mebibytes(8), freeBytes: 1 << 60))
    let sample = Sample(byteCount: mebibytes(1), random: &random)
    let content = try store.content(sample.name)
    for list in sample.lists { #expect(content.merge(list)) }
    #expect(sample.put(blocks(0..<1), into: content) == .trouble(.full))
  }

  @Test(arguments: [1, 2, 4])
  func `a file is read through a cache that is much smaller, by several at once`(limit: Int) throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place, limitBytes: mebibytes(limit))
    let sample = Sample(byteCount: mebibytes(16), random: &random)
    let content = try store.content(sample.name)
    for list in sample.lists { #expect(content.merge(list)) }
    let wrong = Atomic(0)
    let most = Atomic(0)
    // Each fetches 128 KiB, and reads them then, as a mount does for the kernel.
    inParallel(4, seed: random.next()) { _ in
      for start in stride(from: 0, to: sample.layout.blockCount, by: 8) {
        let run = blocks(start..<start + 8)
        // What came may be taken away again before it is read; not often.
        let isRead = (0..<8).contains { _ in
          sample.put(run, into: content).isKept
            && sample.reads(sample.layout.bytes(of: run), from: content) == .right
        }
        if !isRead { wrong.add(1, ordering: .relaxed) }
        most.max(store.usage.fetchedBytes, ordering: .relaxed)
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(most.load(ordering: .relaxed) <= mebibytes(max(limit, 3) + 1))
  }

  @Test func `contents of earlier runs are counted, and go first`() throws {
    var random = SeededRandom()
    let place = Place()
    let old = (0..<4).map { _ in Sample(byteCount: mebibytes(2), random: &random) }
    do {
      let store = try PieceStore(place)
      for item in old {
        _ = try sample(item, store)
        usleep(10_000)
      }
      store.close()
    }
    let store = try PieceStore(place, limitBytes: mebibytes(9))
    #expect(eventually { store.usage.fetchedBytes >= mebibytes(8) })
    let new = Sample(byteCount: mebibytes(4), random: &random)
    #expect(try sample(new, store).isWhole)
    #expect(try store.content(old[0].name).heldBlockCount == 0)
    #expect(try store.content(old[3].name).isWhole)
    #expect(access(place.object(old[0].name), F_OK) != 0)
    #expect(store.usage.fetchedBytes <= mebibytes(9))
  }

  @Test func `readers meet eviction and never a hole`() throws {
    var random = SeededRandom()
    let place = Place()
    let store = try PieceStore(place, limitBytes: mebibytes(5))
    let sample = Sample(byteCount: mebibytes(10), random: &random)
    let content = try store.content(sample.name)
    for list in sample.lists { #expect(content.merge(list)) }
    let wrong = Atomic(0)
    inParallel(4, seed: random.next()) { random in
      for _ in 0..<300 {
        let piece = Int.random(in: 0..<sample.layout.pieceCount, using: &random)
        let run = sample.layout.blocks(ofPiece: piece)
        switch sample.reads(sample.layout.bytes(of: run), from: content) {
        case .wrong: wrong.add(1, ordering: .relaxed)
        case .other: _ = sample.put(run, into: content)
        case .right: break
        }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(sample.readable(from: content) != nil)
  }
}

/// On a disk of 8 MiB, which only root can make.
@Suite(.enabled(if: geteuid() == 0), .serialized) struct FullDiskTests {
  private final class SmallDisk {
    let place = Place()
    let path: String

    init(mebibytes count: Int) {
      path = place.path + "/disk"
      mkdir(path, 0o700)
      #expect(run("mount", "-t", "tmpfs", "-o", "size=\(count)m", "tmpfs", path) == 0)
    }

    deinit { run("umount", "-l", path) }

    func store(limitBytes: Int = 1 << 40) throws -> PieceStore {
      try PieceStore(
        at: LocalPath(path + "/cache")!, limit: CacheLimit(bytes: limitBytes, freeBytes: 0))
    }
  }

  @Test func `on a full disk a block stays missing, and the rest is right`() throws {
    var random = SeededRandom()
    let disk = SmallDisk(mebibytes: 8)
    let store = try disk.store()
    let sample = Sample(byteCount: mebibytes(6), random: &random)
    let content = try store.content(sample.name)
    sample.putAll(into: content)
    try content.setKept(true)
    let more = Sample(byteCount: mebibytes(6), random: &random)
    let second = try store.content(more.name)
    for list in more.lists { #expect(second.merge(list)) }
    var refused = 0
    for piece in 0..<more.layout.pieceCount {
      let run = more.layout.blocks(ofPiece: piece)
      if more.put(run, into: second, for: .ahead) == .trouble(.full) { refused += 1 }
    }
    #expect(refused > 0)
    #expect(more.readable(from: second) == second.heldBlockCount * ContentLayout.blockBytes)
    #expect(sample.readsAll(from: content) == .right)
    store.close()
    let again = try disk.store()
    #expect(sample.readsAll(from: try again.content(sample.name)) == .right)
    #expect(more.readable(from: try again.content(more.name)) != nil)
  }

  @Test func `a full disk makes room by evicting`() throws {
    var random = SeededRandom()
    let disk = SmallDisk(mebibytes: 8)
    let store = try disk.store()
    let samples = (0..<5).map { _ in Sample(byteCount: mebibytes(4), random: &random) }
    for sample in samples {
      let content = try store.content(sample.name)
      sample.putAll(into: content)
      #expect(content.isWhole && sample.readsAll(from: content) == .right)
    }
  }

  @Test func `a disk that is nearly full has room for what somebody waits for, and for nothing else`() throws
  {
    var random = SeededRandom()
    let disk = SmallDisk(mebibytes: 12)
    let store = try PieceStore(
      at: LocalPath(disk.path + "/cache")!, limit: CacheLimit(bytes: 1 << 40, freeBytes: mebibytes(32)))
    let sample = Sample(byteCount: mebibytes(1), random: &random)
    let content = try store.content(sample.name)
    for list in sample.lists { #expect(content.merge(list)) }
    #expect(sample.put(blocks(0..<1), into: content, for: .ahead) == .trouble(.full))
    #expect(sample.put(blocks(0..<1), into: content).isKept)
  }

  @Test func `so much of the disk stays free for others`() throws {
    var random = SeededRandom()
    let disk = SmallDisk(mebibytes: 12)
    let store = try PieceStore(
      at: LocalPath(disk.path + "/cache")!, limit: CacheLimit(bytes: 1 << 40, freeBytes: mebibytes(5)))
    for _ in 0..<4 {
      let sample = Sample(byteCount: mebibytes(3), random: &random)
      let content = try store.content(sample.name)
      sample.putAll(into: content)
      #expect(sample.readsAll(from: content) == .right)
      #expect(try store.folder.freeBytes() >= mebibytes(5) - 100_000)
    }
  }

  @Test func `a download that does not fit is refused at the beginning, and while it grows`() throws {
    var random = SeededRandom()
    let disk = SmallDisk(mebibytes: 8)
    let place = Place()
    let store = try PieceStore(place)
    let large = Sample(byteCount: mebibytes(9), random: &random)
    #expect(throws: DiskTrouble.full) { try store.download(large.name, to: LocalPath(disk.path + "/large")!) }
    let sample = Sample(byteCount: mebibytes(6), random: &random)
    let path = LocalPath(disk.path + "/file")!
    let download = try store.download(sample.name, to: path)
    let filler = open(disk.path + "/filler", O_WRONLY | O_CREAT, 0o600)
    posix_fallocate(filler, 0, mebibytes(5))
    close(filler)
    for list in sample.lists { #expect(download.content.merge(list)) }
    let results = (0..<sample.layout.pieceCount).map {
      sample.put(sample.layout.blocks(ofPiece: $0), into: download.content)
    }
    #expect(results.contains(.trouble(.full)))
    #expect(throws: DiskTrouble.missing) { try download.finish() }
    unlink(disk.path + "/filler")
    sample.refetch(into: download.content)
    try download.finish()
    #expect(bytes(of: path) == sample.bytes)
  }

  @Test func `a draft on a full disk fails its write and nothing else`() throws {
    var random = SeededRandom()
    let disk = SmallDisk(mebibytes: 8)
    let store = try disk.store()
    let draft = try store.draft()
    let sample = Sample(byteCount: mebibytes(10), random: &random)
    var written = 0
    while written < sample.bytes.count {
      let end = min(written + 131_072, sample.bytes.count)
      let result = draft.write(sample.bytes.span.bytes.extracting(written..<end), at: written)
      guard result == .done else {
        #expect(result == .trouble(.full))
        break
      }
      written = end
    }
    #expect(written > mebibytes(6) && written < mebibytes(8) && draft.fileBytes == written)
    let smaller = Sample(bytes: Array(sample.bytes[..<mebibytes(6)]))
    #expect(draft.truncate(to: mebibytes(6)) == .done)
    guard case .content(let content) = draft.finish() else {
      Issue.record("the draft does not end")
      return
    }
    #expect(content.name == smaller.name && smaller.readsAll(from: content) == .right)
  }

  @Test func `a record that cannot be written to the journal is refused, and the journal stays whole`() throws
  {
    let disk = SmallDisk(mebibytes: 1)
    let ledger = try ShareLedger(in: LocalPath(disk.path)!)
    let filler = open(disk.path + "/filler", O_WRONLY | O_CREAT, 0o600)
    var shares: [LedgeredShare] = []
    for index in 0..<100_000 {
      do throws(DiskTrouble) {
        let share = LedgeredShare.example(index)
        try ledger.put(share)
        shares.append(share)
      } catch {
        #expect(error == .full)
        break
      }
    }
    close(filler)
    #expect(ledger.shares == shares)
    #expect(shares.count > 100)
    #expect(try ShareLedger(in: LocalPath(disk.path)!).shares == shares)
  }
}

// What outlives a restart: the journal of what is to be published, and the list of what is shared and downloaded.

import TestSupport
import Glibc
import GroupModel
import Testing

@testable import Swarm

extension LedgeredShare {
  static func example(_ index: Int) -> LedgeredShare {
    let key = LedgerKey(GroupID(UInt64(index % 7)), try! FilePath("photos/\(index).jpg"))
    let root = ContentRoot(Digest(hashing: Array("\(index)".utf8).span.bytes))
    let content = FileContent(size: UInt64(index + 1), root: root, isExecutable: index % 2 == 0)!
    return LedgeredShare(key, content: content, place: index % 3 == 0 ? nil : LocalPath("/home/a/\(index)")!)
  }
}

private func publish(_ index: Int) -> PendingPublish {
  let share = LedgeredShare.example(index)
  let wish = Proposal.Wish.publish(
    share.key.path, .file(share.content), modified: Int64(index) * 1_000_000_007, over: UInt64(index))
  return PendingPublish(
    Proposal(wish, in: GroupName("team")!), in: share.key.group,
    as: RequestID(instance: 99, sequence: UInt64(index)))
}

@Suite struct LedgerTests {
  @Test func `the journal gives back what was appended and not removed, in order`() throws {
    var random = SeededRandom()
    let place = Place()
    var expected: [PendingPublish] = []
    for _ in 0..<5 {
      let journal = try PublishJournal(in: place.local("journal"))
      #expect(journal.pending == expected && !journal.wasDamaged)
      for _ in 0..<30 {
        if Bool.random(using: &random) || expected.isEmpty {
          let next = publish(Int.random(in: 0..<1_000_000, using: &random))
          try journal.append(next)
          expected.append(next)
        } else {
          try journal.remove(expected.remove(at: .random(in: expected.indices, using: &random)).request)
        }
      }
      #expect(journal.pending == expected)
      // Whoever only looks may do so while it is in use.
      #expect(try PublishJournal.count(in: place.local("journal")) == expected.count)
    }
    #expect(try PublishJournal.count(in: place.local("nowhere")) == 0)
  }

  @Test func `a journal torn at any byte gives back all but the torn record`() throws {
    let place = Place()
    let all = (0..<5).map(publish)
    var ends: [Int] = []
    let path = place.path + "/journal/publish-journal"
    do {
      let journal = try PublishJournal(in: place.local("journal"))
      for item in all {
        try journal.append(item)
        ends.append(bytes(of: LocalPath(path)!)!.count)
      }
    }
    let whole = bytes(of: LocalPath(path)!)!
    for cut in 0...whole.count {
      _ = place.write("journal/publish-journal", Array(whole[..<cut]))
      let journal = try PublishJournal(in: place.local("journal"))
      let count = ends.count { $0 <= cut }
      #expect(journal.pending == Array(all[..<count]) && !journal.wasDamaged, "cut at \(cut)")
      try journal.append(all[4])
      #expect(try PublishJournal(in: place.local("journal")).pending.last == all[4])
    }
  }

  @Test func `a journal with a flipped bit loses one record, says so, and keeps what it found`() throws {
    var random = SeededRandom()
    let place = Place()
    let all = (0..<5).map(publish)
    do {
      let journal = try PublishJournal(in: place.local("journal"))
      for item in all { try journal.append(item) }
    }
    let path = place.local("journal/publish-journal")
    let whole = bytes(of: path)!
    for _ in 0..<100 {
      var damaged = whole
      damaged[Int.random(in: 0..<whole.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
      _ = place.write("journal/publish-journal", damaged)
      let pending = try PublishJournal(in: place.local("journal")).pending
      #expect(pending.count == 4 && pending.allSatisfy { all.contains($0) })
      #expect(try PublishJournal(in: place.local("journal")).pending == pending)
    }
  }

  @Test func `rubbish is no journal, and does no harm`() throws {
    var random = SeededRandom()
    let place = Place()
    mkdir(place.path + "/journal", 0o700)
    for _ in 0..<50 {
      let mark: [UInt8] = [0xD9, 0x70, 0x32, 0x70]
      var rubbish = random.bytes(.random(in: 1...5000, using: &random))
      for _ in 0..<5 {
        let offset = Int.random(in: 0..<rubbish.count, using: &random)
        for (index, byte) in mark.enumerated() where offset + index < rubbish.count {
          rubbish[offset + index] = byte
        }
      }
      _ = place.write("journal/publish-journal", rubbish)
      let journal = try PublishJournal(in: place.local("journal"))
      #expect(journal.pending.isEmpty)
      try journal.append(publish(1))
      #expect(try PublishJournal(in: place.local("journal")).pending == [publish(1)])
    }
  }

  @Test func `the ledger keeps the last word on each file`() throws {
    var random = SeededRandom()
    let place = Place()
    var expected: [LedgerKey: LedgeredShare] = [:]
    for _ in 0..<4 {
      let ledger = try ShareLedger(in: place.local("ledger"))
      #expect(Set(ledger.shares) == Set(expected.values))
      for _ in 0..<100 {
        let share = LedgeredShare.example(.random(in: 0..<20, using: &random))
        if Int.random(in: 0..<4, using: &random) == 0 {
          try ledger.removeShare(share.key)
          expected[share.key] = nil
        } else {
          let changed = share.stopped(.random(using: &random))
          try ledger.put(changed)
          expected[share.key] = changed
        }
      }
    }
    let ledger = try ShareLedger(in: place.local("ledger"))
    #expect(Set(ledger.shares) == Set(expected.values))
    #expect(bytes(of: place.local("ledger/shares"))!.count < 300 * (expected.count + 1))
  }

  @Test func `downloads are remembered in their state`() throws {
    let place = Place()
    let share = LedgeredShare.example(5)
    let download = LedgeredDownload(share.key, content: share.content, destination: LocalPath("/tmp/x y")!)
    do {
      let ledger = try ShareLedger(in: place.local("ledger"))
      try ledger.put(download)
      try ledger.put(download.with(.complete))
    }
    let ledger = try ShareLedger(in: place.local("ledger"))
    #expect(ledger.downloads == [download.with(.complete)])
    #expect(ledger.download(share.key)?.state == .complete)
    try ledger.removeDownload(share.key)
    #expect(try ShareLedger(in: place.local("ledger")).downloads.isEmpty)
  }

  @Test func `what is wanted is remembered until it is here`() throws {
    let place = Place()
    let wishes = (1...3).map { LedgeredShare.example($0) }.map { LedgeredWish($0.key, content: $0.content) }
    do {
      let ledger = try ShareLedger(in: place.local("ledger"))
      for wish in wishes { try ledger.put(wish) }
      try ledger.removeWish(wishes[1].key)
    }
    let ledger = try ShareLedger(in: place.local("ledger"))
    #expect(ledger.wishes == [wishes[0], wishes[2]])
    #expect(ledger.wish(wishes[2].key) == wishes[2] && ledger.wish(wishes[1].key) == nil)
  }

  @Test func `what has come is remembered, and of too much the last`() throws {
    let place = Place()
    let all = (1...25).map { LedgeredShare.example($0) }.map { LedgeredWish($0.key, content: $0.content) }
    do {
      let ledger = try ShareLedger(in: place.local("ledger"), broughtMax: 10)
      for wish in all.prefix(10) { try ledger.putBrought(wish) }
      try ledger.removeBrought(all[3].key)
      #expect(ledger.brought == Array(all[..<3] + all[4..<10]))
      #expect(ledger.brought { $0 == all[4].key } == [all[4]] && ledger.brought(all[3].key) == nil)
    }
    do {
      let ledger = try ShareLedger(in: place.local("ledger"), broughtMax: 10)
      for wish in all.dropFirst(10) { try ledger.putBrought(wish) }
      #expect((5...10).contains(ledger.brought.count))
    }
    let ledger = try ShareLedger(in: place.local("ledger"), broughtMax: 10)
    #expect(ledger.brought == Array(all.suffix(ledger.brought.count)) && ledger.wishes.isEmpty)
  }

  @Test func `a ledger that has changed often is written anew while it runs`() throws {
    let place = Place()
    let ledger = try ShareLedger(in: place.local("ledger"))
    let share = LedgeredShare.example(1)
    for index in 0..<1500 { try ledger.put(share.stopped(index % 2 == 0)) }
    #expect(bytes(of: place.local("ledger/shares"))!.count < 1100 * 150)
    #expect(try ShareLedger(in: place.local("ledger")).shares == [share.stopped(false)])
  }

  @Test func `numbers are kept, and of too many the last`() throws {
    let place = Place()
    let all = (1...25).map { KeptNumber(1000 + $0, for: $0) }
    do {
      let numbers = try KeptNumbers(in: place.local("numbers"), countMax: 10)
      for number in all.prefix(10) { try numbers.keep(number) }
      try numbers.keep(KeptNumber(7, for: 10))
      #expect(numbers.all == all.prefix(9) + [KeptNumber(7, for: 10)])
    }
    do {
      let numbers = try KeptNumbers(in: place.local("numbers"), countMax: 10)
      for number in all.dropFirst(10) { try numbers.keep(number) }
    }
    #expect(try KeptNumbers(in: place.local("numbers"), countMax: 10).all == all.suffix(10))
  }
}

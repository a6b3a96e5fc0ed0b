// Who holds what, as the tracker remembers it.

import GroupModel
import Link
import Testing

@testable import Tracker

@Suite struct RegistryTests {
  private let registry = Registry()
  private let allowance = AnnouncementAllowance()

  private func key(_ number: Int, in group: UInt64 = 1) -> ContentKey {
    ContentKey(
      group: GroupID(group), root: ContentRoot(Digest(hashing: Array("content \(number)".utf8).span.bytes)))
  }

  private func announce(_ key: ContentKey, by session: UInt64, _ pieces: Holding.Pieces = .all) {
    let registration = Registration(
      user: UserName("user-\(session)")!, lineage: session,
      address: PeerAddress(ip: [127, 0, 0, 1], port: 1000)!, pieces: pieces)
    registry.announce(key, of: SessionID(number: session), registration, allowance)
  }

  @Test func `one who asks is told of all others`() {
    for session in 1...3 { announce(key(1), by: UInt64(session)) }
    announce(key(1, in: 2), by: 4)
    announce(key(2), by: 5)
    let holders = registry.holders(of: key(1), except: SessionID(number: 2))
    #expect(Set(holders.map(\.user.description)) == ["user-1", "user-3"])
    #expect(registry.count(key(1)) == 3)
    #expect(registry.count(key(9)) == 0)
  }

  @Test func `announcing again replaces, withdrawing forgets`() {
    announce(key(1), by: 1, .some([0..<1]))
    announce(key(1), by: 1, .all)
    #expect(registry.count(key(1)) == 1)
    #expect(registry.holders(of: key(1), except: SessionID(number: 9)).first?.pieces == .all)
    registry.withdraw(key(1), of: SessionID(number: 1), allowance)
    registry.withdraw(key(1), of: SessionID(number: 1), allowance)
    #expect(registry.counts == (0, 0))
  }

  @Test func `who has a part is not one who has all`() {
    announce(key(1), by: 1)
    announce(key(1), by: 2, .some([0..<1]))
    announce(key(1), by: 3)
    #expect(
      registry.wholeHolders(of: key(1), except: UserName("user-3")!) == [UserName("user-1")!])
    announce(key(1), by: 2)
    registry.withdraw(key(1), of: SessionID(number: 1), allowance)
    #expect(
      registry.wholeHolders(of: key(1), except: UserName("user-3")!) == [UserName("user-2")!])
    #expect(registry.wholeHolders(of: key(9), except: UserName("user-3")!).isEmpty)
  }

  @Test func `another machine of a user is one of another login, and has all of it`() {
    announce(key(1), by: 1)
    announce(key(2), by: 1, .some([0..<1]))
    let user = UserName("user-1")!
    #expect(registry.isHeldWhole(key(1), by: user, besides: 2))
    #expect(!registry.isHeldWhole(key(1), by: user, besides: 1), "an older line of this machine")
    #expect(!registry.isHeldWhole(key(2), by: user, besides: 2))
    #expect(!registry.isHeldWhole(key(1), by: UserName("user-2")!, besides: 2))
  }

  @Test func `of very many some are told, and not always the same`() {
    for session in 1...500 { announce(key(1), by: UInt64(session)) }
    var seen: Set<UserName> = []
    for _ in 0..<40 {
      let holders = registry.holders(of: key(1), except: SessionID(number: 1))
      #expect(holders.count == Registry.holdersMax)
      seen.formUnion(holders.map(\.user))
    }
    #expect(seen.count > 200)
    #expect(!seen.contains(UserName("user-1")!))
  }

  @Test func `thousands come and go, and nothing is left`() {
    for round in 0..<3 {
      for number in 0..<5000 { announce(key(number % 700), by: UInt64(number + round)) }
      for number in 0..<5000 {
        registry.withdraw(key(number % 700), of: SessionID(number: UInt64(number + round)), allowance)
      }
    }
    #expect(registry.counts == (0, 0))
  }
}

@Suite struct AnnouncementAllowanceTests {
  @Test func `what is beyond it is refused and takes nothing`() {
    let allowance = AnnouncementAllowance()
    #expect(allowance.take(AnnouncementAllowance.weightMax))
    #expect(!allowance.take(1))
    allowance.giveBack(10)
    #expect(!allowance.take(11))
    #expect(allowance.take(10))
    #expect(allowance.take(-5), "a smaller announcement than before is never refused")
    #expect(allowance.weight == AnnouncementAllowance.weightMax - 5)
  }

  @Test func `many pieces weigh more than all of them`() {
    let runs = (0..<UInt32(Holding.Pieces.rangesMax)).map { $0 * 2..<$0 * 2 + 1 }
    #expect(AnnouncementAllowance.weight(of: .all) == 1)
    #expect(AnnouncementAllowance.weight(of: .some([0..<9])) == 1)
    #expect(AnnouncementAllowance.weight(of: .some(runs)) == 9)
  }

  @Test func `who comes and goes without end is no longer told of`() {
    let allowance = AnnouncementAllowance()
    var told = 0
    for _ in 0..<10_000 where allowance.tellingsLeft >= 100 {
      allowance.told(100)
      told += 100
    }
    #expect(told <= AnnouncementAllowance.tellingsBurst + 100_000)
    #expect(told >= AnnouncementAllowance.tellingsBurst - 100)
  }
}

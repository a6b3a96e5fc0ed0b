// What the clerk makes of many errands at once, and of a disk without room.

import Catalog
import GroupModel
import Link
import Synchronization
import Testing
import Visitors

@testable import Tracker

/// A clerk with a ledger that can fail. Errands are answered by replies, so no line is needed.
private final class TestDesk {
  let ledger: TestLedger
  let accounts = Accounts([.cheap(alice)], [])
  let clerk: Clerk
  private let replies = Replies()
  private var isClosed = false

  init() throws {
    let ledger = try TestLedger()
    try ledger.commit { () throws(DatabaseError) in try ledger.put(.cheap(alice)) }
    self.ledger = ledger
    clerk = Clerk(ledger, accounts, Presence(), Witnesses(), Registry(), Log(.error)) { reason in
      preconditionFailure(reason)
    }
  }

  deinit { close() }

  func close() {
    if !isClosed { clerk.close() }
    isClosed = true
  }

  func open(_ user: UserName, _ id: RequestID = .random, number: Int = 0) -> Errand {
    .openAccount(id, user, Account.cheap(user).password) { [replies] in replies.come(number, $0) }
  }

  func change(_ user: UserName, _ login: Login, _ id: RequestID = .random, number: Int = 0) -> Errand {
    .changePassword(id, user, login, Account.cheap(user).password) { [replies] result in
      if case .failure(let refusal) = result {
        replies.come(number, refusal)
      } else {
        replies.come(number, nil)
      }
    }
  }

  func revoke(_ lineage: UInt64, of user: UserName, number: Int = 0) -> Errand {
    .revoke(Revocation(lineage: lineage, until: secondsSince1970() + 1000), of: user) { [replies] in
      replies.come(number, $0)
    }
  }

  /// All put on the desk before the clerk looks, and so decided together; their answers in order.
  func together(_ errands: [Errand]) -> [Refusal?] {
    for errand in errands { _ = clerk.submit(errand) }
    clerk.start()
    return replies.wait(for: errands.count)
  }

  func one(_ errand: Errand) -> Refusal? {
    _ = clerk.submit(errand)
    return replies.wait(for: 1)[0]
  }
}

private final class Replies: Sendable {
  private let bell = Semaphore()
  private let answers = Mutex<[Int: Refusal?]>([:])

  func come(_ number: Int, _ refusal: Refusal?) {
    answers.withLock { $0[number] = .some(refusal) }
    bell.signal()
  }

  func wait(for count: Int) -> [Refusal?] {
    for _ in 0..<count { bell.wait() }
    return answers.withLock { answers in
      defer { answers = [:] }
      return (0..<count).map { answers[$0]! }
    }
  }
}

@Suite struct ClerkTests {
  private let first = Login(generation: 1, lineage: 7)

  @Test func `one that is refused does not spoil the others of its batch`() throws {
    let desk = try TestDesk()
    let answers = desk.together([
      desk.open(bob, number: 0), desk.open(alice, number: 1), desk.open(carol, number: 2),
      desk.change(alice, Login(generation: 9, lineage: 7), number: 3), desk.revoke(5, of: alice, number: 4),
    ])
    #expect(answers == [nil, .userExists, nil, .loginEnded, nil])
    #expect(try desk.ledger.accounts() == [alice, bob, carol])
    #expect(desk.ledger.weighed.withLock { $0.last } == 4, "in one commit; a revocation is no wish")
  }

  @Test func `an account that is opened twice in one batch is opened once`() throws {
    let desk = try TestDesk()
    let again = RequestID.random
    let answers = desk.together([
      desk.open(bob, again, number: 0), desk.open(bob, number: 1), desk.open(bob, again, number: 2),
    ])
    #expect(answers == [nil, .userExists, nil], "the third repeats the first")
    #expect(desk.accounts[bob]?.generation == 1)
  }

  @Test func `a password is changed once for each wish, and only by who is still in`() throws {
    let desk = try TestDesk()
    let wish = RequestID.random
    let answers = desk.together([
      desk.change(alice, first, wish, number: 0), desk.change(alice, first, wish, number: 1),
      desk.change(alice, first, number: 2),
    ])
    #expect(answers == [nil, nil, .loginEnded])
    #expect(desk.accounts[alice]?.generation == 2)
    #expect(desk.accounts.admits(alice, Login(generation: 2, lineage: 7)))
    #expect(!desk.accounts.admits(alice, first))
  }

  @Test func `a login that was ended is known at once, and may not change the password`() throws {
    let desk = try TestDesk()
    #expect(desk.together([desk.revoke(7, of: alice)]) == [nil])
    #expect(!desk.accounts.admits(alice, first))
    #expect(desk.accounts.admits(alice, Login(generation: 1, lineage: 8)))
    #expect(desk.one(desk.change(alice, first)) == .loginEnded)
    #expect(desk.accounts[alice]?.generation == 1)
  }

  @Test(arguments: [TestLedger.Trouble.fullAtCommit, .fullAtWriting])
  func `a full disk refuses all and changes nothing, and there is room again later`(
    trouble: TestLedger.Trouble
  ) throws {
    let desk = try TestDesk()
    desk.ledger.trouble.withLock { $0 = trouble }
    let answers = desk.together([
      desk.open(bob, number: 0), desk.change(alice, first, number: 1), desk.revoke(7, of: alice, number: 2),
      desk.open(carol, number: 3),
    ])
    #expect(answers == [.trackerFull, .trackerFull, .trackerFull, .trackerFull])
    #expect(try desk.ledger.accounts() == [alice])
    #expect(desk.accounts[bob] == nil && desk.accounts[alice]?.generation == 1)
    #expect(desk.accounts.admits(alice, first))

    desk.ledger.trouble.withLock { $0 = .none }
    #expect(desk.one(desk.open(bob)) == nil)
    #expect(desk.accounts[bob] != nil)
    #expect(try desk.ledger.accounts() == [alice, bob])
  }

  @Test func `one user's flood fills his own part of the desk`() throws {
    let desk = try TestDesk()
    var taken = 0
    while desk.clerk.submit(desk.revoke(1, of: alice)) { taken += 1 }
    #expect(taken == Clerk.errandsEachMax)
    #expect(desk.clerk.submit(desk.open(bob)))
    desk.clerk.start()
  }

  @Test func `nothing is taken in after closing, and what was taken in is decided`() throws {
    let desk = try TestDesk()
    for number in 0..<3000 { _ = desk.clerk.submit(desk.open(UserName("user-\(number)")!, number: number)) }
    desk.clerk.start()
    desk.close()
    #expect(desk.accounts[UserName("user-2999")!] != nil)
    #expect(desk.clerk.submit(desk.open(bob)), "whoever asks now gets no answer, and asks the next tracker")
    #expect(try !desk.ledger.accounts().contains(bob))
    #expect(desk.ledger.weighed.withLock { $0.max()! } <= Clerk.batchMax)
  }
}

@Suite struct AccountsTests {
  @Test func `a revocation is forgotten when no certificate can need it`() {
    let accounts = Accounts([.cheap(alice)], [Revocation(lineage: 1, until: 100)])
    #expect(!accounts.admits(alice, Login(generation: 1, lineage: 1)))
    accounts.revoke(Revocation(lineage: 2, until: 300), at: 200)
    #expect(accounts.admits(alice, Login(generation: 1, lineage: 1)))
    #expect(!accounts.admits(alice, Login(generation: 1, lineage: 2)))
  }

  @Test func `nobody is admitted without an account`() {
    #expect(!Accounts([], []).admits(alice, Login(generation: 1, lineage: 1)))
  }
}

@Suite struct MailUnderWayTests {
  @Test func `who decides faster than can be told waits until it is`() {
    let mail = MailUnderWay()
    mail.add(MailUnderWay.lettersMax)
    mail.waitForRoom()
    mail.add(1)
    let order = Mutex<[String]>([])
    let waiting = WorkerThread("waiting") {
      mail.waitForRoom()
      order.withLock { $0.append("decided") }
    }
    order.withLock { $0.append("told") }
    mail.remove(1)
    waiting.join()
    #expect(order.withLock { $0 } == ["told", "decided"])
  }
}

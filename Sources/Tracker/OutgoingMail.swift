// What the clerk has to say after a commit, sorted by the loop whose sessions it is for: each loop is woken once,
// however many answers and pushes one commit brings.

import GroupModel
import Link
import Synchronization

struct OutgoingMail {
  private struct Letter: Sendable {
    let session: Session
    let kind: UInt8
    /// 0 for a push.
    let exchange: UInt32
    let body: [UInt8]
  }

  private struct Bag {
    let loop: EventLoop
    var letters: [Letter]
  }

  /// A bag that is fuller than this goes at once: a thousand decisions to ten thousand listeners are no one bag.
  private static let bagMax = 1 << 14

  private var bags: [ObjectIdentifier: Bag] = [:]
  private let underWay = MailUnderWay()

  mutating func answer(_ session: Session, _ exchange: UInt32, _ kind: UInt8, _ answer: TrackerAnswer) {
    var writer = WireWriter()
    answer.write(to: &writer)
    put(Letter(session: session, kind: answer.kind(answering: kind), exchange: exchange, body: writer.bytes))
  }

  /// Written once, whoever gets it.
  mutating func push(to sessions: [Session], _ push: TrackerPush) {
    guard !sessions.isEmpty else { return }
    var writer = WireWriter()
    push.write(to: &writer)
    for session in sessions {
      put(Letter(session: session, kind: push.kind, exchange: 0, body: writer.bytes))
    }
  }

  private mutating func put(_ letter: Letter) {
    let loop = letter.session.loop
    let key = ObjectIdentifier(loop)
    bags[key, default: Bag(loop: loop, letters: [])].letters.append(letter)
    if bags[key]!.letters.count >= Self.bagMax { send(&bags[key]!) }
  }

  mutating func send() {
    for key in bags.keys { send(&bags[key]!) }
  }

  private func send(_ bag: inout Bag) {
    guard !bag.letters.isEmpty else { return }
    let letters = bag.letters
    bag.letters = []
    underWay.add(letters.count)
    let isPosted = bag.loop.post { [underWay] in
      for letter in letters { letter.session.deliver(letter.kind, letter.exchange, letter.body) }
      underWay.remove(letters.count)
    }
    if !isPosted { underWay.remove(letters.count) }
  }

  func waitForRoom() { underWay.waitForRoom() }
}

/// Letters that their loops have not handed to their lines yet.
///
/// ## Concurrency model
/// The clerk adds and waits, the loops remove. A bell rung for nothing only makes the clerk look again.
final class MailUnderWay: Sendable {
  static let lettersMax = 1 << 19

  private let count = Atomic(0)
  private let bell = Semaphore()

  func add(_ letters: Int) { count.add(letters, ordering: .relaxed) }

  func remove(_ letters: Int) {
    let (before, now) = count.subtract(letters, ordering: .relaxed)
    if before > Self.lettersMax, now <= Self.lettersMax { bell.signal() }
  }

  func waitForRoom() {
    while count.load(ordering: .relaxed) > Self.lettersMax { bell.wait() }
  }
}

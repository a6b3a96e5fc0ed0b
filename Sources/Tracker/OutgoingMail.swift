// What the clerk has to say after a commit, sorted by the loop whose sessions it is for: each loop is woken once,
// however many answers and pushes one commit brings.

import GroupModel
import Link

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

  private var bags: [ObjectIdentifier: Bag] = [:]

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
    bags[ObjectIdentifier(loop), default: Bag(loop: loop, letters: [])].letters.append(letter)
  }

  mutating func send() {
    for bag in bags.values where !bag.letters.isEmpty {
      let letters = bag.letters
      bag.loop.post {
        for letter in letters { letter.session.deliver(letter.kind, letter.exchange, letter.body) }
      }
    }
    for key in bags.keys { bags[key]?.letters = [] }
  }
}

// Guessing passwords: a few guesses are free, then each costs more time. A network of its own, since an address that
// guesses much is slowed as a whole.

import Foundation
import Testing

@Suite struct GuessingTests {
  @Test func `after five wrong guesses there is a wait, and then the right password works`() throws {
    let story = Story()
    story.startTracker()
    let alice = story.member("alice")
    let thief = story.person("thief")
    for guess in 1...5 { thief.fails(77, "login", "alice", "guess \(guess)") }

    let sentence = thief.fails(75, "login", "alice", "guess 6")
    let match = try #require(sentence.wholeMatch(of: /too many attempts: try again in (\d+) seconds?/))
    let seconds = try #require(Double(match.1))
    #expect((1...30).contains(seconds))
    let began = Date()
    alice.fails(75, "login", "alice", alice.password)
    // Who is in stays in, and others come in.
    alice.succeeds("list_groups")
    story.member("bob").succeeds("list_groups")

    while alice.run(["login", "alice", alice.password]).exit == 75 {
      guard -began.timeIntervalSinceNow < seconds + 3 else {
        Issue.record("the wait is longer than it was said to be")
        return
      }
      usleep(100_000)
    }
    alice.succeeds("list_groups")
    // What was guessed before is forgiven.
    alice.fails(77, "login", "alice", "a slip of a finger")
    alice.succeeds("login", "alice", alice.password)
  }
}

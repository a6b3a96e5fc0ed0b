// How fast passwords may be guessed.

import GroupModel
import Testing

@testable import Tracker

private let alice = UserName("alice")!
private let here: [UInt8] = [127, 0, 0, 1]

@Test func `a few guesses are free, then each wait doubles`() {
  var throttle = Throttle()
  for _ in 0..<Throttle.freeGuesses { #expect(throttle.admit(alice, from: here, at: 100) == nil) }
  #expect(throttle.admit(alice, from: here, at: 100) == 2)
  #expect(throttle.admit(alice, from: here, at: 101) == 1)
  #expect(throttle.admit(alice, from: here, at: 102) == nil)
  #expect(throttle.admit(alice, from: here, at: 102) == 4)
  #expect(throttle.admit(alice, from: here, at: 106) == nil)
  #expect(throttle.admit(alice, from: here, at: 106) == 8)
}

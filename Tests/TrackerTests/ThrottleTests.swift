// How fast passwords may be guessed.

import GroupModel
import Testing

@testable import Tracker

private let here: [UInt8] = [127, 0, 0, 1]
private let home: [UInt8] = [192, 0, 2, 1]

private func address(_ number: Int) -> [UInt8] {
  [10, UInt8(number >> 16), UInt8(number >> 8 & 255), UInt8(number & 255)]
}

@Suite struct ThrottleTests {
  @Test func `a few guesses are free, then each wait doubles`() {
    var throttle = Throttle()
    for _ in 0..<Throttle.freeGuesses { #expect(throttle.admit(alice, from: here, at: 100) == nil) }
    #expect(throttle.admit(alice, from: here, at: 100) == 2)
    #expect(throttle.admit(alice, from: here, at: 102) == nil)
    #expect(throttle.admit(alice, from: here, at: 103) == 3)
    #expect(throttle.admit(alice, from: here, at: 106) == nil)
    #expect(throttle.admit(alice, from: here, at: 106) == 8)
  }

  @Test func `nobody waits longer than half a minute`() {
    var throttle = Throttle()
    var now: Int64 = 100
    for _ in 0..<50 { if let wait = throttle.admit(alice, from: here, at: now) { now += Int64(wait) } }
    _ = throttle.admit(alice, from: here, at: now)
    #expect(throttle.admit(alice, from: here, at: now).map { Int64($0) } == Throttle.waitSecondsMax)
  }

  @Test func `the right password ends the suspicion`() {
    var throttle = Throttle()
    for _ in 0..<Throttle.freeGuesses { _ = throttle.admit(alice, from: here, at: 100) }
    throttle.forgive(alice, from: here)
    for _ in 0..<Throttle.freeGuesses { #expect(throttle.admit(alice, from: here, at: 100) == nil) }
  }

  @Test func `a guess that was never tried is taken back alone`() {
    var throttle = Throttle()
    for _ in 0..<Throttle.freeGuesses { _ = throttle.admit(alice, from: here, at: 100) }
    throttle.takeBack(alice, from: here)
    #expect(throttle.admit(alice, from: here, at: 100) == nil)
    #expect(throttle.admit(alice, from: here, at: 100) == 2)
  }

  @Test func `a storm from one place does not lock the owner out at another`() {
    var throttle = Throttle()
    for _ in 0..<200 { _ = throttle.admit(alice, from: here, at: 100) }
    #expect(throttle.admit(alice, from: home, at: 100) == nil)
  }

  @Test func `an address that tries many accounts is slowed down, and no other is`() {
    var throttle = Throttle()
    let admitted = (0..<200).count { number in
      throttle.admit(UserName("user-\(number)")!, from: here, at: 100) == nil
    }
    #expect(admitted == Throttle.addressBurst)
    #expect(throttle.admit(bob, from: here, at: 101) == nil)
    #expect(throttle.admit(bob, from: here, at: 101) == 1)
    #expect(throttle.admit(alice, from: home, at: 101) == nil)
  }

  @Test func `a crowd that tries one account is slowed down, and the next second takes some again`() {
    var throttle = Throttle()
    let admitted = (0..<1000).count { throttle.admit(alice, from: address($0), at: 100) == nil }
    #expect(admitted == Throttle.accountBurst)
    #expect(throttle.admit(alice, from: home, at: 100) == 1)
    #expect(throttle.admit(alice, from: home, at: 101) == nil)
    #expect(throttle.admit(bob, from: home, at: 100) == nil)
  }

  @Test func `what is remembered is bounded`() {
    var throttle = Throttle()
    for number in 0..<300_000 { _ = throttle.admit(UserName("u\(number)")!, from: address(number), at: 100) }
    #expect(throttle.records <= 3 * Throttle.recordsMax)
    #expect(throttle.records > Throttle.recordsMax)
  }

  @Test func `a clock that goes backwards locks nobody out`() {
    var throttle = Throttle()
    #expect(throttle.admit(alice, from: here, at: 10_000) == nil)
    for number in 0..<Throttle.addressBurst - 1 {
      #expect(throttle.admit(UserName("u\(number)")!, from: here, at: 100) == nil)
    }
  }
}

@Suite struct AgingTests {
  @Test func `what was written lately is known, what was written long ago goes first`() {
    var aging = Aging<Int, Int>(max: 100)
    for number in 0..<1000 {
      aging[number] = number
      #expect(aging[number] == number)
      #expect(aging.count <= 100)
    }
    #expect(aging[999] == 999)
    #expect(aging[960] == 960)
    #expect(aging[0] == nil)
  }

  @Test func `what is written again stays`() {
    var aging = Aging<Int, Int>(max: 100)
    for number in 1..<1000 {
      aging[0] = number
      aging[number] = number
    }
    #expect(aging[0] == 999)
  }

  @Test func `what is taken out is gone, from wherever it lay`() {
    var aging = Aging<Int, Int>(max: 10)
    for number in 0..<7 { aging[number] = number }
    for number in 0..<7 { aging[number] = nil }
    #expect((0..<7).allSatisfy { aging[$0] == nil })
    #expect(aging.count == 0)
  }
}

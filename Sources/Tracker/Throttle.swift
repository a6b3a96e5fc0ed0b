// How fast somebody may guess passwords. Pure: it is given the time, in seconds of a clock that never jumps. Every attempt counts as a failure until it
// has succeeded, so that two hundred at once are not two hundred guesses.

import GroupModel

struct Throttle {
  /// Wrong guesses at one account from one address: a few for free, then each doubles the wait. It begins
  /// with two seconds: of one, since we count in whole ones, nothing might be left by the time of the next guess.
  static let freeGuesses = 5
  static let waitSecondsMax: Int64 = 30
  /// Wrong guesses from one address at whatever account.
  static let addressBurst = 30
  /// Wrong guesses at one account from everywhere: only a crowd reaches this, and its owner gets through soon.
  static let accountBurst = 100
  static let accountRefillASecond = 5
  /// What is remembered is bounded; the oldest is forgotten first.
  static let recordsMax = 1 << 16

  private struct Pair: Hashable {
    let user: UserName
    let address: [UInt8]
  }

  private struct Guesses {
    var count = 0
    var last: Int64 = 0
  }

  private var pairs = Aging<Pair, Guesses>(max: recordsMax)
  private var addresses = Aging<[UInt8], Bucket>(max: recordsMax)
  private var accounts = Aging<UserName, Bucket>(max: recordsMax)

  var records: Int { pairs.count + addresses.count + accounts.count }

  /// nil: go ahead. Else how many seconds to wait; then nothing has been counted.
  mutating func admit(_ user: UserName, from address: [UInt8], at now: Int64) -> UInt16? {
    let pair = Pair(user: user, address: address)
    var guesses = pairs[pair] ?? Guesses()
    let wait = guesses.last + Self.wait(after: guesses.count) - now
    if guesses.count > 0, wait > 0 { return UInt16(clamping: wait) }

    var byAddress = addresses[address] ?? Bucket(at: now)
    var byAccount = accounts[user] ?? Bucket(at: now)
    guard byAddress.take(at: now, perSecond: 1, burst: Self.addressBurst),
      byAccount.take(at: now, perSecond: Self.accountRefillASecond, burst: Self.accountBurst)
    else { return 1 }

    guesses.count += 1
    guesses.last = now
    pairs[pair] = guesses
    addresses[address] = byAddress
    accounts[user] = byAccount
    return nil
  }

  /// The guess was right: whoever made it is no longer suspected.
  mutating func forgive(_ user: UserName, from address: [UInt8]) {
    takeBack(user, from: address)
    pairs[Pair(user: user, address: address)] = nil
  }

  /// The guess was never tried. Those before it still count.
  mutating func takeBack(_ user: UserName, from address: [UInt8]) {
    pairs[Pair(user: user, address: address)]?.count -= 1
    addresses[address]?.giveBack()
    accounts[user]?.giveBack()
  }

  private static func wait(after guesses: Int) -> Int64 {
    guard guesses >= freeGuesses else { return 0 }
    return min(waitSecondsMax, 2 << Int64(min(guesses - freeGuesses, 16)))
  }
}

/// So many at once, and then so many a second.
struct Bucket {
  private var used = 0
  private var last: Int64

  init(at now: Int64) { last = now }

  /// false: nothing is left for now, and nothing was taken.
  mutating func take(_ count: Int = 1, at now: Int64, perSecond: Int, burst: Int) -> Bool {
    used = max(0, used - Int(clamping: max(0, now - last)) * perSecond)
    last = now
    guard used + count <= burst else { return false }
    used += count
    return true
  }

  mutating func giveBack() { used = max(0, used - 1) }
}

/// A dictionary that forgets what was written longest ago when it is full. Two generations: the older one goes
/// as a whole.
struct Aging<Key: Hashable, Value> {
  private let max: Int
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]

  init(max: Int) { self.max = max }

  var count: Int { young.count + old.count }

  subscript(key: Key) -> Value? {
    get { young[key] ?? old[key] }
    set {
      old[key] = nil
      young[key] = newValue
      guard young.count >= max / 2 else { return }
      old = young
      young = [:]
    }
  }
}

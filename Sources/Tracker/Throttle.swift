// How fast somebody may guess passwords. Pure: it is given the time. Every attempt counts as a failure until it
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

  private struct Bucket {
    var used = 0
    var last: Int64 = 0

    mutating func refill(_ now: Int64, perSecond: Int) {
      used = max(0, used - Int(clamping: now - last) * perSecond)
      last = now
    }
  }

  private var pairs = Aging<Pair, Guesses>(max: recordsMax)
  private var addresses = Aging<[UInt8], Bucket>(max: recordsMax)
  private var accounts = Aging<UserName, Bucket>(max: recordsMax)

  /// nil: go ahead. Else how many seconds to wait; then nothing has been counted.
  mutating func admit(_ user: UserName, from address: [UInt8], at now: Int64) -> UInt16? {
    let pair = Pair(user: user, address: address)
    var guesses = pairs[pair] ?? Guesses()
    let wait = guesses.last + Self.wait(after: guesses.count) - now
    if guesses.count > 0, wait > 0 { return UInt16(clamping: wait) }

    var byAddress = addresses[address] ?? Bucket(last: now)
    byAddress.refill(now, perSecond: 1)
    var byAccount = accounts[user] ?? Bucket(last: now)
    byAccount.refill(now, perSecond: Self.accountRefillASecond)
    guard byAddress.used < Self.addressBurst, byAccount.used < Self.accountBurst else { return 1 }

    guesses.count += 1
    guesses.last = now
    byAddress.used += 1
    byAccount.used += 1
    pairs[pair] = guesses
    addresses[address] = byAddress
    accounts[user] = byAccount
    return nil
  }

  /// The guess was right, or was never tried.
  mutating func forgive(_ user: UserName, from address: [UInt8]) {
    pairs[Pair(user: user, address: address)] = nil
    addresses[address]?.used -= 1
    accounts[user]?.used -= 1
  }

  private static func wait(after guesses: Int) -> Int64 {
    guard guesses >= freeGuesses else { return 0 }
    return min(waitSecondsMax, 2 << Int64(min(guesses - freeGuesses, 16)))
  }
}

/// A dictionary that forgets what was written longest ago when it is full. Two generations: the older one goes
/// as a whole.
struct Aging<Key: Hashable, Value> {
  private let max: Int
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]

  init(max: Int) { self.max = max }

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

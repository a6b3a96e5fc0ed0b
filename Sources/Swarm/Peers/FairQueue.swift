// Whose turn it is among those who wait to be served, by bytes: a pure value. Everybody has a clock that goes on
// with the bytes that he was given, and the one whose clock is behind is next. It does what deficit round robin
// does, without a quantum: with a quantum of a piece, eight members would wait for four megabytes each turn.

struct FairQueue<Member: Hashable> {
  private var clocks: [Member: Int] = [:]
  private var waiting: Set<Member> = []
  /// Where the last one stood who was given something: who comes back after a silence begins there, and not
  /// with all that he could have had meanwhile.
  private var front = 0

  /// He wants something.
  mutating func join(_ member: Member) {
    guard waiting.insert(member).inserted else { return }
    clocks[member] = max(clocks[member] ?? front, front)
  }

  /// He wants nothing now. Whose clock is ahead does not gain by it.
  mutating func leave(_ member: Member) {
    guard waiting.remove(member) != nil, clocks.count > 2 * waiting.count + 64 else { return }
    clocks = clocks.filter { waiting.contains($0.key) || $0.value > front }
  }

  /// The next of those who can be served, without giving him anything.
  func next(where canBeServed: (Member) -> Bool) -> Member? {
    var best: (member: Member, clock: Int)?
    for member in waiting {
      guard let clock = clocks[member], clock < best?.clock ?? .max, canBeServed(member) else { continue }
      best = (member, clock)
    }
    return best?.member
  }

  mutating func charge(_ member: Member, bytes: Int) {
    guard let clock = clocks[member] else { return }
    front = max(front, clock)
    clocks[member] = clock + bytes
  }
}

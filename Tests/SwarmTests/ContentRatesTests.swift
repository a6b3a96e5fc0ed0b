// Who sends what: rates of single contents on one line.

import GroupModel
import Link
import Testing

@testable import Swarm

@Suite struct ContentRatesTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)

  private func key(_ number: Int) -> ContentKey {
    ContentKey(group: GroupID(1), root: ContentRoot(Digest(hashing: Array("\(number)".utf8).span.bytes)))
  }

  @Test func `each content has its own rate, and is forgotten soon after it stopped`() throws {
    var rates = ContentRates()
    for step in 0..<50 {
      rates.add(1000, of: key(1), now: start + step * 100)
      if step < 20 { rates.add(500, of: key(2), now: start + step * 100) }
    }
    let now = rates.rates(now: start + 5_000)
    #expect(Set(now.keys) == [key(1)])
    #expect((9_000...11_000).contains(try #require(now[key(1)])))
    let later = rates.rates(now: start + 10_000)
    #expect(later.isEmpty)
  }

  @Test func `of more than anybody could read the first are kept`() {
    var rates = ContentRates()
    for number in 0..<1000 { rates.add(1, of: key(number), now: start) }
    let kept = rates.rates(now: start)
    #expect(kept.count == 64)
    rates.add(1, of: key(5000), now: start + 4_000)
    let later = rates.rates(now: start + 4_000)
    #expect(later.count == 1)
  }
}

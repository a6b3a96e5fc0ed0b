// A directory is listed, again and again and by small buffers, while others make and remove files in it: each name that
// stays is seen in each listing, and once.

import Glibc
import TestSupport
import Synchronization

struct Listing: Exercise {
  static let name = "listing"
  static let usage = "[--names 3000] [--times 30] DIR (empty; stays so)"

  private final class Bell: Sendable { let rings = Atomic(false) }

  static func run(_ words: inout Words, seed: UInt64) throws {
    let count = try words.number("--names", else: 3_000)
    let times = try words.number("--times", else: 30)
    let directory = try words.places(1)[0]
    let stable = (0..<count).map { Array("stays \($0 &* 7919 % count)".utf8) }
    for name in stable { try makeFile(joined(directory, name), []) }
    var random = SeededRandom(seed: seed)
    let bell = Bell()
    let makers = (0..<2).map { number in
      let own = random.branch()
      return Worker { try makeAndRemove("comes \(number)", in: directory, own, until: bell) }
    }
    let result = Result { try listAgain(times, directory, Set(stable), &random) }
    bell.rings.store(true, ordering: .relaxed)
    for maker in makers { say("\(try maker.join()) files came and went meanwhile") }
    say("\(try result.get()) entries in \(times) listings")
    for name in stable { try must("unlink", unlink(joined(directory, name))) }
  }

  private static func makeAndRemove(
    _ prefix: String, in directory: String, _ random: SeededRandom, until bell: Bell
  ) throws -> Int {
    var random = random
    var there: Set<Int> = []
    var count = 0
    while !bell.rings.load(ordering: .relaxed) {
      let number = random.upTo(200)
      let place = joined(directory, Array("\(prefix) \(number)".utf8))
      if there.remove(number) != nil {
        try must("unlink", unlink(place))
      } else {
        try makeFile(place, [])
        there.insert(number)
      }
      count += 1
    }
    for number in there { try must("unlink", unlink(joined(directory, Array("\(prefix) \(number)".utf8)))) }
    return count
  }

  private static func listAgain(
    _ times: Int, _ directory: String, _ stable: Set<[UInt8]>, _ random: inout SeededRandom
  ) throws -> Int {
    var total = 0
    for time in 1...times {
      let bufferBytes = random.oneOf([512, 700, 4_096, 32_768])
      let entries = try list(joined(directory, []), bufferBytes: bufferBytes)
      total += entries.count
      var seen: [[UInt8]: Int] = [:]
      for entry in entries { seen[entry.name, default: 0] += 1 }
      let wrong = stable.filter { seen[$0] != 1 }
      guard wrong.isEmpty else {
        let missing = wrong.count { seen[$0] == nil }
        throw Difference(
          "listing \(time), by \(bufferBytes) bytes, of \(stable.count) names: \(missing) are missing, "
            + "\(wrong.count - missing) are there more than once, such as \(shown(wrong.first!))")
      }
    }
    return total
  }
}

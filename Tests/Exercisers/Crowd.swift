// Many do at once, in one directory, what `compare` does alone. What comes of it nobody can foretell; but errors that
// make no sense to anybody, and operations that do not end, are no way to stand it.

import Glibc
import TestSupport

struct Crowd: Exercise {
  static let name = "crowd"
  static let usage =
    "[--workers 4] [--ops 3000] [--beside-others] DIR (each of the workers; others work there on their machines)"

  private static let expected: Set<Int32> = [
    ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY, EINVAL, ELOOP, EBADF,
  ]
  /// Theirs may not be changed, and what they move is looked up anew.
  private static let besideOthers: Set<Int32> = [EACCES, ESTALE]
  private static let secondsMax = 20

  static func run(_ words: inout Words, seed: UInt64) throws {
    let count = try words.number("--ops", else: 3_000)
    let workers = try words.number("--workers", else: 4)
    let isBesideOthers = words.has("--beside-others")
    let directory = try words.places(1)[0]
    umask(0o022)
    var random = SeededRandom(seed: seed)
    let expected = expected.union(isBesideOthers ? besideOthers : [])
    let crowd = (0..<workers).map { _ in
      let own = random.branch()
      return Worker { try work(count, in: directory, own, expected) }
    }
    let failed = try crowd.map { try $0.join() }
    say("\(workers) times \(count) operations, of which \(failed.reduce(0, +)) failed as they may")
    let items = try WholeTree.items(of: Side(directory))
    say("\(items.count) names in the end, all of which can be read")
  }

  /// How many failed.
  private static func work(
    _ count: Int, in directory: String, _ random: SeededRandom, _ expected: Set<Int32>
  ) throws -> Int {
    let side = Side(directory)
    var chooser = Chooser(random: random)
    var failed = 0
    for number in 1...count {
      let operation = chooser.next()
      let begin = time(nil)
      let seen = side.perform(operation)
      let error = seen.result.errno
      chooser.note(operation, seen.result)
      if error != 0 { failed += 1 }
      guard error == 0 || expected.contains(error) else {
        throw Difference("\(number): \(operation) gives \(seen.result)")
      }
      guard time(nil) - begin <= secondsMax else {
        throw Difference("\(number): \(operation) takes \(time(nil) - begin) seconds")
      }
    }
    return failed
  }
}

// One operation after the other on two directories, one of which lies on a file system that is believed. Both must give
// the same results, errors and bytes each time, and be the same at the end.

import CLinux
import Glibc
import TestSupport

struct Comparison: Exercise {
  static let name = "compare"
  static let usage = "[--ops 10000] [--check-every 500] [--log] BELIEVED-DIR DIR (both empty)"

  private let one: Side
  private let other: Side
  private var chooser: Chooser
  private var last: [String] = []
  private var counts: [String: (done: Int, failed: Int)] = [:]

  static func run(_ words: inout Words, seed: UInt64) throws {
    let count = try words.number("--ops", else: 10_000)
    let checkEvery = try words.number("--check-every", else: 500)
    let logs = words.has("--log")
    let places = try words.places(2)
    umask(0o022)
    for place in places where !(try list(joined(place, []))).isEmpty {
      throw UsageError(text: "\(place) is not empty")
    }
    var comparison = Comparison(
      one: Side(places[0]), other: Side(places[1]), chooser: Chooser(random: SeededRandom(seed: seed)))
    try comparison.run(count, checkEvery: checkEvery, logs: logs)
  }

  private init(one: Side, other: Side, chooser: Chooser) {
    self.one = one
    self.other = other
    self.chooser = chooser
    self.chooser.allocations = Operation.Allocation.allCases.filter {
      Self.isKnown($0, in: one) && Self.isKnown($0, in: other)
    }
  }

  private mutating func run(_ count: Int, checkEvery: Int, logs: Bool) throws {
    for number in 1...count {
      let operation = chooser.next()
      if isAmbiguous(operation) { continue }
      note(number, operation)
      let (seen, twin) = (one.perform(operation), other.perform(operation))
      tally(operation, seen)
      if logs { say("\(last.last ?? "") = \(seen.result)") }
      if seen != twin { throw Difference(account(seen, twin)) }
      chooser.note(operation, seen.result)
      if number % checkEvery == 0 { try compareTrees() }
    }
    try compareTrees()
    for (word, count) in counts.sorted(by: { $0.key < $1.key }) {
      say("  \(word): \(count.done), \(count.failed) refused")
    }
    let total = counts.values.reduce((0, 0)) { ($0.0 + $1.done, $0.1 + $1.failed) }
    say("\(total.0) operations, of which \(total.1) failed as they should; 0 differences")
  }

  private func compareTrees() throws {
    if let difference = try WholeTree.difference(one, other) {
      throw Difference("the trees differ: \(difference)\n\(history)")
    }
  }

  /// Whether a truncation to the size that a file has touches its time is told in two ways by those who define it.
  private func isAmbiguous(_ operation: Operation) -> Bool {
    guard case .truncate(let path, let size) = operation else { return false }
    return one.facts(path, follows: true)?.size == size
  }

  private mutating func note(_ number: Int, _ operation: Operation) {
    last.append("  \(number): \(operation)")
    if last.count > 20 { last.removeFirst() }
  }

  private mutating func tally(_ operation: Operation, _ seen: Seen) {
    let word = String("\(operation)".prefix { $0 != "(" && $0 != " " })
    let (done, failed) = counts[word] ?? (0, 0)
    counts[word] = (done + 1, failed + (seen.result.errno == 0 ? 0 : 1))
  }

  private var history: String { "the last operations were\n" + last.joined(separator: "\n") }

  private func account(_ seen: Seen, _ twin: Seen) -> String {
    var lines = ["the last of these differs:"] + last.suffix(12)
    func add(_ what: String, _ one: String, _ other: String) {
      lines.append("\(what): \(self.one.root) \(one), \(self.other.root) \(other)")
    }
    if seen.result != twin.result { add("result", "\(seen.result)", "\(twin.result)") }
    if seen.facts != twin.facts {
      add("afterwards", seen.facts.map { "\($0)" } ?? "nothing", twin.facts.map { "\($0)" } ?? "nothing")
    }
    if seen.bytes != twin.bytes {
      let place = zip(seen.bytes, twin.bytes).prefix { $0 == $1 }.count
      add(
        "bytes from \(place)", "\(seen.bytes.dropFirst(place).prefix(8))",
        "\(twin.bytes.dropFirst(place).prefix(8))")
    }
    if seen.names != twin.names {
      add("names", Self.words(seen.names, but: twin.names), Self.words(twin.names, but: seen.names))
    }
    return lines.joined(separator: "\n")
  }

  private static func words(_ names: [DirectoryEntry], but others: [DirectoryEntry]) -> String {
    let only = Set(names).subtracting(others)
    return "alone has \(only.map { "\(shown($0.name)) (\($0.kind))" })"
  }

  /// tmpfs, for one, does not know how to zero.
  private static func isKnown(_ allocation: Operation.Allocation, in side: Side) -> Bool {
    let path = side.place(".probe")
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    defer {
      close(descriptor)
      unlink(path)
    }
    let isKnown = fallocate(descriptor, allocation.rawValue, 0, 4096) == 0
    if !isKnown { say("\(side.root) does not know fallocate(\(allocation)): left out") }
    return isKnown
  }
}

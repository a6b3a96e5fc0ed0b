// `exercise`: what a file system has to stand, as programs that say what was wrong first. Each draws from a seed, which
// it prints and by which a run can be had again.

import Glibc

@main
enum Program {
  private static let exercises: [any Exercise.Type] = [
    Comparison.self, RandomAccess.self, NastyNames.self, Listing.self, Replacing.self, Watching.self,
    Lookups.self, Crowd.self,
  ]

  static func main() {
    let words = CommandLine.arguments.dropFirst()
    guard let exercise = exercises.first(where: { $0.name == words.first }) else { endWithUsage() }
    var rest = Words(words.dropFirst())
    do {
      let seed = try rest.number("--seed", else: Int(UInt32.random(in: 1 ... .max)))
      say("\(exercise.name): --seed \(seed)")
      try exercise.run(&rest, seed: UInt64(bitPattern: Int64(seed)))
      say("\(exercise.name): as it should be")
    } catch let error as UsageError {
      say("exercise \(exercise.name): \(error.text)")
      endWithUsage()
    } catch let difference as Difference {
      say("\(exercise.name): \(difference.text)")
      exit(1)
    } catch {
      say("\(exercise.name): \(error)")
      exit(74)
    }
  }

  private static func endWithUsage() -> Never {
    say("usage: exercise NAME [--seed NUMBER] …, where it is one of")
    for exercise in exercises { say("  \(exercise.name) \(exercise.usage)") }
    exit(64)
  }
}

protocol Exercise: SendableMetatype {
  static var name: String { get }
  static var usage: String { get }
  static func run(_ words: inout Words, seed: UInt64) throws
}

/// What is not as it should be.
struct Difference: Error {
  let text: String

  init(_ text: String) { self.text = text }
}

struct UsageError: Error {
  let text: String
}

/// A line, at once: whoever waits for it sees how far it came.
func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = write(1, bytes, bytes.count)
}

// The command line of an exercise: options first taken out by name, then what is left by place.

struct Words {
  private var words: [String]

  init(_ words: some Sequence<String>) { self.words = Array(words) }

  mutating func has(_ option: String) -> Bool {
    guard let index = words.firstIndex(of: option) else { return false }
    words.remove(at: index)
    return true
  }

  mutating func number(_ option: String, else usual: Int) throws -> Int {
    guard let index = words.firstIndex(of: option) else { return usual }
    guard words.indices.contains(index + 1), let number = Int(words[index + 1]) else {
      throw UsageError(text: "\(option) needs a number")
    }
    words.removeSubrange(index...index + 1)
    return number
  }

  /// What is left has to be these.
  mutating func places(_ count: Int) throws -> [String] {
    guard words.count == count, !words.contains(where: { $0.hasPrefix("--") }) else {
      throw UsageError(text: "\(count) paths are needed, not '\(words.joined(separator: " "))'")
    }
    return words
  }
}

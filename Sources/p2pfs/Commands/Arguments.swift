// The words behind a command's name: counted once, then taken as what they have to be.

import GroupModel

/// One argument in a command's usage.
enum Parameter: Hashable, Sendable {
  case required(String)
  case optional(String)
  /// Both or none.
  case optionalPair(String, String)
  /// One or more; others may follow it, which are counted from the end.
  case several(String)

  var usage: String {
    switch self {
    case .required(let name): "<\(name)>"
    case .optional(let name): "[\(name)]"
    case .optionalPair(let first, let second): "[<\(first)> <\(second)>]"
    case .several(let name): "<\(name)>..."
    }
  }

  var isRequired: Bool {
    switch self {
    case .required, .several: true
    case .optional, .optionalPair: false
    }
  }

  var mayRepeat: Bool {
    if case .several = self { true } else { false }
  }

  fileprivate var words: Int {
    if case .optionalPair = self { 2 } else { 1 }
  }
}

struct Arguments {
  private let words: [String]
  private let flags: Set<String>

  init(of word: CommandWord, _ words: [String], flags: Set<String>) throws(Failure) {
    if words.count < word.parameters.count, word.parameters[words.count].isRequired {
      throw .usage("\(word.name) lacks \(word.parameters[words.count].usage): usage is '\(word.usage)'")
    }
    let wordsMax = word.parameters.reduce(0) { $0 + $1.words }
    if words.count > wordsMax, !word.parameters.contains(where: \.mayRepeat) {
      let extra = Quoted.text(words[wordsMax])
      throw .usage("\(word.name) does not take \(extra) as well: usage is '\(word.usage)'")
    }
    self.words = words
    self.flags = flags
  }

  var count: Int { words.count }

  func word(_ index: Int) -> String { words[index] }

  func words(_ range: Range<Int>) -> [String] { Array(words[range]) }

  func has(_ flag: String) -> Bool { flags.contains(flag) }

  func optional(_ index: Int) -> String? { index < words.count ? words[index] : nil }

  func user(_ index: Int) throws(Failure) -> UserName {
    guard let name = UserName(words[index]) else {
      throw .malformed("\(Quoted.text(words[index])) is no user name: \(NameRule.sentence)")
    }
    return name
  }

  func group(_ index: Int) throws(Failure) -> GroupName {
    guard let name = GroupName(words[index]) else {
      throw .malformed("\(Quoted.text(words[index])) is no group name: \(NameRule.sentence)")
    }
    return name
  }

  func directory(_ index: Int) throws(Failure) -> String {
    guard !words[index].isEmpty else { throw .malformed("'' is no place: name a directory") }
    return words[index]
  }

  func password(_ index: Int) throws(Failure) -> [UInt8]? {
    guard let word = optional(index) else { return nil }
    return try PasswordRule.checked(Array(word.utf8))
  }
}

/// A stranger's text in a sentence of ours: in quotes, harmless to a terminal, and not without end.
enum Quoted {
  private static let scalarsMax = 80

  static func text(_ text: some StringProtocol) -> String { bytes(text.utf8) }

  /// What is one character to a reader may have thousands of bytes.
  static func bytes(_ bytes: some Sequence<UInt8>) -> String {
    let escaped = Printable.escaped(bytes)
    let scalars = escaped.unicodeScalars
    return scalars.count <= scalarsMax ? "'\(escaped)'" : "'\(Substring(scalars.prefix(scalarsMax)))…'"
  }
}

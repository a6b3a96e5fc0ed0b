// What a line that is written to a control file stands for: a command, in fewer words, since the file says the rest.

import GroupModel

/// What is to be done.
enum ControlOrder: Hashable, Sendable {
  case command(Command)
  /// The whole file into the cache, in the background.
  case keep(GroupName, FilePath)

  /// What a shell would be told of, so that a refusal names the same group and file.
  var command: Command {
    switch self {
    case .command(let command): command
    case .keep(let group, let file):
      .downloadFile(group, String(decoding: file.bytes, as: UTF8.self), destination: "")
    }
  }
}

struct ControlGrammar: Sendable {
  /// How a line looks, for who wrote another.
  let form: String
  let order: @Sendable (String) throws(Failure) -> ControlOrder?

  func order(_ line: [UInt8]) throws(Failure) -> ControlOrder {
    guard let text = String(validating: line, as: UTF8.self) else {
      throw .malformed("a line is not UTF-8: write \(form)")
    }
    guard let order = try order(text) else {
      throw .malformed("\(Quoted.text(text)) is no line for this file: write \(form)")
    }
    return order
  }
}

extension ControlGrammar {
  static let join = ControlGrammar(form: "the name of a group") { text throws(Failure) in
    try command(["join_group", trimmed(text)])
  }

  static let leave = ControlGrammar(form: "the name of a group") { text throws(Failure) in
    try command(["leave_group", trimmed(text)])
  }

  static let downloads = ControlGrammar(form: "'start GROUP FILE' or 'stop GROUP FILE'") {
    text throws(Failure) in
    let words = text.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count == 3 else { return nil }
    let file = try path(words[2])
    switch words[0] {
    case "start":
      guard let group = GroupName(words[1]) else {
        throw .malformed("\(Quoted.text(words[1])) is no group name: \(NameRule.sentence)")
      }
      return .keep(group, file)
    case "stop": return try command(["stop_download", String(words[1]), file.description])
    default: return nil
    }
  }

  static func requests(of group: GroupName) -> ControlGrammar {
    members(
      of: group, ["accept": "accept_request", "reject": "reject_request"],
      form: "'accept USER' or 'reject USER'")
  }

  static func members(of group: GroupName) -> ControlGrammar {
    members(of: group, ["remove": "remove_member"], form: "'remove USER'")
  }

  private static func members(
    of group: GroupName, _ commands: [String: String], form: String
  ) -> ControlGrammar {
    ControlGrammar(form: form) { text throws(Failure) in
      let words = text.split(separator: " ").map(String.init)
      guard words.count == 2, let name = commands[words[0]] else { return nil }
      return try command([name, group.description, words[1]])
    }
  }

  static func shares(of group: GroupName) -> ControlGrammar {
    ControlGrammar(form: "'stop FILE' or 'start FILE'") { text throws(Failure) in
      let words = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard words.count == 2, let name = ["stop": "stop_share", "start": "start_share"][words[0]] else {
        return nil
      }
      return try command([name, group.description, try path(words[1]).description])
    }
  }

  private static func command(_ words: [String]) throws(Failure) -> ControlOrder {
    .command(try Command(words: words))
  }

  private static func trimmed(_ text: String) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }

  /// As lists show it: what cannot be printed is escaped there.
  private static func path(_ text: Substring) throws(Failure) -> FilePath {
    guard let bytes = Printable.unescaped(text), let plain = String(validating: bytes, as: UTF8.self) else {
      throw .malformed("\(Quoted.text(text)) is no file of a group: a backslash is written twice")
    }
    return try GroupPath.checked(plain)
  }
}

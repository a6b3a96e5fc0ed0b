// The control files of a mount (SPEC 4): which there are, and what each says and takes. Reasons of refused lines go to
// the events, which `.log` shows.

import GroupModel
import Synchronization
import Volume

final class ControlFiles: ControlTable {
  let rootNames = [".join", ".leave", ".groups", ".downloads", ".status", ".log", ".help"]
  let groupNames = [".requests", ".members", ".shares"]
  let listsThoseOfGroups: Bool
  private let desk: any ControlDesk
  private let roots: [String: CommandFile]
  /// What members' files remember, by group.
  private let members = Mutex<[GroupName: RememberedText]>([:])

  init(of desk: any ControlDesk, listsThoseOfGroups: Bool) {
    self.desk = desk
    self.listsThoseOfGroups = listsThoseOfGroups
    roots = Self.roots(desk)
  }

  func root(_ name: String) -> (any ControlFile)? { roots[name] }

  func group(_ name: String, of group: GroupName) -> (any ControlFile)? {
    switch name {
    case ".requests":
      CommandFile("\(group)/\(name)", desk, .requests(of: group)) { [desk] () throws(Failure) in
        Self.lines(try desk.requests(in: group).map(\.description))
      }
    case ".members": CommandFile("\(group)/\(name)", desk, .members(of: group), members(of: group))
    case ".shares":
      CommandFile("\(group)/\(name)", desk, .shares(of: group)) { [desk] () throws(Failure) in
        Self.lines(try desk.sharedFiles(in: group).map { Printable.escaped($0.bytes) })
      }
    default: nil
    }
  }

  func link(to content: FileContent, at path: FilePath, in group: GroupName) -> String {
    ContentLink(group: group, content: content, path: path).description
  }

  static func lines(_ texts: [String]) -> String { texts.map { $0 + "\n" }.joined() }
}

// Their contents.
extension ControlFiles {
  private static func roots(_ desk: any ControlDesk) -> [String: CommandFile] {
    let groups = RememberedText(isReachable: { desk.isReachable }) { caller, milliseconds throws(Failure) in
      try desk.carryOut(.listGroups, for: caller, within: milliseconds)
    }
    let mine = RememberedText(isReachable: { desk.isReachable }) { caller, milliseconds throws(Failure) in
      let requests = try desk.requestsOfMine(for: caller, within: milliseconds)
      return lines(requests.map { "\($0.0) \($0.1 == .asked ? "pending" : "rejected")" })
    }
    return [
      ".join": CommandFile(".join", desk, .join, mine),
      ".leave": CommandFile(".leave", desk, .leave) { "" },
      ".groups": CommandFile(".groups", desk, nil, groups),
      ".downloads": CommandFile(".downloads", desk, .downloads) { () throws(Failure) in
        try desk.carryOut(.showDownloads, for: Caller(), within: nil)
      },
      ".status": CommandFile(
        ".status", desk, nil, atOnce: { () throws(Failure) in try desk.status(isPatient: false) }
      ) { () throws(Failure) in try desk.status(isPatient: true) },
      ".log": CommandFile(".log", desk, nil) { log(desk.events) },
      ".help": CommandFile(".help", desk, nil) { ControlHelp.text },
    ]
  }

  private static func log(_ events: EventLog) -> String {
    lines(events.latest.map { "\(UTC.iso($0.time)) \(Printable.oneLine($0.text))" })
  }

  /// Who is online, the tracker knows; who is in it is known here.
  private func members(of group: GroupName) -> RememberedText {
    members.withLock { [desk] members in
      if let known = members[group] { return known }
      let text = RememberedText(
        isReachable: { desk.isReachable },
        guess: {
          Self.lines(desk.members(of: group).map { "\($0.user) \($0.isOwner ? "owner" : "member") offline" })
        }
      ) { caller, milliseconds throws(Failure) in
        try desk.carryOut(.listMembers(group), for: caller, within: milliseconds)
      }
      members[group] = text
      return text
    }
  }
}

/// One of them.
struct CommandFile: ControlFile {
  private enum Source: Sendable {
    /// Known here; the second is for `stat`.
    case local(@Sendable () throws(Failure) -> String, @Sendable () throws(Failure) -> String)
    case remembered(RememberedText)
  }

  private let name: String
  private let desk: any ControlDesk
  /// nil for one that can only be read.
  private let grammar: ControlGrammar?
  private let source: Source

  init(
    _ name: String, _ desk: any ControlDesk, _ grammar: ControlGrammar?,
    atOnce: (@Sendable () throws(Failure) -> String)? = nil,
    _ text: @escaping @Sendable () throws(Failure) -> String
  ) {
    self.name = name
    self.desk = desk
    self.grammar = grammar
    source = .local(text, atOnce ?? text)
  }

  init(_ name: String, _ desk: any ControlDesk, _ grammar: ControlGrammar?, _ text: RememberedText) {
    self.name = name
    self.desk = desk
    self.grammar = grammar
    source = .remembered(text)
  }

  var isWritable: Bool { grammar != nil }

  func snapshot(for caller: Caller) throws(TreeError) -> [UInt8] {
    do throws(Failure) {
      switch source {
      case .local(let text, _): return Array(try text().utf8)
      case .remembered(let text): return try text.fresh(for: caller)
      }
    } catch {
      throw refused("cannot be read", error, nil)
    }
  }

  func lengthAtOnce() -> Int {
    switch source {
    case .local(_, let text): (try? text().utf8.count) ?? 0
    case .remembered(let text): text.lengthAtOnce()
    }
  }

  func take(_ line: [UInt8], for caller: Caller) throws(TreeError) {
    var command: Command?
    do throws(Failure) {
      guard let grammar else { throw .malformed("it can only be read: 'cat .help' says what can be written") }
      let order = try grammar.order(line)
      command = order.command
      switch order {
      case .command(let command): _ = try desk.carryOut(command, for: caller, within: nil)
      case .keep(let group, let file): try desk.keep(file, of: group)
      }
    } catch {
      throw refused("'\(Printable.escaped(line.prefix(200)))'", error, command)
    }
  }

  private func refused(_ what: String, _ failure: Failure, _ command: Command?) -> TreeError {
    let error = TreeError(failure)
    if error != .interrupted { desk.events.note("\(name): \(what): \(failure.sentence(for: command))") }
    return error
  }
}

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
  private let doings = Doings()
  private let roots: [String: CommandFile]
  /// What members' files remember, by group.
  private let members = Mutex<[GroupName: RememberedText]>([:])
  private let ages = Mutex<[String: TextAge]>([:])

  init(of desk: any ControlDesk, listsThoseOfGroups: Bool) {
    self.desk = desk
    self.listsThoseOfGroups = listsThoseOfGroups
    roots = Self.roots(desk, doings)
    // What never changes is as old as the mount.
    _ = roots[".help"]?.textAtOnce()
  }

  func root(_ name: String) -> (any ControlFile)? { roots[name] }

  func group(_ name: String, of group: GroupName) -> (any ControlFile)? {
    guard var file = file(name, of: group) else { return nil }
    file.age = age(of: "\(group)/\(name)")
    return file
  }

  private func file(_ name: String, of group: GroupName) -> CommandFile? {
    let path = "\(group)/\(name)"
    switch name {
    case ".requests":
      var file = CommandFile(path, desk, .requests(of: group), doings) { [desk] () throws(Failure) in
        Self.lines(try desk.requests(in: group).map(\.description))
      }
      file.mine = { [desk] in desk.owns(group) ? 0o644 : 0 }
      return file
    case ".members":
      var file = CommandFile(path, desk, .members(of: group), doings, members(of: group))
      file.mine = { [desk] in desk.owns(group) ? 0o644 : 0o444 }
      return file
    case ".shares":
      return CommandFile(path, desk, .shares(of: group), doings) { [desk] () throws(Failure) in
        Self.lines(try desk.sharedFiles(in: group).map { Printable.escaped($0.bytes) })
      }
    default: return nil
    }
  }

  /// The kernel forgets files, and so do we; their times last as long as the mount.
  private func age(of path: String) -> TextAge {
    ages.withLock { ages in
      if let known = ages[path] { return known }
      let age = TextAge()
      ages[path] = age
      return age
    }
  }

  func link(to content: FileContent, at path: FilePath, in group: GroupName) -> String {
    ContentLink(group: group, content: content, path: path).description
  }

  static func lines(_ texts: [String]) -> String { texts.map { $0 + "\n" }.joined() }
}

// Their contents.
extension ControlFiles {
  private static func roots(_ desk: any ControlDesk, _ doings: Doings) -> [String: CommandFile] {
    let groups = RememberedText(after: doings, isReachable: { desk.isReachable }) {
      caller, milliseconds throws(Failure) in
      try desk.carryOut(.listGroups, for: caller, within: milliseconds)
    }
    let mine = RememberedText(after: doings, isReachable: { desk.isReachable }) {
      caller, milliseconds throws(Failure) in
      let requests = try desk.requestsOfMine(for: caller, within: milliseconds)
      return lines(requests.map { "\($0.0) \($0.1 == .asked ? "pending" : "rejected")" })
    }
    return [
      ".join": CommandFile(".join", desk, .join, doings, mine),
      ".leave": CommandFile(".leave", desk, .leave, doings) { "" },
      ".groups": CommandFile(".groups", desk, nil, doings, groups),
      ".downloads": CommandFile(".downloads", desk, .downloads, doings) { () throws(Failure) in
        try desk.carryOut(.showDownloads, for: Caller(), within: nil)
      },
      ".status": CommandFile(
        ".status", desk, nil, doings, atOnce: { () throws(Failure) in try desk.status(isPatient: false) }
      ) { () throws(Failure) in try desk.status(isPatient: true) },
      ".log": CommandFile(".log", desk, nil, doings) { log(desk.events) },
      ".help": CommandFile(".help", desk, nil, doings) { ControlHelp.text },
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
        after: doings, isReachable: { desk.isReachable },
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
  private let doings: Doings
  var age = TextAge()
  /// Where not everybody may do everything with it, what I may.
  var mine: (@Sendable () -> UInt16)?

  init(
    _ name: String, _ desk: any ControlDesk, _ grammar: ControlGrammar?, _ doings: Doings,
    atOnce: (@Sendable () throws(Failure) -> String)? = nil,
    _ text: @escaping @Sendable () throws(Failure) -> String
  ) {
    self.name = name
    self.desk = desk
    self.grammar = grammar
    self.doings = doings
    source = .local(text, atOnce ?? text)
  }

  init(
    _ name: String, _ desk: any ControlDesk, _ grammar: ControlGrammar?, _ doings: Doings,
    _ text: RememberedText
  ) {
    self.name = name
    self.desk = desk
    self.grammar = grammar
    self.doings = doings
    source = .remembered(text)
  }

  var isWritable: Bool { grammar != nil }

  var permissions: UInt16 { mine?() ?? (isWritable ? 0o644 : 0o444) }

  func snapshot(for caller: Caller) throws(TreeError) -> ControlText {
    do throws(Failure) {
      switch source {
      case .local(let text, _): return age.looked(at: Array(try text().utf8))
      case .remembered(let text): return age.looked(at: try text.fresh(for: caller))
      }
    } catch {
      throw refused("cannot be read", error, nil)
    }
  }

  func textAtOnce() -> ControlText {
    switch source {
    case .local(_, let text): age.looked(at: (try? text()).map { Array($0.utf8) } ?? [])
    case .remembered(let text): age.looked(at: text.atOnce())
    }
  }

  func take(_ line: [UInt8], for caller: Caller) throws(TreeError) {
    var command: Command?
    // Also where it failed: nobody knows how far it came.
    defer { doings.add() }
    do throws(Failure) {
      guard let grammar else { throw .malformed("it can only be read: 'cat .help' says what can be written") }
      guard line.count <= OpenControl.lineBytesMax else {
        throw .malformed(
          "a line is too long: \(OpenControl.lineBytesMax) bytes are the most, without its end")
      }
      let order = try grammar.order(line)
      command = order.command
      switch order {
      case .command(let command): _ = try desk.carryOut(command, for: caller, within: nil)
      case .keep(let group, let file): try desk.keep(file, of: group)
      }
    } catch {
      throw refused(Quoted.bytes(line), error, command)
    }
  }

  private func refused(_ what: String, _ failure: Failure, _ command: Command?) -> TreeError {
    let error = TreeError(failure)
    if error != .interrupted { desk.events.note("\(name): \(what): \(failure.sentence(for: command))") }
    return error
  }
}

// What the control files of a mount say and take (SPEC 4), with a daemon that is written down.

import Glibc
import GroupModel
import Synchronization
import Testing
import Volume

@testable import p2pfs

private let team = GroupName("team")!
private let alice = UserName("alice")!
private let bob = UserName("bob")!

/// What was asked of it, and what it answers.
private final class ScriptedDesk: ControlDesk {
  private struct State {
    var done: [String] = []
    var answers: [String: Result<String, Failure>] = [:]
  }

  private let state = Mutex(State())
  let events = EventLog { _ in }
  private let reachable = Mutex(true)
  private let owner = Mutex(true)

  var isOwner: Bool {
    get { owner.withLock { $0 } }
    set { owner.withLock { $0 = newValue } }
  }

  func owns(_ group: GroupName) -> Bool { isOwner }

  var isReachable: Bool {
    get { reachable.withLock { $0 } }
    set { reachable.withLock { $0 = newValue } }
  }

  var done: [String] { state.withLock { $0.done } }

  func answer(_ what: String, with answer: Result<String, Failure>) {
    state.withLock { $0.answers[what] = answer }
  }

  private func carryOut(_ what: String) throws(Failure) -> String {
    let answer = state.withLock { state in
      state.done.append(what)
      return state.answers[what] ?? .success("")
    }
    return try answer.get()
  }

  func carryOut(
    _ command: Command, for caller: Caller, within milliseconds: Int?
  ) throws(Failure) -> String {
    try carryOut("\(command)")
  }

  func status(isPatient: Bool) throws(Failure) -> String { isPatient ? "{\"patient\":1}\n" : "{}\n" }

  func keep(_ file: FilePath, of group: GroupName) throws(Failure) {
    _ = try carryOut("keep \(group) \(file)")
  }

  func requestsOfMine(
    for caller: Caller, within milliseconds: Int
  ) throws(Failure) -> [(GroupName, Standing)] {
    [(GroupName("one")!, .asked), (GroupName("two")!, .rejected)]
  }

  func requests(in group: GroupName) throws(Failure) -> [UserName] { [bob] }

  func members(of group: GroupName) -> [(user: UserName, isOwner: Bool)] { [(alice, true), (bob, false)] }

  func sharedFiles(in group: GroupName) throws(Failure) -> [FilePath] {
    [try! FilePath("a b"), try! FilePath("new\nline")]
  }

  func groups() -> [GroupName] { [team] }
}

@Suite struct ControlFileTests {
  private let desk = ScriptedDesk()
  private var files: ControlFiles { ControlFiles(of: desk, listsThoseOfGroups: false) }

  private func file(_ name: String) -> any ControlFile {
    let files = files
    return files.root(name) ?? files.group(name, of: team)!
  }

  private func text(_ file: any ControlFile) throws -> String {
    String(decoding: try file.snapshot(for: Caller()).bytes, as: UTF8.self)
  }

  private func write(_ line: String, to name: String) throws(TreeError) {
    try file(name).take(Array(line.utf8), for: Caller())
  }

  @Test(
    arguments: [
      (".join", "team", Command.joinGroup(team)),
      (".join", " team ", .joinGroup(team)),
      (".leave", "team", .leaveGroup(team)),
      (".requests", "accept bob", .acceptRequest(team, bob)),
      (".requests", "reject  bob", .rejectRequest(team, bob)),
      (".members", "remove bob", .removeMember(team, bob)),
      (".shares", "stop a b", .stopShare(team, "a b")),
      (".shares", "stop  a", .stopShare(team, " a")),
      (".shares", #"start new\nline"#, .startShare(team, "new\nline")),
      (".shares", #"start a\\b\303\251"#, .startShare(team, "a\\b\u{E9}")),
      (".downloads", "stop team a b", .stopDownload(team, "a b")),
    ])
  func `a line is a command`(name: String, line: String, command: Command) throws {
    try write(line, to: name)
    #expect(desk.done == ["\(command)"])
  }

  @Test func `a download is begun into the cache`() throws {
    try write(#"start team dir/a\\b"#, to: ".downloads")
    #expect(desk.done == [#"keep team dir/a\b"#])
  }

  @Test(arguments: [
    (".join", "two words"), (".join", "-x"), (".join", " "), (".leave", "a/b"), (".requests", "accept"),
    (".requests", "accept bob carol"), (".requests", "remove bob"), (".requests", "bob"),
    (".members", "accept bob"),
    (".members", "remove b@b"), (".shares", "stop"), (".shares", "stop /"), (".shares", #"stop a\x"#),
    (".shares", "publish a"), (".downloads", "start team"), (".downloads", "start te/am f"),
    (".downloads", "fetch team f"), (".downloads", "stop team .."),
  ])
  func `a malformed line is EINVAL, and the log says how it should look`(name: String, line: String) {
    var number: Int32 = 0
    do throws(TreeError) { try write(line, to: name) } catch { number = Errno(error).number }
    #expect(number == EINVAL)
    #expect(desk.done == [])
    #expect(desk.events.latest.count == 1)
  }

  @Test(
    arguments: [
      (.refused(.noSuchGroup), ENOENT), (.refused(.noSuchRequest), ENOENT),
      (.refused(.alreadyMember), EEXIST),
      (.refused(.notOwner), EACCES), (.refused(.limitReached), EAGAIN), (.noTracker([]), EHOSTUNREACH),
      (.noSource, EHOSTDOWN), (.timedOut, ETIMEDOUT), (.calledOff, EINTR), (.noDownload("f"), ENOENT),
    ] as [(Failure, Int32)])
  func `what is refused is the errno of the write`(failure: Failure, number: Int32) {
    desk.answer("\(Command.acceptRequest(team, bob))", with: .failure(failure))
    var error: TreeError?
    do throws(TreeError) { try write("accept bob", to: ".requests") } catch let refused { error = refused }
    #expect(error.map { Errno($0).number } == number)
    let reasons = desk.events.latest.map(\.text)
    let expected =
      "team/.requests: 'accept bob': "
      + failure.sentence(for: .acceptRequest(team, bob))
    #expect(reasons == (failure == .calledOff ? [] : [expected]))
  }

  @Test(
    arguments: [
      (
        ".downloads", "start team a b", "keep team a b", .refused(.notMember),
        "you are not a member of team: ask to join it with 'p2pfs join_group team'"
      ),
      (
        ".downloads", "start team f", "keep team f", .refused(.noSuchFile),
        "there is no such file in team: see 'p2pfs list_files team'"
      ),
      (
        ".downloads", "stop team a b", "\(Command.stopDownload(team, "a b"))", .noDownload("that file"),
        "no download of 'a b' is going on: 'p2pfs show_downloads' lists those that are"
      ),
      (
        ".shares", "stop d", "\(Command.stopShare(team, "d"))", .notShared("that file"),
        "you do not share 'd': only what you have uploaded, downloaded or read can be stopped and started"
      ),
    ] as [(String, String, String, Failure, String)])
  func `a refusal names the group and the file`(
    name: String, line: String, asked: String, failure: Failure, sentence: String
  ) {
    desk.answer(asked, with: .failure(failure))
    #expect(throws: TreeError.self) { try write(line, to: name) }
    #expect(desk.events.latest.last?.text.hasSuffix("\(name): '\(line)': \(sentence)") == true)
  }

  @Test func `each says what it is for`() throws {
    #expect(try text(file(".join")) == "one pending\ntwo rejected\n")
    #expect(try text(file(".leave")) == "")
    #expect(try text(file(".requests")) == "bob\n")
    #expect(try text(file(".shares")) == "a b\n" + #"new\nline"# + "\n")
    desk.answer("\(Command.showDownloads)", with: .success("[D] [team] a b\n"))
    #expect(try text(file(".downloads")) == "[D] [team] a b\n")
    desk.answer("\(Command.listMembers(team))", with: .success("alice owner online\n"))
    #expect(try text(file(".members")) == "alice owner online\n")
    desk.events.note("one\nevent")
    #expect(try text(file(".log")).hasSuffix(#" one\nevent"# + "\n"))
    #expect(try text(file(".status")) == "{\"patient\":1}\n")
    #expect(try text(file(".help")).contains("echo GROUP > .join"))
  }

  @Test func `a length is that of what would be read`() throws {
    desk.answer("\(Command.listGroups)", with: .success("team alice owner 1 0\n"))
    for name in files.rootNames where name != ".status" {
      let file = file(name)
      #expect(file.textAtOnce().bytes.count == (try text(file)).utf8.count, "\(name)")
    }
    for name in files.groupNames {
      let file = file(name)
      #expect(file.textAtOnce().bytes.count == (try text(file)).utf8.count, "\(name)")
    }
  }

  @Test func `without a tracker the last that was known is told, and nobody is asked`() throws {
    let files = files
    let (groups, members) = (files.root(".groups")!, files.group(".members", of: team)!)
    desk.answer("\(Command.listGroups)", with: .success("team alice owner 1 0\n"))
    #expect(try text(groups) == "team alice owner 1 0\n")
    desk.isReachable = false
    let asked = desk.done
    #expect(try text(groups) == "team alice owner 1 0\n")
    #expect(groups.textAtOnce().bytes.count == 21)
    #expect(try text(members) == "alice owner offline\nbob member offline\n")
    #expect(desk.done == asked)
  }

  @Test func `a tracker that goes away meanwhile is no reason to say nothing`() throws {
    let files = files
    let groups = files.root(".groups")!
    desk.answer("\(Command.listGroups)", with: .success("team alice owner 1 0\n"))
    _ = try text(groups)
    desk.answer("\(Command.listGroups)", with: .failure(.noTracker([])))
    #expect(try text(groups) == "team alice owner 1 0\n")
  }

  @Test func `a text that stays as it is keeps its time, and another has a later one`() throws {
    let files = files
    desk.answer("\(Command.listGroups)", with: .success("team alice owner 1 0\n"))
    for name in [".groups", ".help", ".requests", ".log"] {
      func file() -> any ControlFile { files.root(name) ?? files.group(name, of: team)! }
      let first = file().textAtOnce().modified
      #expect(try file().snapshot(for: Caller()).modified == first, "\(name)")
      #expect(file().textAtOnce().modified == first, "\(name)")
    }
    let log = files.root(".log")!.textAtOnce().modified
    desk.events.note("something happens")
    #expect(files.root(".log")!.textAtOnce().modified > log)
    #expect(try files.root(".log")!.snapshot(for: Caller()).modified > log)
  }

  @Test func `a mode says what this member may`() {
    let files = files
    func modes() -> [UInt16] {
      [".requests", ".members", ".shares"].map { files.group($0, of: team)!.permissions }
    }
    #expect(modes() == [0o644, 0o644, 0o644])
    desk.isOwner = false
    #expect(modes() == [0, 0o444, 0o644])
    #expect(files.root(".join")!.permissions == 0o644 && files.root(".help")!.permissions == 0o444)
  }

  @Test func `what a line says is not quoted without end, nor is a line without end`() {
    let events = desk.events
    var number: Int32 = 0
    do throws(TreeError) { try write(String(repeating: "x", count: 20_000), to: ".join") } catch {
      number = Errno(error).number
    }
    #expect(number == EINVAL && desk.done == [])
    #expect(
      events.latest.last?.text.hasSuffix("…': a line is too long: 16640 bytes are the most, without its end")
        == true)
    // One letter with thousands of accents.
    let letter = "e" + String(repeating: "\u{301}", count: 4000)
    #expect(throws: TreeError.self) { try write(letter, to: ".join") }
    let long = String(repeating: "d/", count: 2000)
    desk.answer("\(Command.stopShare(team, long + "f"))", with: .failure(.notShared(long)))
    #expect(throws: TreeError.self) { try write("stop \(long)f", to: ".shares") }
    #expect(events.latest.count == 3 && events.latest.allSatisfy { $0.text.utf8.count < 2000 })
    #expect(events.latest.last?.text.hasSuffix("can be stopped and started") == true)
  }

  @Test func `strangers in the tracker's place are named, and look like no tracker to a program`() throws {
    let change = Failure.authorityChanged(saved: [1], seen: [2])
    desk.answer("\(Command.joinGroup(team))", with: .failure(change))
    var number: Int32 = 0
    do throws(TreeError) { try write("team", to: ".join") } catch { number = Errno(error).number }
    #expect(number == EHOSTUNREACH)
    #expect(desk.events.latest.last?.text.contains("somebody may be in between") == true)
    let groups = file(".groups")
    desk.answer("\(Command.listGroups)", with: .failure(change))
    #expect(try text(groups) == "")
  }

  @Test func `those in the root can be listed, those of groups where that is asked for`() {
    #expect(files.rootNames.allSatisfy { files.root($0) != nil })
    #expect(files.groupNames.allSatisfy { files.group($0, of: team) != nil })
    #expect(files.root(".requests") == nil && files.group(".join", of: team) == nil)
    #expect(ControlFiles(of: desk, listsThoseOfGroups: true).listsThoseOfGroups)
    let writable = (files.rootNames + files.groupNames).filter { file($0).isWritable }
    #expect(writable == [".join", ".leave", ".downloads", ".requests", ".members", ".shares"])
  }
}

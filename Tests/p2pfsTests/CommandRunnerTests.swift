// What commands ask the tracker, what they say, and what they keep.

import Glibc
import GroupModel
import Swarm
import Testing

@testable import p2pfs

private let bob = UserName("bob")!
private let team = GroupName("team")!
private let authority = [UInt8](repeating: 0xA1, count: 32)
private let firstSight = "first sight of this network: its authority is \(Fingerprint.text(authority))"
private let networkIs = "the network's authority is \(Fingerprint.text(authority))"

/// A person at a shell, with a state directory of her own.
private final class Person {
  let scratch = Scratch()
  let network: ScriptedNetwork
  var trackerFile: String

  init(_ network: ScriptedNetwork = ScriptedNetwork()) {
    self.network = network
    trackerFile = scratch.file("tracker_info.txt", "127.0.0.1:9002\n")
  }

  var state: String { scratch.path("state") }

  /// What the command said.
  @discardableResult func runs(_ text: String, tracker: String? = nil) throws(Failure) -> [String] {
    let environment = Environment { [state = self.state] in $0 == "P2PFS_STATE" ? state : nil }
    let words = text.split(separator: " ").map(String.init) + (tracker.map { ["--tracker", $0] } ?? [])
    let line = try ShellLine(words, environment: environment)
    let door = MemoryDoor()
    let runner = CommandRunner(
      options: line.options, network: network, files: network, passwords: FixedPassword(), door: door)
    try runner.run(line.command)
    return door.lines
  }

  func logsIn(_ user: String = "alice secret") throws(Failure) {
    try runs("login \(user)", tracker: trackerFile)
  }

  var login: SavedLogin? {
    get throws { try StateDirectory(existing: state).flatMap { try SavedLogin.load(from: $0) } }
  }
}

@Test func `create_user makes an account and says what it saw`() throws {
  let alice = Person()
  #expect(
    try alice.runs("create_user alice secret", tracker: alice.trackerFile) == [
      firstSight, "created user alice",
    ])
  guard case .createUser(_, let user, let password)? = alice.network.asked.first else {
    Issue.record("asked something else")
    return
  }
  #expect(user.description == "alice")
  #expect(password == Array("secret".utf8))
  #expect(try alice.login == nil)
}

@Test func `login is saved, and the authority is shown at first sight only`() throws {
  let alice = Person()
  #expect(
    try alice.runs("login alice secret", tracker: alice.trackerFile) == [
      "logged in as alice", networkIs,
    ])
  #expect(try alice.runs("login alice") == ["logged in as alice", networkIs])
  #expect(alice.network.pins == [nil, authority])
  #expect(
    alice.network.asked.last
      == .login(
        UserName("alice")!, password: Array("typed".utf8), certificateRequest: Array("request by KEY".utf8)))
  let login = try #require(try alice.login)
  #expect(login.user.description == "alice")
  #expect(login.trackerText == Array("127.0.0.1:9002\n".utf8))
  #expect(login.keyPEM == Array("KEY".utf8))
  #expect(login.certificatePEM == Array("PEM of DER".utf8))
  #expect(login.authorityPEM == Array("CA".utf8))
  #expect(login.authority == authority)
}

@Test(
  arguments: [
    ("create_group team", .found, "created group team"),
    ("join_group team", .join, "asked to join team: its owner has to accept"),
    ("leave_group team", .leave, "left team"),
    ("accept_request team bob", .accept(bob), "accepted bob into team"),
    ("reject_request team bob", .reject(bob), "rejected bob's request to join team"),
    ("remove_member team bob", .remove(bob), "removed bob from team"),
  ] as [(String, Proposal.Wish, String)])
func `a change is proposed and confirmed`(command: String, wish: Proposal.Wish, confirmation: String) throws {
  let alice = Person()
  try alice.logsIn()
  #expect(try alice.runs(command) == [confirmation])
  guard case .propose(_, let proposal)? = alice.network.asked.last else {
    Issue.record("asked something else")
    return
  }
  #expect(proposal == Proposal(wish, in: team))
  #expect(alice.network.logins.map(\.user) == [UserName("alice")!])
}

@Test func `two wishes are told apart`() { #expect(RequestID.next() != RequestID.next()) }

@Test func `a refusal is the command's failure`() throws {
  let alice = Person(
    ScriptedNetwork { request in
      if case .propose = request { .refused(.notOwner) } else { ScriptedNetwork.agreeing(request) }
    })
  try alice.logsIn()
  #expect(throws: Failure.refused(.notOwner)) { try alice.runs("accept_request team bob") }
}

@Test func `an answer to another question is refused`() throws {
  let alice = Person(
    ScriptedNetwork { request in
      if case .login = request { .certificate([]) } else { .sharers([]) }
    })
  try alice.logsIn()
  for command in [
    "create_group team", "list_groups", "list_members team", "list_requests team", "create_user bob",
  ] {
    #expect(throws: Failure.strangeAnswer) { try alice.runs(command) }
  }
}

@Test(arguments: [
  "list_groups", "create_group team", "logout", "passwd", "list_files team", "remove_member team bob",
])
func `who is not logged in is told so`(command: String) throws {
  let alice = Person()
  #expect(throws: Failure.refused(.notLoggedIn)) { try alice.runs(command) }
  #expect(alice.scratch.names(in: alice.scratch.path) == ["tracker_info.txt"])
}

private func summary(_ name: String, _ mine: Standing) -> GroupSummary {
  GroupSummary(
    name: GroupName(name)!, id: GroupID(1), owner: bob, mine: mine, members: 2, files: 30, number: 9)
}

@Test func `groups are listed over as many pages as there are`() throws {
  let alice = Person(
    ScriptedNetwork { request in
      switch request {
      case .listGroups(nil): .groups([summary("a", .owner), summary("b", .member)], more: true)
      case .listGroups(GroupName("b")): .groups([summary("c", .asked), summary("d", .rejected)], more: true)
      case .listGroups(GroupName("d")): .groups([], more: false)
      default: ScriptedNetwork.agreeing(request)
      }
    })
  try alice.logsIn()
  #expect(
    try alice.runs("list_groups") == [
      "a bob owner 2 30", "b bob member 2 30", "c bob pending 2 30", "d bob - 2 30",
    ])
}

@Test func `a tracker that never ends a list is not followed`() throws {
  let alice = Person(
    ScriptedNetwork { request in
      if case .listRequests = request { .users([bob], more: true) } else { ScriptedNetwork.agreeing(request) }
    })
  try alice.logsIn()
  #expect(throws: Failure.strangeAnswer) { try alice.runs("list_requests team") }
}

@Test func `members and requests are listed as the table says`() throws {
  let alice = Person(
    ScriptedNetwork { request in
      switch request {
      case .listMembers:
        .members(
          [
            MemberSummary(user: UserName("alice")!, isOwner: true, isOnline: true),
            MemberSummary(user: bob, isOwner: false, isOnline: false),
          ], more: false)
      case .listRequests: .users([UserName("alice")!, bob], more: false)
      default: ScriptedNetwork.agreeing(request)
      }
    })
  try alice.logsIn()
  #expect(try alice.runs("list_members team") == ["alice owner online", "bob member offline"])
  #expect(try alice.runs("list_requests team") == ["alice", "bob"])
}

@Test func `a file's name cannot forge a line`() throws {
  let alice = Person()
  alice.network.files = [
    ListedFile(path: try FilePath("a b/c\nd\\"), byteCount: 12, owner: bob, sharersOnline: 3)
  ]
  try alice.logsIn()
  #expect(try alice.runs("list_files team") == [#"12 bob 3 a b/c\nd\\"#])
}

@Test func `logout erases the login and remembers the authority`() throws {
  let alice = Person()
  try alice.logsIn()
  #expect(try alice.runs("logout") == ["logged out alice"])
  #expect(alice.network.asked.last == .logout)
  #expect(try alice.login == nil)
  try alice.logsIn()
  #expect(alice.network.pins == [nil, authority])
}

@Test func `logout works where no tracker does, and says so`() throws {
  let alice = Person()
  try alice.logsIn()
  alice.network.isReachable = false
  #expect(try alice.runs("logout") == ["logged out alice here; no tracker was told"])
  #expect(try alice.login == nil)
}

@Test func `after logout the same trackers with another authority are refused`() throws {
  let alice = Person()
  try alice.logsIn()
  try alice.runs("logout")
  let seen = [UInt8](repeating: 0xB2, count: 32)
  alice.network.authority = Authority(fingerprint: seen, certificatePEM: [])
  #expect(throws: Failure.authorityChanged(saved: authority, seen: seen)) { try alice.logsIn() }
  alice.trackerFile = alice.scratch.file("other.txt", "127.0.0.1:9100\n")
  try alice.logsIn()
  #expect(try alice.login?.authority == seen)
}

@Test func `a fingerprint in the file is what counts, and ends a quarrel about a change`() throws {
  let alice = Person()
  try alice.logsIn()
  let seen = [UInt8](repeating: 0xB2, count: 32)
  alice.network.authority = Authority(fingerprint: seen, certificatePEM: [])
  let file = alice.scratch.file("new.txt", "127.0.0.1:9002 \(Fingerprint.text(seen))\n")
  let failure = #expect(throws: Failure.self) { try alice.runs("list_groups", tracker: file) }
  #expect(failure?.exitCode == 78)
  #expect(try alice.runs("login alice", tracker: file) == ["logged in as alice"])
  #expect(try alice.runs("list_groups") == [])
}

@Test func `passwd keeps the key and saves the new certificate`() throws {
  let alice = Person(
    ScriptedNetwork { request in
      if case .changePassword = request {
        .certificate(Array("NEW".utf8))
      } else {
        ScriptedNetwork.agreeing(request)
      }
    })
  try alice.logsIn()
  #expect(try alice.runs("passwd") == ["changed the password of alice"])
  #expect(try alice.login?.certificatePEM == Array("PEM of NEW".utf8))
  #expect(try alice.login?.keyPEM == Array("KEY".utf8))
}

@Test func `a failed login leaves the old one as it was`() throws {
  let alice = Person(
    ScriptedNetwork { request in
      if case .login(bob, _, _) = request { .refused(.wrongLogin) } else { ScriptedNetwork.agreeing(request) }
    })
  try alice.logsIn()
  #expect(throws: Failure.refused(.wrongLogin)) { try alice.runs("login bob wrong") }
  #expect(try alice.login?.user.description == "alice")
}

@Test func `a damaged login is told, and a new one replaces it`() throws {
  let alice = Person()
  try alice.logsIn()
  _ = alice.scratch.file("state/login", "rubbish")
  let failure = #expect(throws: Failure.self) { try alice.runs("list_groups") }
  #expect(failure?.exitCode == 74)
  try alice.logsIn()
  #expect(try alice.runs("list_groups") == [])
}

@Test func `a damaged login can be ended`() throws {
  let alice = Person()
  try alice.logsIn()
  _ = alice.scratch.file("state/login", "rubbish")
  #expect(try alice.runs("logout") == ["logged out the damaged login here; no tracker was told"])
  #expect(try alice.login == nil)
}

@Test func `the trackers are those saved at login, unless others are named`() throws {
  let alice = Person()
  try alice.logsIn()
  unlink(alice.trackerFile)
  try alice.runs("list_groups")
  try alice.runs("list_groups", tracker: alice.scratch.file("other.txt", "localhost:1\n"))
  #expect(alice.network.connectedTo.suffix(2) == [["127.0.0.1:9002"], ["localhost:1"]])
}

@Test(arguments: [("", "no line names a tracker"), ("a:0\n", "line 1"), ("#", "no line")])
func `a tracker file that says nothing useful is bad configuration`(text: String, reason: String) throws {
  let alice = Person()
  alice.trackerFile = alice.scratch.file("bad.txt", text)
  let failure = #expect(throws: Failure.self) { try alice.logsIn() }
  #expect(failure?.exitCode == 78)
  #expect(failure?.sentence(for: nil).contains(reason) == true)
}

@Test(arguments: ["/nonexistent", "/", "/dev/zero"])
func `a tracker file that cannot be read is bad configuration`(path: String) throws {
  let failure = #expect(throws: Failure.self) { try Person().runs("login alice x", tracker: path) }
  #expect(failure?.exitCode == 78)
}

@Test func `status says who and where`() throws {
  let alice = Person()
  let nobody = try alice.runs("status")
  #expect(nobody.starts(with: ["user -", "login none: log in with 'p2pfs login USER'"]))
  #expect(nobody.suffix(2) == ["state \(alice.state)", "daemon none"])
  try alice.logsIn()
  #expect(
    try alice.runs("status") == [
      "user alice", "login expired 1970-01-02 00:00:00 UTC: log in again with 'p2pfs login alice'",
      "tracker 127.0.0.1:9002 answers", "authority \(Fingerprint.text(authority))",
      "state \(alice.state)", "daemon none",
    ])
  #expect(
    try alice.runs("status --json") == [
      #"{"user":"alice","login":{"valid":false,"until":"1970-01-02T00:00:00Z"},"#
        + #""trackers":[{"address":"127.0.0.1:9002","answers":true,"authority":null,"condition":"answers"}],"#
        + #""authority":"\#(Fingerprint.text(authority))","state":"\#(alice.state)","daemon":null}"#
    ])
}

@Test func `help and version need nothing`() throws {
  let alice = Person()
  #expect(try alice.runs("--version") == ["p2pfs 0.1.0"])
  #expect(try alice.runs("help") == [HelpText.overview])
  #expect(try alice.runs("login --help").first?.hasPrefix("usage: p2pfs login <user> [password]\n") == true)
  #expect(throws: Failure.usage("'lgoin' is no command: did you mean 'login'?")) {
    try alice.runs("help lgoin")
  }
}

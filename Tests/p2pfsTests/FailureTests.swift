// One failure, one meaning: its exit code (SPEC 3.1) and a sentence with a remedy.

import Glibc
import GroupModel
import Testing

@testable import p2pfs

private let team = GroupName("team")!
private let bob = UserName("bob")!

/// Every refusal, so that a new one is missed here as soon as it has a code.
private let refusals: [Refusal] = (UInt8.min...UInt8.max).compactMap { Refusal(code: $0, seconds: 12) }

private let commands: [Command?] = [
  nil, .createUser(bob, password: nil), .login(bob, password: nil), .logout, .passwd, .listGroups,
  .createGroup(team), .joinGroup(team), .leaveGroup(team), .listRequests(team), .acceptRequest(team, bob),
  .rejectRequest(team, bob), .listMembers(team), .removeMember(team, bob), .listFiles(team),
]

@Test(
  arguments: [
    (65, [.malformed]),
    (66, [.noSuchUser, .noSuchGroup, .noSuchRequest, .noSuchMember, .noSuchFile]),
    (
      73,
      [
        .userExists, .groupExists, .alreadyMember, .fileExists, .directoryNotEmpty, .notDirectory,
        .isDirectory,
      ]
    ),
    (75, [.conflict, .busy, .throttled(seconds: 12), .trackerFull, .limitReached]),
    (77, [.notOwner, .notMember, .notYours, .wrongLogin, .notLoggedIn, .loginEnded]),
  ] as [(Int32, [Refusal])])
func `refusals have the exit codes of the table`(code: Int32, these: [Refusal]) {
  for refusal in these { #expect(Failure.refused(refusal).exitCode == code) }
}

@Test func `every refusal has an exit code and a sentence with a remedy, whatever the command`() {
  #expect(refusals.count == 24)
  for refusal in refusals {
    #expect([65, 66, 73, 75, 77].contains(refusal.exitCode))
    for command in commands { expectTwoHalves(refusal.sentence(for: command)) }
  }
}

/// `what was wrong: what to do`, on one line.
private func expectTwoHalves(_ sentence: String) {
  let halves = sentence.split(separator: ": ", maxSplits: 1)
  #expect(halves.count == 2 && halves.allSatisfy { $0.count >= 5 }, "\(sentence)")
  #expect(!sentence.contains("\n") && !sentence.hasSuffix(".") && !sentence.contains("  "), "\(sentence)")
}

@Test(
  arguments: [
    (
      .notOwner, .acceptRequest(team, bob),
      "only the owner of team can do that: ask the owner (list_groups shows who it is)"
    ),
    (
      .noSuchRequest, .acceptRequest(team, bob),
      "bob has not asked to join team: see 'p2pfs list_requests team'"
    ),
    (.noSuchUser, .removeMember(team, bob), "there is no user bob: see 'p2pfs list_members team'"),
    (
      .malformed, .removeMember(team, bob),
      "you cannot remove yourself from team: use 'p2pfs leave_group team'"
    ),
    (.noSuchMember, .leaveGroup(team), "you are not in team: 'p2pfs list_groups' shows where you are"),
    (.noSuchMember, .removeMember(team, bob), "bob is not a member of team: see 'p2pfs list_members team'"),
    (.alreadyMember, .joinGroup(team), "you are already in team: nothing is left to do"),
    (.alreadyMember, .acceptRequest(team, bob), "bob is already in team: nothing is left to do"),
    (
      .noSuchGroup, .joinGroup(team),
      "there is no group team: see 'p2pfs list_groups', or make it with 'p2pfs create_group team'"
    ),
    (
      .userExists, .createUser(bob, password: nil),
      "there is a user bob already: choose another name, or log in with 'p2pfs login bob'"
    ),
    (.throttled(seconds: 12), .login(bob, password: nil), "too many attempts: try again in 12 seconds"),
    (.throttled(seconds: 1), .login(bob, password: nil), "too many attempts: try again in 1 second"),
  ] as [(Refusal, Command, String)])
func `a sentence speaks of what the command was about`(refusal: Refusal, command: Command, sentence: String) {
  #expect(Failure.refused(refusal).sentence(for: command) == sentence)
}

@Test(
  arguments: [
    (.usage("a: b"), 64), (.malformed("a: b"), 65), (.noTracker([]), 69), (.noDaemon, 69),
    (.daemonSilent(process: 7, log: "/s/daemon.log"), 69), (.daemonSilent(process: nil, log: nil), 69),
    (.wouldReplace("/a/x", "/b/x"), 73),
    (.strangeAnswer, 69),
    (.disk(ENOSPC, "writing '/x'"), 74), (.foreignState(path: "/x", owner: 7), 74),
    (.damaged(path: "/x", remedy: "log in again"), 74), (.readerGone, 74), (.configuration("a: b"), 78),
    (.authorityChanged(saved: [1], seen: [2]), 78), (.fileChanged("/f"), 74),
  ] as [(Failure, Int32)])
func `every other failure has its exit code and its two halves`(failure: Failure, code: Int32) {
  #expect(failure.exitCode == code)
  if failure != .usage("a: b"), failure != .malformed("a: b"), failure != .configuration("a: b") {
    expectTwoHalves(failure.sentence(for: nil))
  }
}

@Test func `trouble with a disk is told as the system said it`() {
  let sentence = Failure.disk(ENOSPC, "writing '/x'").sentence(for: nil)
  #expect(sentence == "writing '/x': No space left on device: make room on that disk")
}

@Test func `names from outside are harmless in a sentence`() {
  let sentence = Failure.foreignState(path: "/\u{1B}[2J\n", owner: 7).sentence(for: nil)
  #expect(sentence.hasPrefix(#"the state directory '/\033[2J\n' belongs to user 7: "#))
}

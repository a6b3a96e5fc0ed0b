// One of every message, with every kind of field in it: what the wire's tests send through it, and what fuzzing
// (Fuzz/run.sh compiles this file too) begins from.

import GroupModel

enum WireSamples {
  static let alice = UserName("alice")!
  static let bob = UserName("Bob.the-2nd_")!
  static let team = GroupName("team")!
  static let id = RequestID(instance: 0x0102_0304_0506_0708, sequence: 9)
  static let root = ContentRoot(hex: String(repeating: "0123456789abcdef", count: 4))!
  static let key = ContentKey(group: GroupID(7), root: root)
  static let deep = path("photos/2026/\u{E9}t\u{E9}.jpg")
  static let address4 = PeerAddress(ip: [192, 0, 2, 1], port: 9002)!
  static let address6 = PeerAddress(
    ip: [0x20, 1, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 11) + [1], port: 1)!

  static func path(_ text: String) -> FilePath { try! FilePath(text) }

  static let kinds: [Entry.Kind] = [
    .file(FileContent(size: 1 << 50, root: root, isExecutable: true)!),
    .file(FileContent(size: 0, root: nil, isExecutable: false)!),
    .directory,
    .symlink(LinkTarget(Array("../../a/./b".utf8), at: deep)!),
  ]

  static let pieces: [Holding.Pieces] = [.none, .all, .some([0..<1, 5..<90, 91..<UInt32.max])]

  static let changes: [Change] = plainChanges + kinds.map { .published(entry($0)) }

  private static func entry(_ kind: Entry.Kind) -> Entry {
    Entry(path: deep, kind: kind, owner: alice, modified: -5, version: 3)
  }

  private static let plainChanges: [Change] = [
    .stands(alice, .owner, since: 1), .stands(bob, .stranger, since: .max), .unpublished(deep),
    .moved(from: path("a"), to: path("b/c")), .ended,
  ]

  static let wishes: [Proposal.Wish] =
    plainWishes + kinds.map { .publish(deep, $0, modified: .min, over: nil) }

  private static let plainWishes: [Proposal.Wish] = [
    .found, .join, .leave, .disband, .accept(bob), .reject(bob), .remove(bob), .unpublish(deep),
    .rename(from: deep, to: path("x"), replacing: true),
    .publish(deep, .directory, modified: .max, over: 0),
  ]

  static let requests: [TrackerRequest] = plainRequests + wishes.map { .propose(id, Proposal($0, in: team)) }

  private static let plainRequests: [TrackerRequest] = [
    .createUser(id, alice, password: Array("correct horse".utf8)),
    .login(alice, password: [0, 255], certificateRequest: [UInt8](repeating: 0x30, count: 200)),
    .renew(certificateRequest: [1, 2, 3]),
    .changePassword(id, password: [1], certificateRequest: []),
    .logout,
    .listGroups(after: nil), .listGroups(after: team), .listMyGroups(after: nil),
    .listRequests(team, after: bob), .listMembers(team, after: nil),
    .catchUp(GroupID(3), after: CatchUpMark(number: 4, row: 5, begun: 6)),
    .follow(listening: nil), .follow(listening: address4), .follow(listening: address6),
    .announce(pieces.map { Holding(key: key, pieces: $0) }), .announce([]),
    .locate(key),
    .countSharers(GroupID(1), [root, root]),
    .setSharing(id, team, deep, isOn: true),
    .stopWatching(key),
    .saw(GroupID(4), 77),
  ]

  /// Each with the kind of the request that it answers.
  static let answers: [(kind: UInt8, answer: TrackerAnswer)] =
    plainAnswers + refusals.map { (TrackerKind.propose, .refused($0)) }

  private static let plainAnswers: [(kind: UInt8, answer: TrackerAnswer)] = [
    (TrackerKind.logout, .done), (TrackerKind.createUser, .done), (TrackerKind.stopWatching, .done),
    (TrackerKind.login, .certificate([UInt8](repeating: 0x30, count: 500))),
    (TrackerKind.propose, .decided(GroupID(8), 9)),
    (TrackerKind.listGroups, .groups([summary], more: true)),
    (TrackerKind.listRequests, .users([alice, bob], more: false)),
    (
      TrackerKind.listMembers,
      .members([MemberSummary(user: bob, isOwner: true, isOnline: false)], more: true)
    ),
    (TrackerKind.catchUp, .caughtUp(page)),
    (
      TrackerKind.locate,
      .holders(pieces.map { ContentHolder(user: bob, address: address6, pieces: $0) })
    ),
    (TrackerKind.countSharers, .sharers([0, 1, .max])),
  ]

  static let summary = GroupSummary(
    name: team, id: GroupID(3), owner: alice, mine: .asked, members: 4, files: 5, number: 6)

  static let page = CatchUpPage(
    startsAnew: true, changes: changes, mark: CatchUpMark(number: 1, row: 2, begun: 3), more: true)

  static let refusals: [Refusal] =
    (1...24).compactMap { Refusal(code: $0, seconds: 0) } + [
      .throttled(seconds: 7), .throttled(seconds: .max),
    ]

  static let pushes: [TrackerPush] = [
    .decision(Decision(group: GroupID(1), number: 2, changes: changes)),
    .decision(Decision(group: GroupID(1), number: 2, changes: [])),
    .standing(team, GroupID(1), .rejected),
    .holder(key, ContentHolder(user: alice, address: address4, pieces: .none)),
  ]
}

// A message as it goes over the wire: its kind, then its bytes.
extension TrackerRequest {
  var bytes: [UInt8] {
    var writer = WireWriter()
    write(to: &writer)
    return writer.bytes
  }

  static func parsed(kind: UInt8, _ bytes: [UInt8]) -> TrackerRequest? {
    var reader = WireReader(bytes.span.bytes)
    return try? TrackerRequest(kind: kind, reading: &reader)
  }
}

extension TrackerAnswer {
  var bytes: [UInt8] {
    var writer = WireWriter()
    write(to: &writer)
    return writer.bytes
  }

  static func parsed(kind: UInt8, _ bytes: [UInt8]) -> TrackerAnswer? {
    var reader = WireReader(bytes.span.bytes)
    return try? TrackerAnswer(kind: kind, reading: &reader)
  }
}

extension TrackerPush {
  var bytes: [UInt8] {
    var writer = WireWriter()
    write(to: &writer)
    return writer.bytes
  }

  static func parsed(kind: UInt8, _ bytes: [UInt8]) -> TrackerPush? {
    var reader = WireReader(bytes.span.bytes)
    return try? TrackerPush(kind: kind, reading: &reader)
  }
}

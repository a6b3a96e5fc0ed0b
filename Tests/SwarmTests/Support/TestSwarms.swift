// Members of one network in this process, each with a swarm of its own on a free port of this machine.

import GroupModel
import Link
import Synchronization
import Testing
import Visitors

@testable import Swarm

final class TestSwarms {
  static let group = GroupID(7)

  let authority: Authority
  let members = TestMembership()

  init() throws { authority = try Authority.make(now: secondsSince1970()) }

  var pin: Pin { .certificate(authority.certificate) }

  func credential(
    _ name: String, lineage: UInt64 = 1, now: Int64 = secondsSince1970(), forSeconds lifetime: Int64 = 86_400
  ) throws -> Credential {
    let key = try KeyPair.generate()
    let certificate = try authority.issueMember(
      user: #require(UserName(name)), generation: 1, lineage: lineage,
      request: CertificateRequest(signedBy: key), now: now, lifetimeSeconds: lifetime)
    return Credential(key: key, certificate: certificate)
  }

  func tracker() throws -> Credential {
    let key = try KeyPair.generate()
    let certificate = try authority.issueTracker(publicKey: key.publicKey)
    return Credential(key: key, certificate: certificate, authority: authority.certificate)
  }

  /// A member that is in the group.
  func join(
    _ name: String, lineage: UInt64 = 1, as credential: Credential? = nil, pin: Pin? = nil,
    limits: SwarmLimits = SwarmLimits()
  ) throws -> TestMember {
    members.add(try #require(UserName(name)), to: Self.group)
    return try TestMember(
      name, self, as: credential ?? self.credential(name, lineage: lineage), pin: pin ?? self.pin, limits)
  }
}

final class TestMembership: Membership {
  private struct Pair: Hashable {
    let user: UserName
    let group: GroupID
  }

  private let inside = Mutex<Set<Pair>>([])

  func add(_ user: UserName, to group: GroupID) {
    _ = inside.withLock { $0.insert(Pair(user: user, group: group)) }
  }

  func remove(_ user: UserName, from group: GroupID) {
    _ = inside.withLock { $0.remove(Pair(user: user, group: group)) }
  }

  func isMember(_ user: UserName, of group: GroupID) -> Bool {
    inside.withLock { $0.contains(Pair(user: user, group: group)) }
  }

  func sharesGroup(with user: UserName) -> Bool {
    inside.withLock { inside in inside.contains { $0.user == user } }
  }
}

final class TestShelf: ContentShelf {
  private let contents = Mutex<[ContentKey: MemoryContent]>([:])

  func put(_ content: MemoryContent, as key: ContentKey) { contents.withLock { $0[key] = content } }

  func content(_ key: ContentKey) -> (any ContentStoring)? { contents.withLock { $0[key] } }
}

/// Notes what was asked for; the test feeds the answers.
final class TestFinder: HolderFinder {
  let finds = Awaitable<[ContentKey]>([])

  func find(_ key: ContentKey) { finds.change { $0.append(key) } }

  func forget(_ key: ContentKey) {}
}

final class TestMember {
  let user: UserName
  let swarm: PeerSwarm
  let shelf = TestShelf()
  let finder = TestFinder()
  let credential: Credential

  init(
    _ name: String, _ network: TestSwarms, as credential: Credential, pin: Pin, _ limits: SwarmLimits
  ) throws {
    user = try #require(UserName(name))
    self.credential = credential
    let port = try ListeningPort(at: SocketAddress(ip: [127, 0, 0, 1], port: 0))
    swarm = try #require(
      PeerSwarm(
        as: credential, trusting: pin, listening: port, shelf: shelf, membership: network.members,
        finder: finder, limits: limits))
    try swarm.start()
  }

  deinit { swarm.stop() }

  @discardableResult
  func shares(_ file: TestFile, only held: BlockRuns? = nil) -> MemoryContent {
    let content = MemoryContent(of: file)
    if let held { content.keepOnly(held) }
    shelf.put(content, as: file.key)
    return content
  }

  @discardableResult
  func wants(_ file: TestFile) -> MemoryContent {
    let content = MemoryContent(emptyFor: file)
    shelf.put(content, as: file.key)
    return content
  }

  func holder(_ pieces: Holding.Pieces = .all) -> ContentHolder {
    ContentHolder(user: user, address: swarm.address.peer!, pieces: pieces)
  }

  func downloads(
    _ file: TestFile, into content: MemoryContent, from others: [TestMember],
    pieces: Holding.Pieces = .all
  ) -> Awaitable<[Outcome]> {
    let outcome = Awaitable<[Outcome]>([])
    swarm.fetchAll(file.key, into: content) { result in outcome.change { $0.append(Outcome(result)) } }
    swarm.holders(of: file.key, others.map { $0.holder(pieces) })
    return outcome
  }

  func reads(
    _ blocks: Range<Int>, of file: TestFile, into content: MemoryContent, _ urgency: Urgency = .now
  ) -> (handle: FetchHandle, outcome: Awaitable<[Outcome]>) {
    let outcome = Awaitable<[Outcome]>([])
    let handle = swarm.fetch(BlockRange(blocks)!, of: file.key, into: content, urgency) { result in
      outcome.change { $0.append(Outcome(result)) }
    }
    return (handle, outcome)
  }

  var counters: FetchCounters { swarm.statistics()?.counters ?? FetchCounters() }
}

enum Outcome: Equatable {
  case done
  case failed(FetchTrouble)

  init(_ result: Result<Void, FetchTrouble>) {
    switch result {
    case .success: self = .done
    case .failure(let trouble): self = .failed(trouble)
    }
  }
}

extension Awaitable where State == [Outcome] {
  @discardableResult
  func outcome() throws -> Outcome { try wait(for: "an outcome") { !$0.isEmpty }[0] }
}

extension RawPeer {
  func dial(_ member: TestMember, as credential: Credential?, pin: Pin, speaking: LineProtocol = .peer) throws
  {
    try dial(member.swarm.address, as: credential, pin: pin, speaking: speaking)
  }
}

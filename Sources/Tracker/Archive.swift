// Lists and catching up: what is read of the ledger, by threads and connections that only read, so that a long
// list delays neither the loops nor the clerk.

import Catalog
import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// `look(up:)` from any thread; `reply` comes on an archive's thread. Each thread has a connection of its own.
final class Archive: Sendable {
  static let threads = 2
  static let questionsMax = 4096
  /// Of one user.
  static let questionsEachMax = 512

  private struct Question: Sendable {
    let request: TrackerRequest
    let user: UserName
    let session: Session
    let reply: @Sendable (TrackerAnswer) -> Void
  }

  private let questions = Mutex(
    FairQueue<UserName, Question>(max: questionsMax, maxEach: questionsEachMax))
  private let bell = Semaphore()
  private let presence: Presence
  private let registry: Registry
  private let log: Log

  init(_ presence: Presence, _ registry: Registry, _ log: Log) {
    self.presence = presence
    self.registry = registry
    self.log = log
  }

  /// `open` gives each thread a catalog over a connection that reads.
  func start(_ open: () throws(DatabaseError) -> GroupCatalog) throws(DatabaseError) {
    for number in 1...Self.threads {
      // Opened here, so that a ledger that cannot be read is noticed at the start; from here on it is the thread's.
      nonisolated(unsafe) let catalog = try open()
      _ = WorkerThread("archive-\(number)") { [self] in
        serve(Reader(catalog: catalog, presence: presence, registry: registry))
      }
    }
  }

  /// false: too many are waiting already.
  func look(
    up request: TrackerRequest, for user: UserName, in session: Session,
    reply: @escaping @Sendable (TrackerAnswer) -> Void
  ) -> Bool {
    let question = Question(request: request, user: user, session: session, reply: reply)
    let isTaken = questions.withLock { $0.add(question, of: user) }
    if isTaken { bell.signal() }
    return isTaken
  }

  var waiting: Int { questions.withLock { $0.count } }

  private func serve(_ reader: Reader) {
    while true {
      bell.wait()
      guard let question = questions.withLock({ $0.next() }), !question.session.hasEnded else { continue }
      do throws(DatabaseError) {
        question.reply(try reader.answer(question.request, for: question.user))
      } catch {
        log.error("the ledger cannot be read: \(error.sentence)")
        question.reply(.refused(.busy))
      }
    }
  }
}

/// Looks things up for one who may see them. Names of files and members are for members only.
private struct Reader {
  static let linesMax = 1000
  static let pageBytes = 192 << 10

  let catalog: GroupCatalog
  let presence: Presence
  let registry: Registry

  func answer(_ request: TrackerRequest, for user: UserName) throws(DatabaseError) -> TrackerAnswer {
    switch request {
    case .listGroups(let after):
      let groups = try catalog.groups(after: after, limit: Self.linesMax + 1, for: user)
      return .groups(Array(groups.prefix(Self.linesMax)), more: groups.count > Self.linesMax)
    case .listMyGroups(let after):
      let groups = try catalog.groups(of: user, after: after, limit: Self.linesMax + 1)
      return .groups(Array(groups.prefix(Self.linesMax)), more: groups.count > Self.linesMax)
    case .listRequests(let group, let after): return try requests(group, after, for: user)
    case .listMembers(let group, let after): return try members(group, after, for: user)
    case .catchUp(let group, let mark): return try changes(group, mark, for: user)
    case .countSharers(let group, let roots): return try sharers(group, roots, for: user)
    default: preconditionFailure("this is not for the archive")
    }
  }

  private func requests(
    _ name: GroupName, _ after: UserName?, for user: UserName
  ) throws(DatabaseError) -> TrackerAnswer {
    guard let group = try catalog.group(named: name) else { return .refused(.noSuchGroup) }
    guard group.owner == user else { return .refused(.notOwner) }
    let users = try catalog.requests(in: group.id, after: after, limit: Self.linesMax + 1)
    return .users(Array(users.prefix(Self.linesMax)), more: users.count > Self.linesMax)
  }

  private func members(
    _ name: GroupName, _ after: UserName?, for user: UserName
  ) throws(DatabaseError) -> TrackerAnswer {
    guard let group = try catalog.group(named: name) else { return .refused(.noSuchGroup) }
    guard try catalog.standing(of: user, in: group.id).isInside else { return .refused(.notMember) }
    let members = try catalog.members(of: group.id, after: after, limit: Self.linesMax + 1)
    let lines = members.prefix(Self.linesMax).map {
      MemberSummary(user: $0.user, isOwner: $0.isOwner, isOnline: presence.isOnline($0.user))
    }
    return .members(lines, more: members.count > Self.linesMax)
  }

  private func changes(
    _ group: GroupID, _ mark: CatchUpMark, for user: UserName
  ) throws(DatabaseError) -> TrackerAnswer {
    guard try catalog.standing(of: user, in: group).isInside else { return .refused(.notMember) }
    let page = try catalog.catchUp(group, after: mark, limit: Decision.changesMax, bytesMax: Self.pageBytes)
    return page.map(TrackerAnswer.caughtUp) ?? .refused(.noSuchGroup)
  }

  private func sharers(
    _ group: GroupID, _ roots: [ContentRoot], for user: UserName
  ) throws(DatabaseError) -> TrackerAnswer {
    guard try catalog.standing(of: user, in: group).isInside else { return .refused(.notMember) }
    return .sharers(roots.map { registry.count(ContentKey(group: group, root: $0)) })
  }
}

// What this member knows of his groups: the catalog's copy on disk, kept fresh by the tracker's pushes, and in memory
// who is in which group, which is asked at every block that is served.

internal import Catalog
package import GroupModel
internal import Link
package import Swarm
internal import Synchronization

/// Told on the book's own thread, after the catalog on disk has changed. Must not ask the tracker there.
package protocol BookReader: AnyObject, Sendable {
  /// Strangers answer where the trackers should be.
  func bookIsRefused(_ change: AuthorityChange)
  /// Caught up with the tracker: what was decided up to now is here.
  func bookIsCurrent()
  /// `number` is that of the decision, as it was pushed; nil for what was missed, which comes in pages.
  func bookChanged(_ group: GroupID, _ changes: [Change], by number: UInt64?)
  /// `then` is called when whoever looks at files here sees what was changed.
  func whenShown(_ then: @escaping @Sendable () -> Void)
  /// Somebody is no longer in a group, or this member himself is not.
  func book(_ group: GroupID, lost user: UserName)
  func bookForgot(_ group: GroupID, named name: GroupName)
  /// A group was told anew, from nothing: what was not told has gone, and nobody says what that was.
  func bookStartedAnew(_ group: GroupID)
  /// The groups that this member is in are other ones.
  func bookGroupsChanged()
  /// Somebody now holds a content that was located, or no longer does.
  func heard(_ holder: ContentHolder, of key: ContentKey)
}

package enum BookTrouble: Error, Equatable, Sendable, CustomStringConvertible {
  case full
  /// The copy on disk cannot be read or written, and why.
  case disk(String)

  package var description: String {
    switch self {
    case .full: "there is no room left for the catalog"
    case .disk(let words): words
    }
  }
}

/// What the book wants of those around it.
struct BookSeams: Sendable {
  /// Where peers reach this member, once that is known.
  let listening: @Sendable () -> PeerAddress?
  /// The disk is full: lets go what can be fetched again. False where nothing could go.
  let makeRoom: @Sendable () -> Bool
  let log: @Sendable (String) -> Void
}

/// ## Concurrency model
/// The catalog's one writer belongs to the book's thread, which also asks the tracker and waits there. Readers share
/// a second connection under `shelf`; the rolls are under `rolls`. Events come from the tracker line's thread.
package final class GroupBook: @unchecked Sendable {
  enum Event {
    case reached
    case lost
    case foreign(AuthorityChange)
    case push(TrackerPush)
    /// Seen by somebody who read that edition of the catalog.
    case damaged(String, edition: Int)
    case close
  }

  /// Who is in a group, as far as the last decision that was folded.
  struct Roll {
    let name: GroupName
    var owner: UserName?
    var members: Set<UserName>
    /// The last decision of which all is in the catalog here.
    var folded: UInt64 = 0
    /// All who are prompt have seen it.
    var witnessed: UInt64 = 0
    /// Up to this decision, the catalog could not be written.
    var unwritten: UInt64 = 0
    /// The tracker knows that this member says what he has seen, and tells him when others have.
    var isWitness = false
  }

  private struct Mail {
    var events: [Event] = []
  }

  package let user: UserName
  let line: TrackerLine
  let seams: BookSeams
  let path: String
  private let mail = Mutex(Mail())
  private let bell = Link.Semaphore()
  private let thread = Mutex<WorkerThread?>(nil)
  let rolls = Mutex<[GroupID: Roll]>([:])
  let shelf = Mutex(Shelf())
  /// Of the book's thread. nil where it could not be made anew.
  var writer: GroupCatalog?
  weak var reader: (any BookReader)?
  private let current = Mutex(false)
  private let folding = Atomic(false)
  private let waiting = Mutex<[Link.Semaphore]>([])
  /// The catalog is behind, since it could not be written.
  let trouble = Mutex<DatabaseError?>(nil)
  /// Of the book's thread.
  var triesAgain = Instant.never
  var madeAnew = Instant(nanoseconds: 0)

  /// The readers' connection, which is handed from thread to thread but used by one at a time.
  struct Shelf: @unchecked Sendable {
    var catalog: GroupCatalog?
    var edition = 0
  }

  init(
    at path: String, of user: UserName, over line: TrackerLine, _ seams: BookSeams
  ) throws(BookTrouble) {
    self.user = user
    self.line = line
    self.path = path
    self.seams = seams
    do throws(DatabaseError) {
      do throws(DatabaseError) { try openCatalog() } catch .damaged(let words) {
        try makeAnew(because: words)
      }
    } catch {
      throw error == .full ? .full : .disk("the catalog \(path) cannot be used: \(error.sentence)")
    }
  }

  package func open(for reader: any BookReader) {
    self.reader = reader
    thread.withLock { $0 = WorkerThread("group-book") { [self] in serve() } }
    line.keepUp(for: self)
  }

  package func close() {
    post(.close)
    thread.withLock { $0 }?.join()
  }

  /// Whether it has caught up with a tracker, and that tracker is still there.
  package var isCurrent: Bool { current.withLock { $0 } }

  /// Between a change of the catalog and its reader's being told. Once this is false again, he has been.
  var isFolding: Bool { folding.load(ordering: .acquiring) }

  /// False where no tracker has been reached in that time.
  @discardableResult
  package func waitUntilCurrent(milliseconds: Int) -> Bool { wait(milliseconds: milliseconds) { isCurrent } }

  /// Waits until what is known here has come to fulfil `condition`; false when the time is over first.
  func wait(milliseconds: Int, until condition: () -> Bool) -> Bool {
    let deadline = Instant.now + milliseconds
    while true {
      let bell = Link.Semaphore()
      waiting.withLock { $0.append(bell) }
      if condition() { return true }
      guard bell.wait(until: deadline) else { return condition() }
    }
  }

  private func wakeThoseWhoWait() {
    let bells = waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for bell in bells { bell.signal() }
  }

  func post(_ event: Event) {
    mail.withLock { $0.events.append(event) }
    bell.signal()
  }

  private func serve() {
    while true {
      let isRung = bell.wait(until: triesAgain)
      if triesAgain <= .now {
        tryAgain()
        wakeThoseWhoWait()
      }
      guard isRung, let event = mail.withLock({ $0.events.isEmpty ? nil : $0.events.removeFirst() })
      else { continue }
      switch event {
      case .reached: catchUpWithAll()
      case .lost:
        triesAgain = .never
        current.withLock { $0 = false }
        rolls.withLock { rolls in for group in rolls.keys { rolls[group]?.isWitness = false } }
      case .foreign(let change): reader?.bookIsRefused(change)
      case .push(let push): take(push)
      case .damaged(let words, let edition):
        if shelf.withLock({ $0.edition }) == edition { noteUnwritten(.damaged(words)) }
      case .close: return
      }
      wakeThoseWhoWait()
    }
  }
}

extension GroupBook: TrackerListener {
  package func trackerReached() { post(.reached) }

  package func trackerLost() { post(.lost) }

  package func trackerIsForeign(_ change: AuthorityChange) { post(.foreign(change)) }

  package func trackerSays(_ push: TrackerPush) { post(.push(push)) }
}

// On the book's thread.
extension GroupBook {
  func loadRolls() throws(DatabaseError) {
    for summary in try catalog.groups(of: user, after: nil, limit: Int(Int32.max)) where summary.mine.isInside
    {
      try loadRoll(of: summary.id, named: summary.name)
    }
  }

  private func loadRoll(of group: GroupID, named name: GroupName) throws(DatabaseError) {
    let members = Set(try catalog.membersAll(of: group))
    let head = try catalog.group(group)
    let folded = head.map { $0.isBehind ? 0 : $0.number } ?? 0
    let isNew = rolls.withLock { rolls in
      defer { rolls[group] = Roll(name: name, owner: head?.owner, members: members, folded: folded) }
      return rolls[group]?.name != name
    }
    if isNew { reader?.bookGroupsChanged() }
  }

  /// A tracker was reached: hear its decisions from now on, and ask for those that were missed.
  func catchUpWithAll() {
    do {
      _ = try line.ask(.follow(listening: seams.listening()))
      let mine = try groupsOfMine()
      for gone in groups.keys where mine[gone] == nil { forget(gone) }
      for group in mine.values { try catchUp(with: group) }
      noteWritten()
      current.withLock { $0 = true }
      reader?.bookIsCurrent()
    } catch let error as DatabaseError {
      noteUnwritten(error)
    } catch {
      // The line is gone again, or will be: the next one begins anew.
    }
  }

  private func groupsOfMine() throws -> [GroupID: GroupSummary] {
    var mine: [GroupID: GroupSummary] = [:]
    var after: GroupName?
    while true {
      guard case .groups(let page, let more) = try line.ask(.listMyGroups(after: after)) else {
        throw TrackerTrouble.malformed
      }
      for group in page where group.mine.isInside { mine[group.id] = group }
      guard more, let last = page.last?.name, last != after else { return mine }
      after = last
    }
  }

  private func catchUp(with group: GroupSummary) throws {
    var more = true
    var isAnew = false
    while more {
      let mark = try catalog.mark(of: group.id)
      guard case .caughtUp(let page) = try line.ask(.catchUp(group.id, after: mark)) else { return }
      guard !page.more || page.mark != mark else { throw TrackerTrouble.malformed }
      try whileFolding {
        try written(of: group.id, upTo: .max) { () throws(DatabaseError) in
          try catalog.adopt(page, of: group)
        }
        if !page.changes.isEmpty { reader?.bookChanged(group.id, page.changes, by: nil) }
      }
      isAnew = isAnew || page.startsAnew
      more = page.more
    }
    if isAnew { reader?.bookStartedAnew(group.id) }
    let before = rolls.withLock { $0[group.id]?.members ?? [] }
    try loadRoll(of: group.id, named: group.name)
    _ = try line.ask(.saw(group.id, folded(group.id)))
    rolls.withLock { $0[group.id]?.isWitness = true }
    let after = rolls.withLock { $0[group.id]?.members ?? [] }
    for user in before.subtracting(after) { reader?.book(group.id, lost: user) }
    wakeThoseWhoWait()
  }

  private func whileFolding<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure)
    -> Result
  {
    folding.store(true, ordering: .releasing)
    defer { folding.store(false, ordering: .releasing) }
    return try body()
  }

  private func take(_ push: TrackerPush) {
    switch push {
    case .decision(let decision): fold(decision)
    case .standing(_, let group, let standing): noteStanding(standing, in: group)
    case .holder(let key, let holder): reader?.heard(holder, of: key)
    case .witnessed(let group, let number):
      rolls.withLock { rolls in rolls[group].map { rolls[group]?.witnessed = max($0.witnessed, number) } }
    }
  }

  private func fold(_ decision: Decision) {
    guard rolls.withLock({ $0[decision.group] != nil }) else { return }
    // Serving stops at once, also where the disk has trouble.
    for change in decision.changes { noteMembership(change, in: decision.group) }
    if decision.changes.last == .ended { return forget(decision.group) }
    let outcome = whileFolding { () -> Folding? in
      let outcome = apply(decision)
      guard outcome == .folded else { return outcome }
      reader?.bookChanged(decision.group, decision.changes, by: decision.number)
      // Whoever has waited for it finds done what follows from it.
      rolls.withLock { $0[decision.group]?.folded = decision.number }
      return outcome
    }
    switch outcome {
    case .folded: reader?.whenShown { [line] in line.ask(.saw(decision.group, decision.number)) { _ in } }
    // Nothing is lost of what cannot be written: it is asked for once more.
    case .known, nil: break
    case .gap: catchUpWithAll()
    }
  }

  private func noteMembership(_ change: Change, in group: GroupID) {
    guard case .stands(let user, let standing, _) = change else { return }
    let wasInside = rolls.withLock { rolls in
      if standing.isInside {
        rolls[group]?.members.insert(user)
        if standing == .owner { rolls[group]?.owner = user }
        return false
      }
      return rolls[group]?.members.remove(user) != nil
    }
    if wasInside { reader?.book(group, lost: user) }
  }

  private func noteStanding(_ standing: Standing, in group: GroupID) {
    if !standing.isInside {
      forget(group)
    } else if rolls.withLock({ $0[group] == nil }) {
      catchUpWithAll()
    }
  }

  private func forget(_ group: GroupID) {
    guard let roll = rolls.withLock({ $0.removeValue(forKey: group) }) else { return }
    for user in roll.members { reader?.book(group, lost: user) }
    try? catalog.forget(group)
    reader?.bookForgot(group, named: roll.name)
    reader?.bookGroupsChanged()
  }
}

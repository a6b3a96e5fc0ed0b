// What the tests stand on: a place for database files, a tracker's ledger that weighs and folds proposals,
// and short ways to say names.

import Catalog
import Glibc
import GroupModel
import Testing

/// A directory that goes with its last user.
final class Place {
  let path: String

  init() {
    var template = Array("/tmp/p2pfs-catalog-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit {
    for name in ["", "-wal", "-shm", "-writer", "-journal"] { unlink(file + name) }
    rmdir(path)
  }

  var file: String { path + "/catalog.db" }

  func writer(_ durability: Database.Durability = .processCrash) throws -> Database {
    let database = try Database(path: file, role: .writer(durability: durability))
    try database.migrate(to: CatalogSchema.copy)
    return database
  }

  func reader() throws -> Database { try Database(path: file, role: .reader) }
}

/// The tracker's side: weighs proposals as the clerk does, and remembers the decisions.
final class Ledger {
  let place = Place()
  let catalog: GroupCatalog
  var decisions: [Decision] = []

  init() throws { catalog = GroupCatalog(over: try place.writer(), as: .truth) }

  @discardableResult
  func decide(_ actor: UserName, _ wish: Proposal.Wish, in group: GroupName) throws -> Decision? {
    let (known, facts) = try catalog.facts(for: Proposal(wish, in: group), by: actor)
    let changes = try Rules.judge(wish, by: actor, given: facts)
    guard !changes.isEmpty else { return nil }
    let decision = try catalog.database.within { () throws(DatabaseError) in
      let id = if let known { known } else { try catalog.found(group) }
      let decision = Decision(group: id, number: facts.next, changes: changes)
      try catalog.apply(decision)
      return decision
    }
    decisions.append(decision)
    return decision
  }

  func id(_ group: GroupName) throws -> GroupID { try #require(try catalog.group(named: group)).id }

  /// A group with an owner, and members who have been let in.
  func found(_ group: GroupName, by owner: UserName, with members: UserName...) throws {
    try decide(owner, .found, in: group)
    for member in members {
      try decide(member, .join, in: group)
      try decide(owner, .accept(member), in: group)
    }
  }
}

/// A member's side.
final class Copy {
  let place = Place()
  private var opened: GroupCatalog?
  var catalog: GroupCatalog { opened! }

  init() throws { try reopen() }

  /// As after a crash: whatever was in memory is gone.
  func reopen() throws {
    opened = nil
    opened = GroupCatalog(over: try place.writer(), as: .copy)
  }

  /// Asks for pages until there are no more.
  func catchUp(with ledger: GroupCatalog, _ group: GroupSummary, limit: Int = 100) throws {
    while try takePage(from: ledger, group, limit: limit) {}
  }

  /// Whether there are more.
  func takePage(
    from ledger: GroupCatalog, _ group: GroupSummary, limit: Int, bytesMax: Int = 1 << 20
  ) throws -> Bool {
    let mark = try catalog.mark(of: group.id)
    let page = try #require(try ledger.catchUp(group.id, after: mark, limit: limit, bytesMax: bytesMax))
    try catalog.adopt(page, of: group)
    return page.more
  }
}

extension GroupCatalog {
  func summary(_ group: GroupName, for user: UserName = alice) throws -> GroupSummary {
    try #require(try groups(after: nil, limit: 1000, for: user).first { $0.name == group })
  }

  func everyEntry(in group: GroupID) throws -> [Entry] { try entries(in: group, after: nil, limit: .max) }

  /// All but the strangers, as rows of text.
  func everyPerson(in group: GroupID) throws -> [String] {
    var cursor = try database.query(
      "SELECT user, standing, since FROM person WHERE grp = ? AND standing != 0 ORDER BY user", group)
    var rows: [String] = []
    while try cursor.next() { rows.append("\(cursor.text(0)) \(cursor.int(1)) \(cursor.int(2))") }
    return rows
  }

  func paths(in group: GroupID) throws -> [String] { try everyEntry(in: group).map(\.path.description) }
}

let alice = UserName("alice")!
let bob = UserName("bob")!
let carol = UserName("carol")!
let dave = UserName("dave")!
let team = GroupName("team")!

func path(_ text: String) -> FilePath { try! FilePath(text) }

/// A content of that size; another `salt` is another content.
func file(_ size: UInt64 = 1, salt: UInt8 = 7) -> Entry.Kind {
  let bytes = [UInt8](repeating: salt, count: Digest.byteCount)
  let root = bytes.withUnsafeBytes { ContentRoot(Digest($0.bytes)) }
  return .file(FileContent(size: size, root: size == 0 ? nil : root, isExecutable: false)!)
}

extension Proposal.Wish {
  static func publish(_ text: String, _ kind: Entry.Kind = file(), over: UInt64? = nil) -> Self {
    .publish(path(text), kind, modified: 1, over: over)
  }

  static func makeDirectory(_ text: String) -> Self { .publish(text, .directory) }

  static func unpublish(_ text: String) -> Self { .unpublish(path(text)) }

  static func rename(_ from: String, _ to: String) -> Self {
    .rename(from: path(from), to: path(to), replacing: true)
  }
}

/// Random numbers that a printed seed brings back (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  mutating func oneIn(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }
}

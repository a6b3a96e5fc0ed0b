// What the load's members wish for: mostly what they may, now and then what they may not, and much of it about
// the same few files and groups, so that they get in each other's way.

import TestSupport
import GroupModel

struct Wishing {
  static let users = (0..<12).map { UserName("user-\($0)")! }
  static let groups = (0..<10).map { GroupName("group-\($0)")! }
  private static let names = (0..<9).map { "file-\($0)" }
  private static let directories = (0..<4).map { "dir-\($0)" }
  /// Ten characters, in which a content's size says who made it and when.
  private static let root = ContentRoot(Digest(hashing: Array("0123456789".utf8).span.bytes))

  /// The groups as they were when somebody looked last.
  var known: [GroupReplay] = []
  var random: SeededRandom

  mutating func next(for user: UserName) -> Proposal {
    let name = pickGroup(for: user)
    guard let group = known.first(where: { $0.name == name }) else {
      return Proposal(random.isTrue(oneIn: 2) ? .found : .join, in: name)
    }
    return Proposal(wish(of: user, in: group), in: name)
  }

  /// One's own groups first.
  private mutating func pickGroup(for user: UserName) -> GroupName {
    let inside = known.filter { $0.standing(of: user).isInside }
    if !random.isTrue(oneIn: 6), let mine = inside.randomElement(using: &random) { return mine.name }
    return Self.groups.randomElement(using: &random)!
  }

  private mutating func wish(of user: UserName, in group: GroupReplay) -> Proposal.Wish {
    switch group.standing(of: user) {
    case .owner: random.isTrue(oneIn: 3) ? ownersWish(in: group) : filesWish(of: user, in: group)
    case .member: random.isTrue(oneIn: 100) ? .leave : filesWish(of: user, in: group)
    case .asked: random.isTrue(oneIn: 4) ? .leave : .join
    case .stranger, .rejected: random.isTrue(oneIn: 8) ? .found : .join
    }
  }

  private mutating func ownersWish(in group: GroupReplay) -> Proposal.Wish {
    let asking = group.persons.filter { $0.value.standing == .asked }.keys.sorted()
    let someone = asking.randomElement(using: &random) ?? Self.users.randomElement(using: &random)!
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<7: return .accept(someone)
    case 7..<9: return .reject(someone)
    case 9..<11: return .remove(Self.users.randomElement(using: &random)!)
    default:
      guard random.isTrue(oneIn: 20) else { return .accept(someone) }
      return random.isTrue(oneIn: 2) ? .leave : .disband
    }
  }

  private mutating func filesWish(of user: UserName, in group: GroupReplay) -> Proposal.Wish {
    let path = pickPath()
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<9: return .publish(path, content(), modified: modified(), over: nil)
    case 9..<12:
      let old = group.entries[path]
      let kind = random.isTrue(oneIn: 3) ? old?.kind ?? content() : content()
      return .publish(path, kind, modified: modified(), over: old?.version ?? 0)
    case 12..<14:
      let directory = pickDirectory()
      let over = random.isTrue(oneIn: 2) ? group.entries[directory]?.version : nil
      return .publish(directory, .directory, modified: modified(), over: over)
    case 14..<16: return .unpublish(path)
    case 16..<17: return .unpublish(pickDirectory())
    case 17..<19: return .rename(from: path, to: pickPath(), replacing: random.isTrue(oneIn: 2))
    default: return .rename(from: pickDirectory(), to: pickDirectory(), replacing: true)
    }
  }

  private mutating func pickDirectory() -> FilePath {
    try! FilePath(Self.directories.randomElement(using: &random)!)
  }

  private mutating func pickPath() -> FilePath {
    let name = Self.names.randomElement(using: &random)!
    return random.isTrue(oneIn: 2) ? try! FilePath(name) : try! FilePath("\(pickDirectory())/\(name)")
  }

  private mutating func content() -> Entry.Kind {
    let size = UInt64.random(in: 1...1 << 40, using: &random)
    return .file(FileContent(size: size, root: Self.root, isExecutable: random.isTrue(oneIn: 2))!)
  }

  private mutating func modified() -> Int64 { .random(in: 0...1 << 60, using: &random) }
}

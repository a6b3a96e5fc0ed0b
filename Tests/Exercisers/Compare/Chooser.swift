// Draws operations: few names, so that they meet often, and enough open files to outlive what happens to their names.

import Glibc
import TestSupport

struct Chooser {
  static let slots = 8
  private static let names = ["a", "b", "cc", "d d", "e.txt", "ü", "g"]

  private static let knownMax = 60

  private(set) var random: SeededRandom
  var allocations = Operation.Allocation.allCases
  /// What is likely to be there: most is done to it, so that not most things fail.
  private var openSlots: Set<Int> = []
  private var known: [String] = []
  private var directories: [String] = []

  init(random: SeededRandom) { self.random = random }

  mutating func next() -> Operation {
    random.upTo(100) < 52 ? nextOnSlot() : nextOnPath()
  }

  private mutating func nextOnSlot() -> Operation {
    let slot = slot()
    switch random.upTo(52) {
    case ..<13: return .open(slot: random.upTo(Self.slots), path(), flags: flags())
    case ..<20: return .close(slot: slot)
    case ..<22: return .duplicate(slot: slot, to: random.upTo(Self.slots))
    case ..<29: return .read(slot: slot, offset: offset(), count: count())
    case ..<37: return .write(slot: slot, offset: offset(), count: count(), seed: random.next())
    case ..<41: return .append(slot: slot, count: count(), seed: random.next())
    case ..<44: return .setSize(slot: slot, offset())
    case ..<47:
      return .allocate(slot: slot, random.oneOf(allocations), offset: offset(), count: count())
    case ..<48: return .setTime(slot: slot, time())
    case ..<49: return .sync(slot: slot)
    default: return .look(slot: slot)
    }
  }

  private mutating func nextOnPath() -> Operation {
    switch random.upTo(48) {
    case ..<8:
      return .writeWhole(random.isTrue(oneIn: 3) ? newPath() : path(), count: count(), seed: random.next())
    case ..<12: return .readWhole(path())
    case ..<14: return .truncate(path(), offset())
    case ..<18: return .unlink(path())
    case ..<25:
      let to = random.isTrue(oneIn: 2) ? newPath() : path()
      return .rename(path(), to, replacing: !random.isTrue(oneIn: 4))
    case ..<29: return .makeDirectory(random.isTrue(oneIn: 4) ? path() : newPath())
    case ..<31: return .removeDirectory(path())
    case ..<33: return link()
    case ..<34: return .readLink(path())
    case ..<37: return .list(random.isTrue(oneIn: 3) ? "." : path())
    case ..<43: return .stat(path(), followingLinks: random.isTrue(oneIn: 2))
    case ..<45: return .setExecutable(path(), random.isTrue(oneIn: 2))
    default: return .setTimeAt(path(), time(), followingLinks: random.isTrue(oneIn: 2))
    }
  }

  private mutating func slot() -> Int {
    guard !openSlots.isEmpty, !random.isTrue(oneIn: 20) else { return random.upTo(Self.slots) }
    return random.oneOf(openSlots.sorted())
  }

  private mutating func path() -> String {
    guard known.isEmpty || random.isTrue(oneIn: 4) else { return random.oneOf(known) }
    return newPath()
  }

  private mutating func newPath() -> String {
    if !directories.isEmpty, random.isTrue(oneIn: 2) {
      return random.oneOf(directories) + "/" + random.oneOf(Self.names)
    }
    let depth = random.oneOf([1, 1, 1, 1, 2, 3])
    return (0..<depth).map { _ in random.oneOf(Self.names) }.joined(separator: "/")
  }

  /// Relative, and never out of the directory, wherever it may be moved: none climbs.
  private mutating func link() -> Operation { .link(newPath(), target: path()) }

  private mutating func flags() -> Int32 {
    var flags = random.oneOf([O_RDONLY, O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR])
    if !random.isTrue(oneIn: 3) {
      flags |= O_CREAT
      if random.isTrue(oneIn: 6) { flags |= O_EXCL }
    }
    guard flags & O_ACCMODE != O_RDONLY else { return flags }
    if random.isTrue(oneIn: 5) { flags |= O_TRUNC }
    if random.isTrue(oneIn: 6) { flags |= O_APPEND }
    return flags
  }

  /// Around the borders of pages, blocks and pieces, and anywhere.
  private mutating func offset() -> Int {
    switch random.upTo(10) {
    case ..<3: return random.upTo(100)
    case ..<6: return random.upTo(70_000)
    case ..<9: return max(0, random.upTo(8) * 16_384 + random.upTo(5) - 2)
    default: return max(0, random.upTo(3) * 524_288 + random.upTo(9_000) - 4_500)
    }
  }

  private mutating func count() -> Int {
    switch random.upTo(10) {
    case ..<3: 1 + random.upTo(100)
    case ..<8: 1 + random.upTo(20_000)
    case ..<9: random.oneOf([4_096, 16_384, 65_536])
    default: 1 + random.upTo(200_000)
    }
  }

  /// Long ago, to the nanosecond: so what is touched later can be told from what is not.
  private mutating func time() -> Int {
    random.upTo(1_500_000_000) * 1_000_000_000 + random.upTo(1_000_000_000)
  }
}

// What is there, as far as it is worth knowing.
extension Chooser {
  mutating func note(_ operation: Operation, _ result: CallResult) {
    switch result.errno {
    case 0: note(operation)
    case ENOENT, ENOTDIR: for path in operation.paths { remove(path) }
    default: break
    }
  }

  /// This has succeeded.
  private mutating func note(_ operation: Operation) {
    switch operation {
    case .open(let slot, let path, _):
      openSlots.insert(slot)
      add(path)
    case .duplicate(_, let to): openSlots.insert(to)
    case .close(let slot): openSlots.remove(slot)
    case .writeWhole(let path, _, _), .link(let path, _): add(path)
    case .makeDirectory(let path):
      add(path)
      if !directories.contains(path), path.count < 12 { directories.append(path) }
    case .unlink(let path), .removeDirectory(let path): remove(path)
    case .rename(let from, let to, _):
      remove(from)
      add(to)
    default: break
    }
  }

  private mutating func add(_ path: String) {
    guard !known.contains(path) else { return }
    if known.count == Self.knownMax { known.remove(at: random.upTo(known.count)) }
    known.append(path)
  }

  private mutating func remove(_ path: String) {
    known.removeAll { $0 == path || $0.hasPrefix(path + "/") }
    directories.removeAll { $0 == path || $0.hasPrefix(path + "/") }
  }
}

extension Operation {
  fileprivate var paths: [String] {
    switch self {
    case .open(_, let path, _), .writeWhole(let path, _, _), .readWhole(let path), .truncate(let path, _),
      .unlink(let path), .removeDirectory(let path), .readLink(let path), .list(let path),
      .setTimeAt(let path, _, _):
      [path]
    case .rename(let from, _, _): [from]
    default: []
    }
  }
}

// What the tests of the disk stand on: a directory of their own, contents with known bytes, and random numbers
// that can be had again.

import TestSupport
import Glibc
import GroupModel
import Link
import Synchronization
import Testing

@testable import Swarm

/// A directory that goes with its last user.
final class Place: Sendable {
  let path: String

  init(in parent: String = "/tmp") {
    var template = Array("\(parent)/p2pfs-disk-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit { run("rm", "-rf", path) }

  func local(_ name: String) -> LocalPath { LocalPath("\(path)/\(name)")! }

  func write(_ name: String, _ bytes: [UInt8]) -> LocalPath {
    let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    precondition(Glibc.write(file, bytes, bytes.count) == bytes.count)
    close(file)
    return local(name)
  }
}

@discardableResult
func run(_ arguments: String...) -> Int32 {
  var process = pid_t()
  var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
  defer { words.forEach { free($0) } }
  guard posix_spawnp(&process, words[0]!, nil, nil, &words, environ) == 0 else { return -1 }
  var status: Int32 = 0
  while waitpid(process, &status, 0) < 0, errno == EINTR {}
  return status
}

func bytes(of path: LocalPath) -> [UInt8]? {
  let file = open(path.description, O_RDONLY)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
  return pread(file, &bytes, bytes.count, 0) == bytes.count ? bytes : nil
}

/// Some bytes, and the tree over them.
struct Sample: Sendable {
  let bytes: [UInt8]
  let tree: MerkleTree

  init(byteCount: Int, random: inout SeededRandom) {
    // Words that differ, in few steps: what matters is that no two blocks are alike.
    var words = [UInt64](repeating: 0, count: (byteCount + 7) / 8)
    let seed = random.next()
    for index in words.indices { words[index] = (seed &+ UInt64(index)) &* 0x9E37_79B9_7F4A_7C15 }
    let bytes = words.withUnsafeBytes { Array($0.prefix(byteCount)) }
    self.init(bytes: bytes)
  }

  init(bytes: [UInt8]) {
    self.bytes = bytes
    var builder = MerkleBuilder()
    builder.append(bytes.span.bytes)
    tree = builder.finish()!
  }

  var layout: ContentLayout { tree.layout }
  var name: ContentName { ContentName(root: tree.root, layout: layout) }

  /// All hashes of blocks in lists that each prove themselves.
  var lists: [HashList] {
    let height = min(layout.treeHeight, 9)
    return (0..<layout.nodeCount(atHeight: height)).map {
      tree.hashList(of: Subtree(height: height, index: $0, in: layout)!, base: 0)!
    }
  }

  func put(_ blocks: BlockRange, into content: StoredContent, for purpose: FetchPurpose = .demand)
    -> PutResult
  {
    content.put(blocks, bytes.span.bytes.extracting(layout.bytes(of: blocks)), for: purpose)
  }

  func putAll(into content: StoredContent) {
    for list in lists { #expect(content.merge(list)) }
    for piece in 0..<layout.pieceCount {
      let blocks = layout.blocks(ofPiece: piece)
      if content.holds(blocks) { continue }
      #expect(put(blocks, into: content).isKept)
    }
  }

  /// Whether all that can be read is right; how many bytes that was.
  func readable(from content: StoredContent) -> Int? {
    var sum = 0
    for block in layout.allBlocks.indices {
      let range = layout.bytes(ofBlock: block)
      switch reads(range, from: content) {
      case .right: sum += range.count
      case .wrong: return nil
      case .other: continue
      }
    }
    return sum
  }
}

extension PutResult {
  var isKept: Bool { if case .kept = self { true } else { false } }
}

extension Sample {
  /// Without the bytes themselves, which nobody wants to see in a failed test.
  enum Reading: Equatable {
    case right
    case wrong
    case other(ReadResult)
  }

  func reads(_ range: Range<Int>, from content: StoredContent) -> Reading {
    var got = [UInt8](repeating: 0xEE, count: range.count)
    let result = got.withUnsafeMutableBytes { content.read(into: $0, at: range.lowerBound) }
    guard case .read(let count) = result else { return .other(result) }
    let inside = range.clamped(to: 0..<bytes.count)
    guard count == inside.count else { return .wrong }
    let isSame = bytes.withUnsafeBytes { memcmp($0.baseAddress! + inside.lowerBound, got, count) == 0 }
    return count == 0 || isSame ? .right : .wrong
  }

  func readsAll(from content: StoredContent) -> Reading { reads(0..<bytes.count, from: content) }
}

extension PieceStore {
  convenience init(_ place: Place, limitBytes: Int = 1 << 40, observer: ContentObserver? = nil) throws {
    try self.init(
      at: place.local("cache"), limit: CacheLimit(bytes: limitBytes, freeBytes: 0), observer: observer)
  }
}

/// Remembers what was told, for tests that ask afterwards.
final class Heard: Sendable {
  private let changes = Mutex<[ContentChange]>([])

  var observer: ContentObserver { { _, change in self.changes.withLock { $0.append(change) } } }

  var all: [ContentChange] { changes.withLock { $0 } }

  var ends: [ContentChange.ShareEnd] {
    all.compactMap { if case .shareEnded(_, let end) = $0 { end } else { nil } }
  }

  var lost: BlockSet {
    var set = BlockSet()
    for case .lost(let blocks, _) in all { set.insert(blocks) }
    return set
  }

  var gained: BlockSet {
    var set = BlockSet()
    for case .gained(let blocks) in all { set.insert(blocks) }
    return set
  }
}

/// Waits for an event that another thread brings about.
func eventually(_ holds: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<2000 {
    if try holds() { return true }
    usleep(5000)
  }
  return false
}

func blocks(_ range: Range<Int>) -> BlockRange { BlockRange(range)! }

func mebibytes(_ count: Int) -> Int { count << 20 }

/// Each thread gets random numbers of its own; returns when all have ended.
func inParallel(_ count: Int, seed: UInt64, _ body: @escaping @Sendable (inout SeededRandom) -> Void) {
  let threads = (0..<count).map { index in
    WorkerThread("test-\(index)") {
      var random = SeededRandom(seed: seed &+ UInt64(index))
      body(&random)
    }
  }
  for thread in threads { thread.join() }
}

// What the tests of the disk stand on: a directory of their own, contents with known bytes, and random numbers
// that can be had again.

import Glibc
import GroupModel
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
    var bytes = [UInt8](repeating: 0, count: byteCount)
    bytes.withUnsafeMutableBytes { buffer in
      for index in stride(from: 0, to: byteCount, by: 8) {
        let word = random.next()
        withUnsafeBytes(of: word) { word in
          buffer[index..<min(index + 8, byteCount)].copyBytes(from: word.prefix(min(8, byteCount - index)))
        }
      }
    }
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
    let expected = bytes[range.clamped(to: 0..<bytes.count)]
    return count == expected.count && got.prefix(count).elementsEqual(expected) ? .right : .wrong
  }

  func readsAll(from content: StoredContent) -> Reading { reads(0..<bytes.count, from: content) }
}

/// Random numbers that can be had again: each test prints its seed, and P2PFS_SEED=... repeats a run.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(for test: String = #function) {
    state = getenv("P2PFS_SEED").flatMap { UInt64(String(cString: $0)) } ?? .random(in: 0...UInt64.max)
    print("\(test): P2PFS_SEED=\(state)")
  }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }
}

extension PieceStore {
  convenience init(_ place: Place, limitBytes: Int = 1 << 40, observer: ContentObserver? = nil) throws {
    try self.init(
      at: place.local("cache"), limit: CacheLimit(bytes: limitBytes, freeBytes: 0), observer: observer)
  }
}

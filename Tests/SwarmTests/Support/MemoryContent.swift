// A content in memory, with the faults that a test gives it.

import TestSupport
import GroupModel
import Synchronization

@testable import Swarm

final class MemoryContent: ContentStoring {
  private struct State {
    var held: BlockRuns
    var known: VerifiedTree
    var bytes: [UInt8]
    var puts = 0
    var forged = 0
    var reads = 0
    var liesAbout: BlockRuns?
    var takesGuesses = true
  }

  let layout: ContentLayout
  private let whole: MerkleTree?
  private let state: Mutex<State>

  /// All of it is here.
  init(of file: TestFile) {
    layout = file.tree.layout
    whole = file.tree
    state = Mutex(
      State(
        held: BlockRuns(allOf: file.tree.layout),
        known: VerifiedTree(root: file.tree.root, layout: file.tree.layout), bytes: file.bytes))
  }

  /// Nothing of it is here.
  init(emptyFor file: TestFile) {
    layout = file.tree.layout
    whole = nil
    state = Mutex(
      State(
        held: BlockRuns(), known: VerifiedTree(root: file.tree.root, layout: file.tree.layout),
        bytes: [UInt8](repeating: 0, count: file.bytes.count)))
  }

  var bytes: [UInt8] { state.withLock { $0.bytes } }
  var reads: Int { state.withLock { $0.reads } }
  var forged: Int { state.withLock { $0.forged } }

  func keepOnly(_ held: BlockRuns) { state.withLock { $0.held = held } }

  /// From now on these are served with a wrong byte.
  func lie(about blocks: BlockRuns) { state.withLock { $0.liesAbout = blocks } }

  /// As a cache in which all was used a moment ago.
  func hasNoRoomForGuesses() { state.withLock { $0.takesGuesses = false } }

  func heldRuns() -> BlockRuns { state.withLock { $0.held } }

  func holds(_ blocks: BlockRange) -> Bool { state.withLock { $0.held.contains(blocks.indices) } }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> ReadResult {
    let address = UInt(bitPattern: buffer.baseAddress)
    let range = offset..<offset + buffer.count
    guard let blocks = layout.blocks(touching: range) else { return .read(0) }
    return state.withLock { state in
      guard state.held.contains(blocks.indices) else { return .missing(blocks) }
      state.reads += 1
      let buffer = UnsafeMutableRawBufferPointer(
        start: UnsafeMutableRawPointer(bitPattern: address), count: range.count)
      state.bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range])) }
      if let lies = state.liesAbout, !lies.overlap(with: blocks.indices).isEmpty {
        buffer[range.count / 2] ^= 1
      }
      return .read(range.count)
    }
  }

  func put(_ blocks: BlockRange, _ bytes: RawSpan, for purpose: FetchPurpose) -> PutResult {
    let new = bytes.withUnsafeBytes { Array($0) }
    let range = layout.bytes(of: blocks)
    return state.withLock { state in
      guard state.takesGuesses || purpose == .demand else { return .trouble(.full) }
      for block in blocks.indices {
        guard let leaf = Subtree(block: block, in: layout).flatMap({ state.known.hash(of: $0) }) else {
          return .unknownHash(block: block)
        }
        let own = layout.bytes(ofBlock: block)
        let part = new[own.lowerBound - range.lowerBound..<own.upperBound - range.lowerBound]
        guard part.withUnsafeBytes({ Digest(hashing: $0) }) == leaf else {
          state.forged += 1
          return .forged(block: block)
        }
      }
      let newBytes = state.held.gaps(in: blocks.indices).runs.reduce(0) { sum, run in
        sum + (BlockRange(run).map { layout.bytes(of: $0).count } ?? 0)
      }
      state.bytes.replaceSubrange(range, with: new)
      state.held.insert(blocks.indices)
      state.puts += 1
      return .kept(newBytes: newBytes)
    }
  }

  func merge(_ list: HashList) -> Bool { state.withLock { $0.known.merge(list) } }

  func unclesMissing(of subtree: Subtree) -> Int? { state.withLock { $0.known.unclesMissing(of: subtree) } }

  func hashList(of subtree: Subtree, base: Int, uncleCount: Int?) -> HashList? {
    if let whole { return whole.hashList(of: subtree, base: base, uncleCount: uncleCount) }
    return state.withLock { $0.known.hashList(of: subtree, base: base, uncleCount: uncleCount) }
  }
}

struct TestFile {
  let bytes: [UInt8]
  let tree: MerkleTree

  init(count: Int, seed: UInt64 = 1) {
    var random = Splitmix(state: seed)
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { bytes in
      for index in 0..<count / 8 {
        bytes.storeBytes(of: random.next(), toByteOffset: 8 * index, as: UInt64.self)
      }
    }
    var builder = MerkleBuilder()
    builder.append(bytes.span.bytes)
    tree = builder.finish()!
    self.bytes = bytes
  }

  var key: ContentKey { ContentKey(group: TestSwarms.group, root: tree.root) }
}

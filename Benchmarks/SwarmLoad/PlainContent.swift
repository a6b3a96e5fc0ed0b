// A content in one plain file: the least that serving and fetching need, so that what is measured is theirs.

import GroupModel
import Glibc
import Swarm
import Synchronization

final class PlainContent: ContentStoring {
  private struct State {
    var held: BlockRuns
    var known: VerifiedTree
  }

  let layout: ContentLayout
  private let file: Int32
  private let whole: MerkleTree?
  private let state: Mutex<State>

  /// All of it is there already.
  init(seeding path: String, tree: MerkleTree) {
    layout = tree.layout
    whole = tree
    file = open(path, O_RDONLY)
    state = Mutex(
      State(held: BlockRuns(allOf: tree.layout), known: VerifiedTree(root: tree.root, layout: tree.layout)))
  }

  init(filling path: String, root: ContentRoot, layout: ContentLayout, held: BlockRuns = BlockRuns()) {
    self.layout = layout
    whole = nil
    file = open(path, O_RDWR | O_CREAT, 0o600)
    ftruncate(file, layout.fileBytes)
    state = Mutex(State(held: held, known: VerifiedTree(root: root, layout: layout)))
  }

  deinit { close(file) }

  /// As if only these were here.
  func pretend(held: BlockRuns) { state.withLock { $0.held = held } }

  func heldRuns() -> BlockRuns { state.withLock { $0.held } }

  func holds(_ blocks: BlockRange) -> Bool { state.withLock { $0.held.contains(blocks.indices) } }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> ReadResult {
    guard let blocks = layout.blocks(touching: offset..<offset + buffer.count) else { return .read(0) }
    guard state.withLock({ $0.held.contains(blocks.indices) }) else { return .missing(blocks) }
    let count = pread(file, buffer.baseAddress, buffer.count, offset)
    return count == buffer.count ? .read(count) : .trouble(.failed(errno: errno))
  }

  func put(_ blocks: BlockRange, _ bytes: RawSpan, for purpose: FetchPurpose) -> PutResult {
    guard let leaves = leaves(of: blocks) else { return .unknownHash(block: blocks.start) }
    let start = layout.bytes(of: blocks).lowerBound
    for (block, leaf) in zip(blocks.indices, leaves) {
      let range = layout.bytes(ofBlock: block)
      let part = bytes.extracting(range.lowerBound - start..<range.upperBound - start)
      guard Digest(hashing: part) == leaf else { return .forged(block: block) }
    }
    let written = bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, start) }
    guard written == bytes.byteCount else { return .trouble(.failed(errno: errno)) }
    let newBytes = state.withLock { state in
      let gaps = state.held.gaps(in: blocks.indices).runs.compactMap { BlockRange($0) }
      state.held.insert(blocks.indices)
      return gaps.reduce(0) { $0 + layout.bytes(of: $1).count }
    }
    return .kept(newBytes: newBytes)
  }

  private func leaves(of blocks: BlockRange) -> [Digest]? {
    let leaves = state.withLock { state in
      blocks.indices.map { block in Subtree(block: block, in: layout).flatMap { state.known.hash(of: $0) } }
    }
    return leaves.contains { $0 == nil } ? nil : leaves.compactMap { $0 }
  }

  func merge(_ list: HashList) -> Bool { state.withLock { $0.known.merge(list) } }

  func unclesMissing(of subtree: Subtree) -> Int? { state.withLock { $0.known.unclesMissing(of: subtree) } }

  func hashList(of subtree: Subtree, base: Int, uncleCount: Int?) -> HashList? {
    if let whole { return whole.hashList(of: subtree, base: base, uncleCount: uncleCount) }
    return state.withLock { $0.known.hashList(of: subtree, base: base, uncleCount: uncleCount) }
  }
}

struct OneShelf: ContentShelf {
  let key: ContentKey
  let held: PlainContent

  func content(_ key: ContentKey) -> (any ContentStoring)? { key == self.key ? held : nil }
}

struct Everybody: Membership {
  func isMember(_ user: UserName, of group: GroupID) -> Bool { true }
  func sharesGroup(with user: UserName) -> Bool { true }
}

/// Those who hold it are known beforehand.
final class NoFinder: HolderFinder {
  func find(_ key: ContentKey) {}
  func forget(_ key: ContentKey) {}
}

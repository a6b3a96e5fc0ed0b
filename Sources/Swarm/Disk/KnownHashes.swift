// The hashes of one content that are known here: what was proved to belong to its root, in memory and in a log
// beside the bytes. Whoever tampers with the log only makes us ask again: each list in it is proved anew.

internal import Glibc
internal import GroupModel
internal import Synchronization

/// ## Concurrency model
/// For any thread. Under the lock hashes are folded, half a millisecond for the longest list that there is; the
/// log is written outside. So two lists may stand in it in the wrong order, and reading it tries again.
final class KnownHashes: Sendable {
  static let logName = "hashes"

  private let name: ContentName
  private let tree: Mutex<VerifiedTree>
  private let log = Mutex<RecordLog?>(nil)
  private let openingTurn = Turn()

  init(of name: ContentName) {
    self.name = name
    tree = Mutex(VerifiedTree(root: name.root, layout: name.layout))
  }

  /// Copies the hashes of blocks from `start` on; how many are known in a row.
  func copyLeaves(from start: Int, into leaves: UnsafeMutableBufferPointer<Digest>) -> Int {
    let address = UInt(bitPattern: leaves.baseAddress)
    let count = leaves.count
    return tree.withLock { tree in
      let leaves = UnsafeMutablePointer<Digest>(bitPattern: address)
      for index in 0..<count {
        guard let node = Subtree(block: start + index, in: name.layout), let leaf = tree.hash(of: node) else {
          return index
        }
        leaves?[index] = leaf
      }
      return count
    }
  }

  func leaf(of block: Int) -> Digest? {
    Subtree(block: block, in: name.layout).flatMap { node in tree.withLock { $0.hash(of: node) } }
  }

  func knows(_ block: Int) -> Bool { leaf(of: block) != nil }

  func proof(of subtree: Subtree, uncleCount: Int?) -> MerkleProof? {
    tree.withLock { $0.proof(of: subtree, uncleCount: uncleCount) }
  }

  func list(of subtree: Subtree, base: Int, uncleCount: Int?) -> HashList? {
    tree.withLock { $0.hashList(of: subtree, base: base, uncleCount: uncleCount) }
  }

  func unclesMissing(of subtree: Subtree) -> Int? { tree.withLock { $0.unclesMissing(of: subtree) } }

  enum Merged {
    case learnt, knownAlready, untrue
  }

  func merge(_ list: HashList) -> Merged {
    tree.withLock { tree in
      let isKnown = Self.isKnown(list, in: tree)
      guard tree.merge(list) else { return .untrue }
      return isKnown ? .knownAlready : .learnt
    }
  }

  private static func isKnown(_ list: HashList, in tree: VerifiedTree) -> Bool {
    let first = list.proof.subtree.index << max(0, list.proof.subtree.height - list.base)
    return list.hashes.indices.allSatisfy { index in
      guard let node = Subtree(height: list.base, index: first + index, in: tree.layout) else { return false }
      return tree.hash(of: node) != nil
    }
  }
}

// On disk.
extension KnownHashes {
  private static let recordBytesMax = HashList.hashesMax * Digest.byteCount + 64 * Digest.byteCount

  /// Who asks for single hashes with long proofs shall not make the log grow without end.
  private var logBytesMax: Int { (1 << 20) + name.layout.blockCount * 4 * Digest.byteCount }

  /// Takes what the log proves; from then on what is learnt goes there too.
  func open(in folder: Folder) throws(DiskTrouble) {
    guard log.withLock({ $0 == nil }) else { return }
    try openingTurn.take { () throws(DiskTrouble) in try openOnce(in: folder) }
  }

  private func openOnce(in folder: Folder) throws(DiskTrouble) {
    guard log.withLock({ $0 == nil }) else { return }
    var early: [HashList] = []
    var damage = RecordLog.Damage()
    let opened = try RecordLog(
      in: folder, name: Self.logName, recordBytesMax: Self.recordBytesMax, damage: &damage
    ) { record in
      if let list = HashList(record: record, in: name.layout), merge(list) == .untrue { early.append(list) }
    }
    mergeAgain(early)
    log.withLock { $0 = opened }
  }

  private func mergeAgain(_ early: [HashList]) {
    var early = early
    var count = Int.max
    while !early.isEmpty, early.count < count {
      count = early.count
      early = early.filter { merge($0) == .untrue }
    }
  }

  func remember(_ list: HashList) throws(DiskTrouble) {
    guard let log = log.withLock({ $0 }), log.byteCount < logBytesMax else { return }
    try log.append(list.record, .processCrash)
  }

  func syncLog() throws(DiskTrouble) { try log.withLock { $0 }?.syncData() }

  /// A whole tree, as hashing a local file gives it.
  func learnAll(of tree: MerkleTree) throws(DiskTrouble) {
    for list in tree.longestLists where merge(list) == .learnt { try remember(list) }
  }
}

extension MerkleTree {
  /// All hashes of blocks, in as few lists as there can be, each proved up to the root.
  fileprivate var longestLists: some Sequence<HashList> {
    let height = min(layout.treeHeight, HashList.hashesMax.trailingZeroBitCount)
    return (0..<layout.nodeCount(atHeight: height)).lazy.compactMap { index in
      Subtree(height: height, index: index, in: layout).flatMap { hashList(of: $0, base: 0) }
    }
  }
}

extension HashList {
  fileprivate var record: [UInt8] {
    var writer = WireWriter(reserving: 16 + (hashes.count + proof.uncles.count) * Digest.byteCount)
    writer.u8(UInt8(proof.subtree.height))
    writer.u64(UInt64(proof.subtree.index))
    writer.u8(UInt8(base))
    writer.u8(UInt8(proof.uncles.count))
    for digest in proof.uncles { digest.withBytes { writer.raw($0) } }
    for digest in hashes { digest.withBytes { writer.raw($0) } }
    return writer.bytes
  }

  fileprivate init?(record: RawSpan, in layout: ContentLayout) {
    do {
      var reader = WireReader(record)
      let height = Int(try reader.u8())
      guard let index = Int(exactly: try reader.u64()),
        let subtree = Subtree(height: height, index: index, in: layout)
      else { return nil }
      let base = Int(try reader.u8())
      guard let count = HashList.count(of: subtree, base: base, in: layout) else { return nil }
      let uncles = try Self.digests(&reader, count: Int(try reader.u8()))
      self.init(
        base: base, hashes: try Self.digests(&reader, count: count),
        proof: MerkleProof(of: subtree, uncles: uncles))
      try reader.end()
    } catch {
      return nil
    }
  }

  private static func digests(_ reader: inout WireReader, count: Int) throws(Malformed) -> [Digest] {
    let bytes = try reader.span(count * Digest.byteCount)
    return (0..<count).map { index in
      Digest(bytes.extracting(index * Digest.byteCount..<(index + 1) * Digest.byteCount))
    }
  }
}

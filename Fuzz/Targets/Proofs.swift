// Hash lists, proofs and sets of pieces whose every number a liar has chosen: nothing traps, nothing false is
// believed, and a tree that was lied to knows what it knew.

import GroupModel

@c(LLVMFuzzerTestOneInput)
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  guard let data, count > 0 else { return 0 }
  var dice = Dice(data.array(count))
  switch dice.byte() % 3 {
  case 0: checkTree(&dice)
  case 1: checkPieces(&dice)
  default: checkRanges(&dice)
  }
  return 0
}

private let blockCount = 75
private let layout = ContentLayout(fileBytes: blockCount * ContentLayout.blockBytes - 5)!
private let tree = MerkleTree(
  leaves: (0..<blockCount).map { Digest(hashing: [UInt8($0)].span.bytes) }, layout: layout)!

private func checkTree(_ dice: inout Dice) {
  var learnt = VerifiedTree(root: tree.root, layout: layout)
  for _ in 0..<Int(dice.byte() % 8) {
    guard let list = list(&dice) else { continue }
    _ = learnt.merge(list)
    _ = list.proof.verifies(leaves: list.hashes.span, root: tree.root, layout: layout)
    _ = list.proof.verifies(block: [dice.byte()].span.bytes, root: tree.root, layout: layout)
    _ = learnt.merge(block: [dice.byte()].span.bytes, proof: list.proof)
    _ = learnt.judge(block: dice.number(upTo: blockCount), bytes: [1].span.bytes)
  }
  for block in 0..<blockCount {
    guard let node = Subtree(height: 0, index: block, in: layout) else { return require(false, "a block") }
    require(learnt.hash(of: node).map { $0 == tree.leaves[block] } ?? true, "nothing false is believed")
  }
}

/// A list in a layout that may be another; true ones among them, changed in one hash or in none.
private func list(_ dice: inout Dice) -> HashList? {
  let other = ContentLayout(fileBytes: dice.byte() < 200 ? layout.fileBytes : dice.int()) ?? layout
  guard let node = Subtree(height: dice.number(upTo: 8), index: dice.number(upTo: 80), in: other) else {
    return nil
  }
  let base = dice.number(upTo: 6)
  _ = HashList.count(of: node, base: base, in: layout)
  if dice.byte() & 1 == 0, let true_ = tree.hashList(of: node, base: base, uncleCount: dice.number(upTo: 7)) {
    return changed(true_, &dice)
  }
  let hashes = (0..<Int(dice.byte() % 40)).map { _ in dice.digest() }
  let uncles = (0..<Int(dice.byte())).map { _ in dice.digest() }
  return HashList(base: base, hashes: hashes, proof: MerkleProof(of: node, uncles: uncles))
}

private func changed(_ list: HashList, _ dice: inout Dice) -> HashList {
  guard dice.byte() & 1 == 0, !list.hashes.isEmpty else { return list }
  var hashes = list.hashes
  hashes[Int(dice.byte()) % hashes.count] = dice.digest()
  return HashList(base: list.base, hashes: hashes, proof: list.proof)
}

private func checkPieces(_ dice: inout Dice) {
  var ranges: [Range<UInt32>] = []
  for _ in 0..<Int(dice.byte() % 20) {
    let lower = UInt32(truncatingIfNeeded: dice.number(upTo: 200))
    ranges.append(lower..<max(lower, UInt32(truncatingIfNeeded: dice.number(upTo: 200))))
  }
  let count = dice.number(upTo: 250)
  if let set = PieceSet(ranges: ranges, pieceCount: count, rangesMax: 10) {
    require(set.ranges == ranges && ranges.count <= 10, "a set is what was given")
    require(set.count == ranges.reduce(0) { $0 + $1.count }, "as many as there are")
  }
  var built = PieceSet()
  for range in ranges { built.insert(range) }
  for range in ranges {
    require(range.count > 1000 || range.allSatisfy { built.contains($0) }, "what went in is in")
  }
  for range in ranges.prefix(3) { built.remove(range) }
  let longest = built.longest(rangesMax: 2)
  require(longest.ranges.count <= 2 && longest.union(built) == built, "a part of it")
}

private func checkRanges(_ dice: inout Dice) {
  let (start, end) = (dice.int(), dice.int())
  guard start <= end, let blocks = BlockRange(start..<end) else { return }
  require(!blocks.pieces.isEmpty, "blocks lie in pieces")
  guard let layout = ContentLayout(fileBytes: dice.int()) else { return }
  _ = layout.blocks(touching: start..<end)
  _ = Subtree(blocks: blocks, in: layout).map { require($0.blocks(in: layout) == blocks, "the same blocks") }
  _ = Subtree(piece: dice.int(), in: layout)
  if blocks.end <= layout.blockCount { require(!layout.bytes(of: blocks).isEmpty, "blocks have bytes") }
}

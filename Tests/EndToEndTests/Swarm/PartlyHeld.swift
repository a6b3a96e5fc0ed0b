// A member who has some of a file and not the rest, as one is whose download was interrupted: put into the state
// directory while no daemon runs there, so that a story can say which part.

import Foundation
import GroupModel
import Testing

@testable import Swarm

/// A local file with its hashes, to be given out in parts.
struct HashedSource {
  let bytes: Data
  let tree: MerkleTree
  let name: ContentName
  let content: FileContent

  init(_ path: String) throws {
    let place = try #require(LocalPath(path))
    let hashed = try HashedFile.hash(place) { _, _ in true }
    tree = try #require(hashed.tree)
    name = try #require(hashed.content)
    content = try #require(
      FileContent(size: UInt64(hashed.stamp.fileBytes), root: tree.root, isExecutable: false))
    bytes = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
  }

  var layout: ContentLayout { tree.layout }

  var pieceCount: Int { layout.pieceCount }

  func bytes(of blocks: BlockRange) -> Data { bytes[layout.bytes(of: blocks)] }
}

extension Person {
  /// Its download of `file` to `destination` has come as far as these pieces.
  func holds(
    _ pieces: Range<Int>, of source: HashedSource, as file: String, in group: GroupID, at destination: String
  ) throws {
    let place = try #require(LocalPath(destination))
    let store = try PieceStore(
      at: #require(LocalPath(state + "/cache")), limit: CacheLimit(bytes: 1 << 40, freeBytes: 0))
    let content = try store.download(source.name, to: place).content
    try content.learnAll(of: source.tree)
    for piece in pieces {
      let blocks = source.layout.blocks(ofPiece: piece)
      let result = source.bytes(of: blocks).withUnsafeBytes { content.put(blocks, $0.bytes, for: .demand) }
      guard case .kept = result else { throw NotPut(result: result) }
    }
    store.close()
    let ledger = try ShareLedger(in: #require(LocalPath(state + "/shares")))
    try ledger.put(
      LedgeredDownload(
        LedgerKey(group, try FilePath(file)), content: source.content, destination: place,
        state: .downloading))
  }

  private struct NotPut: Error {
    let result: PutResult
  }
}

// The roots that libtorrent 2.1.1 gives the same contents; Vectors/merkle_vectors.py made them.

import Testing

@testable import GroupModel

@Suite struct MerkleVectorTests {
  @Test(arguments: [
    (1, "8f11b05da785e43e713d03774c6bd3405d99cd3024af334ffd68db663aa37034"),
    (16384 - 1, "8f4e45285589dd7a9ae18481e5fa853540bf9489706ed494b59a5cdd08bd933f"),
    (16384, "51ab850b47bc9bfe372531b815d25a67685bec7a66101f6b50e3d9e72c75d716"),
    (16384 + 1, "32cf693c53378a793dc387fc5afd73f1fd391de2e3823e215cad7ce52921ebe3"),
    (524_288 - 1, "dd32eecdd2e443a6154dd3d5244ce8ab158d8263f444915b53e0c51b951fca2c"),
    (524_288, "8d8593f1725b7fe223a3138b776ec7e9cc96d93d34a26c23e5c20eac07af277f"),
    (524_288 + 1, "7a49ed512d3e8f7bbe1fe01ef05da30343993d46fcb884a5e1b3e6839d0832ce"),
    (3 * 1_048_576 + 7, "f918cd463f3ae2e61aab7b7006ddd6fc0181781515fe39e084462b48c2d160cc"),
    (10 * 1_048_576 + 7, "0d14c5df5deb6e8e10d2b1fde6035173f9ddb180b502c364e3081d8902c31091"),
  ])
  func `a root is BitTorrent's`(fileBytes: Int, root: String) throws {
    let tree = try #require(Sample.tree(of: Array(Sample.bytes.prefix(fileBytes))))
    #expect(tree.root.description == root)
  }

  @Test(arguments: [
    (524_288 + 1, "7a49ed512d3e8f7bbe1fe01ef05da30343993d46fcb884a5e1b3e6839d0832ce"),
    (3 * 1_048_576 + 7, "6ac27183e31d0d1dd11137e19d2e64bfc9dba41047b666c52f43b52f877ee426"),
    (10 * 1_048_576 + 7, "3bc7b610489b164a008017f4fb9a47c21cbc5078ede931acf3eff3154bde0c99"),
  ])
  func `the pieces' hashes are BitTorrent's`(fileBytes: Int, pieceLayerHash: String) throws {
    let tree = try #require(Sample.tree(of: Array(Sample.bytes.prefix(fileBytes))))
    let pieces = try #require(tree.hashList(of: Subtree(allOf: tree.layout), base: ContentLayout.pieceHeight))
    #expect(pieces.hashes.count == tree.layout.pieceCount)
    #expect(Digest(of: pieces.hashes.flatMap(\.bytes)).hex == pieceLayerHash)
  }

  @Test func `an empty file has no root`() {
    #expect(MerkleBuilder().finish() == nil)
  }
}

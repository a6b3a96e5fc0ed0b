// The identity of a content: the Merkle root over its 16 KiB blocks, BitTorrent v2's `pieces root`.

/// A root is a promise only together with the file's size, which fixes the shape of the tree: BEP 52 hashes
/// blocks and nodes alike, so the 64 bytes of a node's two children are a file of the same root.
package struct ContentRoot: Hashable, Sendable, CustomStringConvertible {
  package let digest: Digest

  package init(_ digest: Digest) {
    self.digest = digest
  }

  package init?(hex: some StringProtocol) {
    guard let digest = Digest(hex: hex) else { return nil }
    self.digest = digest
  }

  package var description: String { digest.hex }
}

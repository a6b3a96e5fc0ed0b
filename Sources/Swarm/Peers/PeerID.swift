// Who a peer is: one login of one user on one machine. A user may have several; all are different peers.

package import GroupModel

package struct PeerID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let user: UserName
  package let lineage: UInt64

  package init(user: UserName, lineage: UInt64) {
    self.user = user
    self.lineage = lineage
  }

  /// nil for a certificate that is no member's.
  package init?(_ holder: Holder?) {
    guard case .member(let user, _, let lineage) = holder else { return nil }
    self.init(user: user, lineage: lineage)
  }

  /// By the user's bytes, then the lineage: it decides which of two lines between the same two peers stays.
  package static func < (left: Self, right: Self) -> Bool {
    (left.user, left.lineage) < (right.user, right.lineage)
  }

  package var description: String { "\(user)#\(String(lineage, radix: 16))" }

  /// The same number for the same peer and content everywhere and always, spread evenly: where in a content
  /// this peer begins to fetch, so that those who fetch together begin in different places.
  func spread(over root: ContentRoot) -> UInt64 {
    var running = RunningDigest()
    var lineage = lineage.bigEndian
    withUnsafeBytes(of: &lineage) { running.update($0.bytes) }
    Array(user.description.utf8).withUnsafeBytes { running.update($0.bytes) }
    root.digest.withBytes { running.update($0.bytes) }
    return running.finish().withBytes { $0.loadUnaligned(as: UInt64.self) }
  }
}

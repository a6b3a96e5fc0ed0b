// What Peers needs of those who build it, each as little as it needs. All are asked from threads of Peers and
// must not wait for the network.

package import GroupModel

/// Who is in a group now. Asked at every request, so it answers from memory.
package protocol Membership: Sendable {
  func isMember(_ user: UserName, of group: GroupID) -> Bool
}

/// The contents that this member has, wholly or in part, and shares in a group.
package protocol ContentShelf: Sendable {
  /// nil for one that this member does not have, or does not share in that group. Asked on serving threads: it
  /// may open a file, once.
  func content(_ key: ContentKey) -> (any ContentStoring)?
}

/// One content's blocks on this disk. For any thread.
package protocol ContentStoring: AnyObject, Sendable {
  var layout: ContentLayout { get }

  /// Which blocks are here, verified.
  func heldRuns() -> BlockRuns

  /// Into the buffer's beginning; false when some of it is not here, or no longer.
  func read(_ blocks: BlockRange, into buffer: UnsafeMutableRawBufferPointer) -> Bool

  /// Verifies blocks and keeps those that are genuine.
  func put(_ blocks: BlockRange, _ bytes: UnsafeRawBufferPointer) -> PutOutcome

  /// Learns hashes that prove to be true; false if they do not.
  func merge(_ list: HashList) -> Bool

  /// How many uncles a proof of this node needs to reach what is known here; 0 if it is known itself.
  func unclesMissing(of node: Subtree) -> Int?

  func hashList(of node: Subtree, base: Int, uncleCount: Int) -> HashList?
}

package enum PutOutcome: Hashable, Sendable {
  case kept
  /// Some bytes are not the content's; none of them is kept.
  case forged
  /// The hashes of these blocks are not known here.
  case unknown
  /// The disk did not take it.
  case failed(errno: Int32)
}

/// Where those who hold a content are asked for: the tracker, behind this.
package protocol HolderFinder: AnyObject, Sendable {
  /// Somebody here wants it: from now on feed `PeerSwarm.holders(of:_:)`, with an empty list if nobody has it.
  /// Said again when all that were named are gone.
  func find(_ key: ContentKey)
  /// Nobody here wants it any longer.
  func forget(_ key: ContentKey)
}

// What Peers needs of those who build it, each as little as it needs. All are asked from threads of Peers and
// must not wait for the network.

package import GroupModel

/// Who is in a group now. Asked at every request, so it answers from memory.
package protocol Membership: Sendable {
  func isMember(_ user: UserName, of group: GroupID) -> Bool
  /// Whether there is any group that both are in.
  func sharesGroup(with user: UserName) -> Bool
}

/// The contents that this member has, wholly or in part, and shares in a group.
package protocol ContentShelf: Sendable {
  /// nil for one that this member does not have, or does not share in that group. Asked on serving threads: it
  /// may open a file, once.
  func content(_ key: ContentKey) -> (any ContentStoring)?
}

/// One content's blocks on this disk, as Disk's `StoredContent` has them. For any thread.
package protocol ContentStoring: AnyObject, Sendable {
  var layout: ContentLayout { get }

  /// Which blocks are here, verified.
  func heldRuns() -> BlockRuns

  /// All of them.
  func holds(_ blocks: BlockRange) -> Bool

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> ReadResult

  /// Verifies blocks and keeps those that are genuine.
  func put(_ blocks: BlockRange, _ bytes: RawSpan, for purpose: FetchPurpose) -> PutResult

  /// Learns hashes that prove to be true; false if they do not.
  func merge(_ list: HashList) -> Bool

  /// How many uncles a proof of this node needs to reach what is known here; 0 if it is known itself.
  func unclesMissing(of subtree: Subtree) -> Int?

  /// nil where a hash for it is not known here.
  func hashList(of subtree: Subtree, base: Int, uncleCount: Int?) -> HashList?
}

extension StoredContent: ContentStoring {
  package func heldRuns() -> BlockRuns {
    var runs = BlockRuns()
    held.forEachRun { runs.insert($0.indices) }
    return runs
  }
}

/// Where those who hold a content are asked for: the tracker, behind this.
package protocol HolderFinder: AnyObject, Sendable {
  /// Somebody here wants it: from now on feed `PeerSwarm.holders(of:_:)`, with an empty list if nobody has it.
  /// Said again when all that were named are gone.
  func find(_ key: ContentKey)
  /// Nobody here wants it any longer.
  func forget(_ key: ContentKey)
}

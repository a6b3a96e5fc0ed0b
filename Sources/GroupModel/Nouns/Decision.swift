// What the tracker made of a proposal: the rows of the group that are different now, under one number.
// Folding it twice is folding it once, and a member who was away may be told just the last state of each row.

package struct Decision: Hashable, Sendable {
  package let group: GroupID
  /// Counted within the group from 1, without a gap.
  package let number: UInt64
  package let changes: [Change]

  package init(group: GroupID, number: UInt64, changes: [Change]) {
    self.group = group
    self.number = number
    self.changes = changes
  }
}

package enum Change: Hashable, Sendable {
  /// `since` is the decision by which the person came in; the longest-standing member inherits a group.
  case stands(UserName, Standing, since: UInt64)
  case published(Entry)
  case unpublished(FilePath)
  /// The entry, and all below it where it is a directory.
  case moved(from: FilePath, to: FilePath)
  case ended
}

extension Decision {
  /// A live decision has a handful; a page of catching up has at most this many.
  package static let changesMax = 4096
}

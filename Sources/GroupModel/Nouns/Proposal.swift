// What a member wants of a group. Weighed by `Rules`, early at the member and for good at the tracker.

package struct Proposal: Hashable, Sendable {
  package let group: GroupName
  package let wish: Wish

  package init(_ wish: Wish, in group: GroupName) {
    self.group = group
    self.wish = wish
  }

  package enum Wish: Hashable, Sendable {
    case found
    case join
    case leave
    /// The group is to end for everyone in it. It must hold nothing.
    case disband
    case accept(UserName)
    case reject(UserName)
    case remove(UserName)
    /// `over` is the version that it replaces, 0 for none: a mismatch is a conflict, nil takes what comes.
    case publish(FilePath, Entry.Kind, modified: Int64, over: UInt64?)
    case unpublish(FilePath)
    case rename(from: FilePath, to: FilePath, replacing: Bool)
  }
}

extension Proposal {
  /// The other person whom it is about.
  package var subject: UserName? {
    switch wish {
    case .accept(let user), .reject(let user), .remove(let user): user
    case .found, .join, .leave, .disband, .publish, .unpublish, .rename: nil
    }
  }
}

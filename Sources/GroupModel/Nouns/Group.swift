// The small nouns around a group: how it is numbered, how a person stands in it, how a wish is told apart
// from its repetition.

/// A group's number in its network. A name can be used again after a group has ended; its number never is.
package struct GroupID: Hashable, Sendable, Comparable {
  package let number: UInt64

  package init(_ number: UInt64) { self.number = number }

  package static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// How a person stands in a group. The raw values are on the wire and on disk.
package enum Standing: UInt8, Sendable, CaseIterable {
  case stranger = 0
  case asked = 1
  case rejected = 2
  case member = 3
  case owner = 4

  package var isInside: Bool { self == .member || self == .owner }

  /// The word that `list_groups` shows.
  package var word: String {
    switch self {
    case .owner: "owner"
    case .member: "member"
    case .asked: "pending"
    case .rejected, .stranger: "-"
    }
  }
}

/// Names one wish of one running program, so that a wish repeated after a lost answer counts once.
package struct RequestID: Hashable, Sendable {
  /// Random, of one run of one program. Keeps its wishes together in the ledger's index.
  package let instance: UInt64
  package let sequence: UInt64

  package init(instance: UInt64, sequence: UInt64) {
    self.instance = instance
    self.sequence = sequence
  }
}

/// One group as `list_groups` shows it to one user.
package struct GroupSummary: Hashable, Sendable {
  package let name: GroupName
  package let id: GroupID
  package let owner: UserName
  package let mine: Standing
  package let members: UInt32
  package let files: UInt32
  /// The number of the group's last decision.
  package let number: UInt64

  package init(
    name: GroupName, id: GroupID, owner: UserName, mine: Standing, members: UInt32, files: UInt32,
    number: UInt64
  ) {
    self.name = name
    self.id = id
    self.owner = owner
    self.mine = mine
    self.members = members
    self.files = files
    self.number = number
  }
}

/// One person as `list_members` shows it.
package struct MemberSummary: Hashable, Sendable {
  package let user: UserName
  package let isOwner: Bool
  package let isOnline: Bool

  package init(user: UserName, isOwner: Bool, isOnline: Bool) {
    self.user = user
    self.isOwner = isOwner
    self.isOnline = isOnline
  }
}

// Who holds which pieces of a content, as members announce it and the tracker passes it on.

/// Names a content within a group: who asks for it must be of the group.
package struct ContentKey: Hashable, Sendable {
  package let group: GroupID
  package let root: ContentRoot

  package init(group: GroupID, root: ContentRoot) {
    self.group = group
    self.root = root
  }
}

/// What a member holds of one content.
package struct Holding: Hashable, Sendable {
  package let key: ContentKey
  package let pieces: Pieces

  package init(key: ContentKey, pieces: Pieces) {
    self.key = key
    self.pieces = pieces
  }

  package enum Pieces: Hashable, Sendable {
    case none
    case all
    case some([Range<UInt32>])

    /// Beyond this many separate runs a member announces fewer and longer ones.
    package static let rangesMax = 256
  }
}

/// One of those who hold a content.
package struct ContentHolder: Hashable, Sendable {
  package let user: UserName
  package let address: PeerAddress
  package let pieces: Holding.Pieces

  package init(user: UserName, address: PeerAddress, pieces: Holding.Pieces) {
    self.user = user
    self.address = address
    self.pieces = pieces
  }
}

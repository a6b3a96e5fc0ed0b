// Everything that a member and the tracker say to each other (PROTOCOL.md 4). A request and its answer bear the
// same kind; a refusal is an answer of kind 0.

/// A member's requests.
package enum TrackerRequest: Hashable, Sendable {
  case createUser(RequestID, UserName, password: [UInt8])
  case login(UserName, password: [UInt8], certificateRequest: [UInt8])
  /// A new certificate over a live session, for the same key.
  case renew(certificateRequest: [UInt8])
  case changePassword(RequestID, password: [UInt8], certificateRequest: [UInt8])
  /// Ends the login that this session's certificate stems from.
  case logout
  case propose(RequestID, Proposal)
  case listGroups(after: GroupName?)
  case listMyGroups(after: GroupName?)
  case listRequests(GroupName, after: UserName?)
  case listMembers(GroupName, after: UserName?)
  case catchUp(GroupID, after: CatchUpMark)
  /// From now on, push the decisions of this user's groups.
  case follow(listening: PeerAddress?)
  case announce([Holding])
  case locate(ContentKey)
  case countSharers(GroupID, [ContentRoot])
  /// Whether this user shares a file, kept across logins. A file whose last sharer stops leaves the group.
  case setSharing(RequestID, GroupName, FilePath, isOn: Bool)
  /// Whoever located a content hears of others who come and go, until he says this.
  case stopWatching(ContentKey)
  /// A pushed decision is folded here. Whoever says so is waited for, a moment, when others publish.
  case saw(GroupID, UInt64)

  package static let passwordBytesMax = 1024
  package static let certificateRequestBytesMax = 4096
  package static let holdingsMax = 256
  package static let rootsMax = 1024
}

/// The tracker's answers.
package enum TrackerAnswer: Hashable, Sendable {
  case refused(Refusal)
  case done
  /// Who the session now is; the certificate is DER.
  case certificate([UInt8])
  /// The proposal's decision: its group and number there.
  case decided(GroupID, UInt64)
  case groups([GroupSummary], more: Bool)
  case users([UserName], more: Bool)
  case members([MemberSummary], more: Bool)
  case caughtUp(CatchUpPage)
  case holders([ContentHolder])
  case sharers([UInt32])
}

/// What the tracker says unasked.
package enum TrackerPush: Hashable, Sendable {
  case decision(Decision)
  /// How this user stands in a group has changed.
  case standing(GroupName, GroupID, Standing)
  /// Somebody now holds a content that was located here; with no pieces, no longer.
  case holder(ContentKey, ContentHolder)
}

/// How far a member has come in a group. Its changed rows are told in the order of the decision that changed them
/// last and, within one decision, of their place in it, counted from 1. The mark covers every row of the decisions
/// up to and with `number`, and of the decision after that the rows up to and with the place `row`: 0, unless a
/// page ended in the middle of it.
package struct CatchUpMark: Hashable, Sendable {
  package let number: UInt64
  package let row: UInt64
  /// For one who began from nothing, until he has come to the end: the group's number at that time. What had been
  /// removed by then he never knew, so he need not hear of it. 0 otherwise.
  package let begun: UInt64

  package init(number: UInt64, row: UInt64 = 0, begun: UInt64 = 0) {
    self.number = number
    self.row = row
    self.begun = begun
  }
}

package struct CatchUpPage: Hashable, Sendable {
  /// What was remembered of the group is to be forgotten first: the asker begins from nothing, or the ledger no
  /// longer knows what was removed since his mark.
  package let startsAnew: Bool
  package let changes: [Change]
  /// Where to go on, or, with `more` false, where the asker now stands.
  package let mark: CatchUpMark
  package let more: Bool

  package init(startsAnew: Bool, changes: [Change], mark: CatchUpMark, more: Bool) {
    self.startsAnew = startsAnew
    self.changes = changes
    self.mark = mark
    self.more = more
  }
}

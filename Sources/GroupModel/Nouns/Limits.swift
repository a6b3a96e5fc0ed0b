// How much there may be of what people make and others have to keep. Far beyond what they need, and near enough
// that nobody fills a tracker's disk or stops everyone with one wish.

package enum Limits {
  /// Groups that a user is in or asks to be in.
  package static let groupsOfUser = 4096
  /// People who ask to be let into one group.
  package static let requestsOfGroup = 10_000
  /// Files, links and directories.
  package static let entriesOfGroup = 1 << 20
  /// What lies below a directory that is renamed: all of it moves by one decision, for which everyone waits.
  package static let entriesMoved = 1 << 17
}

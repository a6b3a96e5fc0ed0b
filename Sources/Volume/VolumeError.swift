// Why something could not be done in a group: a closed list, from which one table makes exit codes and sentences and
// another errnos.

package import GroupModel
package import Swarm

package enum VolumeError: Error, Hashable, Sendable {
  case refused(Refusal)
  /// No tracker could be asked.
  case noTracker
  /// Nobody who is online has it.
  case noSource
  /// Those who have it deliver nothing.
  case timedOut
  /// What was to be read or written, and what the system said.
  case disk(DiskTrouble, LocalPath?)
  case badPath(PathError)
  case cancelled
  /// A place to listen at is taken, or is none.
  case cannotListen(String)
  case noDownload
  /// The file is on its way to another place already.
  case downloadsElsewhere(LocalPath)
  /// This member does not share it, and so can neither stop nor start.
  case notShared
  /// A file of our own cannot be used.
  case state(String)

  init(_ trouble: TrackerTrouble) {
    self =
      switch trouble {
      case .noTracker, .otherAuthority, .malformed: .noTracker
      case .loginEnded: .refused(.loginEnded)
      }
  }

  init(_ trouble: FetchTrouble) {
    self =
      switch trouble {
      case .noSource: .noSource
      case .timedOut: .timedOut
      case .disk(let trouble): .disk(trouble, nil)
      case .cancelled: .cancelled
      }
  }
}

// Why something in the tree could not be done: a closed list, from which one table makes errnos and another sentences.

package import GroupModel
package import Swarm

package enum TreeError: Error, Hashable, Sendable {
  /// ENOENT, EEXIST, ENOTDIR, EISDIR, ENOTEMPTY.
  case notFound, exists, notDirectory, isDirectory, notEmpty
  /// EPERM: nobody may do it here. The sentence says what and why.
  case notPermitted(String)
  /// EACCES: this member may not.
  case denied(String)
  /// EINVAL, with what was wrong.
  case invalid(String)
  /// ENAMETOOLONG, EXDEV, EROFS, EFBIG, ENOSPC, EBADF, ENODATA, ESTALE.
  case nameTooLong, crossesGroups, readOnly, tooLarge, full, badHandle, noAttribute, stale
  /// EINTR: whoever waited was told to stop.
  case interrupted
  /// EHOSTDOWN: nobody who is online has it.
  case noSource
  /// ETIMEDOUT: those who have it deliver nothing.
  case timedOut
  /// EHOSTUNREACH.
  case noTracker
  /// EAGAIN: not now, and why.
  case notNow(String)
  case refused(Refusal)
  case disk(DiskTrouble)
  /// A file of our own cannot be used: EIO.
  case state(String)

  init(_ error: VolumeError) {
    self =
      switch error {
      case .refused(let refusal): TreeError(refusal)
      case .noTracker: .noTracker
      case .noSource: .noSource
      case .timedOut: .timedOut
      case .disk(let trouble, _): TreeError(trouble)
      case .badPath(let error): TreeError(error)
      case .cancelled: .interrupted
      case .noDownload: .notFound
      case .cannotListen(let text), .state(let text): .state(text)
      }
  }

  package init(_ refusal: Refusal) {
    self =
      switch refusal {
      case .noSuchFile: .notFound
      case .fileExists: .exists
      case .directoryNotEmpty: .notEmpty
      case .notDirectory: .notDirectory
      case .isDirectory: .isDirectory
      default: .refused(refusal)
      }
  }

  init(_ trouble: DiskTrouble) {
    self =
      switch trouble {
      case .full: .full
      case .tooLarge: .tooLarge
      default: .disk(trouble)
      }
  }

  init(_ error: PathError) {
    self =
      switch error {
      case .tooLong, .componentTooLong: .nameTooLong
      case .reserved: .notPermitted("a control file has that name")
      case .notUTF8: .invalid("a name has to be UTF-8")
      default: .invalid("it is no name for a file")
      }
  }

  init(_ trouble: FetchTrouble) { self.init(VolumeError(trouble)) }

  init(_ trouble: TrackerTrouble) { self.init(VolumeError(trouble)) }
}

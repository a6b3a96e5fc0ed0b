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
  /// ENAMETOOLONG twice, EXDEV, EROFS, EFBIG, ENOSPC, EBADF, ENODATA, ESTALE.
  case nameTooLong, pathTooLong, crossesGroups, readOnly, tooLarge, full, badHandle, noAttribute, stale
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
      case .noDownload, .notShared: .notFound
      case .downloadsElsewhere: .exists
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

extension TreeError {
  /// There is nobody who can be asked now: what the journal can hold waits there, for a tracker or for the next login.
  var isAway: Bool { self == .noTracker || self == .refused(.loginEnded) }

  /// For the log: what was wrong.
  package var sentence: String {
    switch self {
    case .notFound: "it is not there"
    case .exists: "it exists already"
    case .notDirectory: "it is no directory"
    case .isDirectory: "it is a directory"
    case .notEmpty: "the directory is not empty"
    case .notPermitted(let text), .denied(let text), .invalid(let text), .notNow(let text), .state(let text):
      text
    case .nameTooLong: "the name is too long"
    case .pathTooLong: "something below it would have a path of more than \(FilePath.bytesMax) bytes"
    case .crossesGroups: "it would go to another group"
    case .readOnly: "the mount is read-only"
    case .tooLarge: "it is too large"
    case .full: "there is no room left for it"
    case .badHandle: "it was not opened for that"
    case .noAttribute: "there is no such attribute"
    case .stale: "it is another one now"
    case .interrupted: "it was interrupted"
    case .noSource: "nobody who is online has it"
    case .timedOut: "those who have it deliver nothing"
    case .noTracker: "no tracker answers"
    case .refused(let refusal): "\(refusal.words)"
    case .disk(let trouble): trouble.sentence
    }
  }
}

extension Refusal {
  fileprivate var words: String {
    switch self {
    case .malformed: "it is malformed"
    case .noSuchUser: "there is no such user"
    case .noSuchGroup: "there is no such group"
    case .noSuchRequest: "there is no such request"
    case .noSuchMember: "there is no such member"
    case .noSuchFile: "there is no such file"
    case .userExists: "the user exists already"
    case .groupExists: "the group exists already"
    case .alreadyMember: "already a member"
    case .fileExists: "it exists already"
    case .directoryNotEmpty: "the directory is not empty"
    case .notDirectory: "it is no directory"
    case .isDirectory: "it is a directory"
    case .conflict: "somebody else has published it meanwhile"
    case .notOwner: "only the group's owner may do it"
    case .notMember: "only members of the group may do it"
    case .notYours: "it belongs to somebody else"
    case .wrongLogin: "wrong user or password"
    case .notLoggedIn: "nobody is logged in"
    case .loginEnded: "the login has ended"
    case .busy: "the tracker is busy"
    case .throttled: "too many attempts"
    case .trackerFull: "the tracker has no room left"
    case .limitReached: "a limit is reached"
    }
  }
}

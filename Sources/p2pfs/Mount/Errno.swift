// The one table from what can go wrong in the tree to what a program is told (SPEC 3.1).

import Glibc
import GroupModel
import Swarm
import Volume

struct Errno: Hashable, Sendable {
  let number: Int32

  init(_ number: Int32) { self.number = number }

  init(_ error: TreeError) {
    switch error {
    case .notFound: number = ENOENT
    case .exists: number = EEXIST
    case .notDirectory: number = ENOTDIR
    case .isDirectory: number = EISDIR
    case .notEmpty: number = ENOTEMPTY
    case .notPermitted: number = EPERM
    case .denied: number = EACCES
    case .invalid: number = EINVAL
    case .nameTooLong, .pathTooLong: number = ENAMETOOLONG
    case .crossesGroups: number = EXDEV
    case .readOnly: number = EROFS
    case .tooLarge: number = EFBIG
    case .full: number = ENOSPC
    case .badHandle: number = EBADF
    case .noAttribute: number = ENODATA
    case .stale: number = ESTALE
    case .interrupted: number = EINTR
    case .noSource: number = EHOSTDOWN
    case .timedOut: number = ETIMEDOUT
    case .noTracker: number = EHOSTUNREACH
    case .notNow: number = EAGAIN
    case .refused(let refusal): number = Errno(refusal).number
    case .disk(let trouble): number = Errno(trouble).number
    case .state: number = EIO
    }
  }

  init(_ refusal: Refusal) {
    switch refusal {
    case .malformed: number = EINVAL
    case .noSuchUser, .noSuchGroup, .noSuchRequest, .noSuchMember, .noSuchFile: number = ENOENT
    case .userExists, .groupExists, .alreadyMember, .fileExists: number = EEXIST
    case .directoryNotEmpty: number = ENOTEMPTY
    case .notDirectory: number = ENOTDIR
    case .isDirectory: number = EISDIR
    case .conflict, .busy, .throttled, .trackerFull, .limitReached: number = EAGAIN
    case .notOwner, .notMember, .notYours, .wrongLogin, .notLoggedIn, .loginEnded: number = EACCES
    }
  }

  /// What is wrong with a file of our cache is not wrong with the file that the program means.
  private init(_ trouble: DiskTrouble) {
    switch trouble {
    case .missing, .notDirectory, .exists, .isDirectory, .notAFile, .nameTooLong, .notPermitted, .forbidden,
      .readOnly, .inUse:
      number = EIO
    default: number = trouble.errno
    }
  }
}

// A trouble with bytes on this disk, as the system would have said it.

internal import Glibc

extension DiskTrouble {
  /// As the system would have said it.
  package var errno: Int32 {
    switch self {
    case .full: ENOSPC
    case .notPermitted: EACCES
    case .forbidden: EPERM
    case .readOnly: EROFS
    case .missing: ENOENT
    case .notDirectory: ENOTDIR
    case .exists: EEXIST
    case .isDirectory: EISDIR
    case .notAFile: EINVAL
    case .nameTooLong: ENAMETOOLONG
    case .tooLarge: EFBIG
    case .tooManyOpen: EMFILE
    case .changed: ESTALE
    case .cancelled: EINTR
    case .inUse: EBUSY
    case .damaged: EIO
    case .failed(let number): number
    }
  }
}

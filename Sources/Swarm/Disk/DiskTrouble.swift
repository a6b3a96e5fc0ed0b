// What can go wrong with bytes on this disk: a closed list, thrown by all of Disk. Blocks that are missing are
// not in it: that is what a swarm is for.

internal import Glibc
internal import Link

package enum DiskTrouble: Error, Hashable, Sendable {
  /// No room: on the disk, in the user's quota, or under the cache's limit with nothing left to evict.
  case full
  case notPermitted
  /// By more than permissions: a file that is immutable, a system that allows it to nobody.
  case forbidden
  /// Nothing on that file system can be written.
  case readOnly
  /// The file, or a directory on the way to it, is not there.
  case missing
  /// What is on the way to it is none.
  case notDirectory
  case exists
  case isDirectory
  /// A device, a pipe, a socket, or a symbolic link where none may be.
  case notAFile
  case nameTooLong
  case tooLarge
  case tooManyOpen
  /// A local file is no longer what it was: it was written to, replaced or cut.
  case changed
  /// Somebody who may called it off.
  case cancelled
  /// Another daemon works on this directory.
  case inUse
  /// A file of our own is damaged beyond use.
  case damaged
  /// The device failed, or the system said what no other case names.
  case failed(errno: Int32)

  init(errno: Int32) {
    switch errno {
    case ENOSPC, EDQUOT: self = .full
    case EACCES: self = .notPermitted
    case EPERM: self = .forbidden
    case EROFS: self = .readOnly
    case ENOENT: self = .missing
    case ENOTDIR: self = .notDirectory
    case EEXIST, ENOTEMPTY: self = .exists
    case EISDIR: self = .isDirectory
    case ELOOP, ENXIO, ENODEV: self = .notAFile
    case ENAMETOOLONG: self = .nameTooLong
    case EFBIG, EOVERFLOW: self = .tooLarge
    case EMFILE, ENFILE: self = .tooManyOpen
    default: self = .failed(errno: errno)
    }
  }

  package var sentence: String {
    switch self {
    case .full: "there is no room left"
    case .notPermitted, .forbidden: "the system does not permit it"
    case .readOnly: "its file system is read-only"
    case .missing: "it is not there"
    case .notDirectory: "a part of its path is a file"
    case .exists: "it exists already"
    case .isDirectory: "it is a directory"
    case .notAFile: "it is no regular file"
    case .nameTooLong: "its name is too long"
    case .tooLarge: "it is larger than a file can be"
    case .tooManyOpen: "too many files are open"
    case .changed: "it has changed meanwhile"
    case .cancelled: "it was called off"
    case .inUse: "another p2pfs works there"
    case .damaged: "it is damaged"
    case .failed(let errno): systemWords(errno)
    }
  }
}

/// For calls that answer -1 and put the reason into errno.
func orTrouble(_ result: Int32) throws(DiskTrouble) {
  if result < 0 { throw DiskTrouble(errno: errno) }
}

// Attributes as `stat` shows them, and for how long the kernel may remember them.

import CFuse
import Glibc
import Volume

/// Whose everything in the mount is.
struct MountOwner: Hashable, Sendable {
  let user: uid_t
  let group: gid_t

  static var ofProcess: MountOwner { MountOwner(user: geteuid(), group: getegid()) }
}

/// What the tree tells about is believed for a day, and forgotten when it tells.
enum Lifetime {
  static let told: Double = 86_400
  static let none: Double = 0
  static let unsettled: Double = 1
}

extension Attributes {
  /// Of a control file nobody tells when its length changes, nor of a file that is being fetched or written how far that is.
  var lifetimeSeconds: Double {
    if kind == .control || areEnding { return Lifetime.none }
    return areSettled ? Lifetime.told : Lifetime.unsettled
  }

  func stat(of owner: MountOwner) -> stat {
    var bytes = Glibc.stat()
    bytes.st_ino = ino_t(inode)
    bytes.st_mode = kind.modeBits | mode_t(permissions)
    bytes.st_nlink = nlink_t(links)
    bytes.st_uid = owner.user
    bytes.st_gid = owner.group
    bytes.st_size = off_t(size)
    bytes.st_blksize = 4096
    bytes.st_blocks = blkcnt_t((heldBytes + 511) / 512)
    let time = timespec(nanosecondsSince1970: modified)
    (bytes.st_mtim, bytes.st_ctim, bytes.st_atim) = (time, time, time)
    return bytes
  }
}

extension Attributes.Kind {
  var modeBits: mode_t {
    switch self {
    case .directory: S_IFDIR
    case .symlink: S_IFLNK
    case .file, .control: S_IFREG
    }
  }
}

extension Found {
  func entry(of owner: MountOwner) -> fuse_entry_param {
    var entry = fuse_entry_param()
    entry.ino = node.value
    entry.attr = attributes.stat(of: owner)
    entry.attr_timeout = attributes.lifetimeSeconds
    entry.entry_timeout = Lifetime.told
    return entry
  }
}

extension timespec {
  static var now: timespec {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now
  }

  /// Rounds down, also before 1970.
  init(nanosecondsSince1970 nanoseconds: Int64) {
    let (seconds, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    let isBefore = rest < 0
    self.init(tv_sec: Int(seconds) - (isBefore ? 1 : 0), tv_nsec: Int(rest) + (isBefore ? 1_000_000_000 : 0))
  }

  /// What lies beyond the years 1677 to 2262 becomes their end.
  var nanosecondsSince1970: Int64 {
    let (whole, isTooLong) = Int64(tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, isTooLate) = whole.addingReportingOverflow(Int64(tv_nsec))
    return isTooLong || isTooLate ? (tv_sec < 0 ? .min : .max) : sum
  }
}

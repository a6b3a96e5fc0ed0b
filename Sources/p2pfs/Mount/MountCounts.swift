// How long the kernel waited for each answer, and how often because bytes had to come from others first. Kept by the
// daemon, whose mounts may come and go.

import Link

enum FuseOperation: Int, Countable {
  case lookup, getattr, setattr, readlink, mkdir, unlink, rmdir, symlink, rename, create, open, read, write,
    flush,
    fsync, release, fallocate, opendir, readdir, statfs, xattr, other
}

struct MountCounts: Sendable {
  /// From a request's coming to the end of its answer.
  let times = Each<FuseOperation, Histogram>(Histogram.init)
  /// Reads and writes that waited for bytes of other members.
  let parked = Tally()
}

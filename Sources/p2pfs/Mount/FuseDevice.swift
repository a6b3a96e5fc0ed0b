// The descriptor of /dev/fuse by which a mount was made.

import CFuse
import Glibc
import Synchronization

/// ## Concurrency model
/// For every thread; known once it was mounted.
final class FuseDevice: Sendable {
  private let descriptor = Atomic<Int32>(-1)

  var number: Int32 {
    get { descriptor.load(ordering: .acquiring) }
    set { descriptor.store(newValue, ordering: .releasing) }
  }

  /// One more way in; nil where the system does not let us have it.
  func clone() -> Int32? {
    let clone = open("/dev/fuse", O_RDWR | O_CLOEXEC)
    guard clone >= 0 else { return nil }
    guard p2pfs_fuse_clone(clone, number) == 0 else {
      close(clone)
      return nil
    }
    return clone
  }

  /// Files that the kernel reads by itself.
  func backings<Handle>(for handles: Handle.Type) -> OpenModes<Handle>.Backings {
    OpenModes<Handle>.Backings(
      open: { [self] file in
        let backing = p2pfs_fuse_backing_open(number, file)
        return backing > 0 ? UInt32(backing) : nil
      }, close: { [self] backing in _ = p2pfs_fuse_backing_close(number, backing) })
  }
}

// What tells whether a file is still the one that it was: a write through the system moves its times, another
// file under its name has another inode.

internal import Glibc

package struct FileStamp: Hashable, Sendable {
  package let device: UInt64
  package let inode: UInt64
  package let fileBytes: Int
  /// Nanoseconds since 1970: of the bytes, and of anything about the file, which no program can set.
  package let modified: Int64
  package let changed: Int64

  init(device: UInt64, inode: UInt64, fileBytes: Int, modified: Int64, changed: Int64) {
    self.device = device
    self.inode = inode
    self.fileBytes = fileBytes
    self.modified = modified
    self.changed = changed
  }

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    fileBytes = Int(status.st_size)
    modified = Self.nanoseconds(status.st_mtim)
    changed = Self.nanoseconds(status.st_ctim)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
  }

  /// The same file with the same bytes, as far as its times tell; its mode or its links may have changed.
  package func hasBytes(of other: FileStamp) -> Bool {
    isFile(of: other) && fileBytes == other.fileBytes && modified == other.modified
  }

  func isFile(of other: FileStamp) -> Bool { device == other.device && inode == other.inode }
}

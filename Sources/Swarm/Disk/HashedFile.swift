// A local file as its hashes have seen it, to be shared from where it lies.

internal import CLinux
internal import Glibc
package import GroupModel

package struct HashedFile: Sendable {
  package let path: LocalPath
  package let stamp: FileStamp
  package let isExecutable: Bool
  /// nil for an empty file, which is shared by its name alone.
  package let tree: MerkleTree?

  package var content: ContentName? {
    tree.map { ContentName(root: $0.root, layout: $0.layout) }
  }

  /// Reads the whole file on this thread, and asks after each piece whether to go on. A file that changes
  /// meanwhile is `changed`: what was hashed is then no content of any moment.
  package static func hash(
    _ path: LocalPath, goOn: (_ doneBytes: Int, _ fileBytes: Int) -> Bool
  ) throws(DiskTrouble) -> HashedFile {
    let file = try Descriptor(readingFileAt: path)
    let status = try file.status()
    let stamp = FileStamp(status)
    waitUntilOlder(stamp)
    posix_fadvise(file.number, 0, 0, POSIX_FADV_SEQUENTIAL)
    let tree = try hash(file, fileBytes: stamp.fileBytes, goOn)
    guard try file.stamp() == stamp else { throw .changed }
    return HashedFile(path: path, stamp: stamp, isExecutable: status.st_mode & 0o100 != 0, tree: tree)
  }

  /// File times move in steps of up to 10 ms on older kernels: a write in the step in which the file was last
  /// written would not show.
  private static func waitUntilOlder(_ stamp: FileStamp) {
    let stepNanoseconds: Int64 = 20_000_000
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let age = Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec) - stamp.changed
    if (0..<stepNanoseconds).contains(age) { usleep(UInt32((stepNanoseconds - age) / 1000)) }
  }

  private static func hash(
    _ file: Descriptor, fileBytes: Int, _ goOn: (Int, Int) -> Bool
  ) throws(DiskTrouble) -> MerkleTree? {
    guard fileBytes <= ContentLayout.fileBytesMax else { throw .tooLarge }
    var builder = MerkleBuilder()
    let scratch = Scratch()
    var done = 0
    while done < fileBytes {
      let part = UnsafeMutableRawBufferPointer(rebasing: scratch.bytes.prefix(fileBytes - done))
      guard try file.read(into: part, at: done) == part.count else { throw .changed }
      builder.append(UnsafeRawBufferPointer(part).bytes)
      done += part.count
      guard goOn(done, fileBytes) else { throw .cancelled }
    }
    return builder.finish()
  }
}

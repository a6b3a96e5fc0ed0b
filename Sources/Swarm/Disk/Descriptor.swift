// One open file, with one owner and one goodbye. All reading and writing names its offset, so that threads
// share a descriptor without a lock.

internal import CLinux
internal import Glibc

final class Descriptor: Sendable {
  let number: Int32

  init(takingOwnership number: Int32) { self.number = number }

  deinit { close(number) }

  /// Reads as much as there is, up to the buffer's end; less only where the file ends.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(DiskTrouble) -> Int {
    var filled = 0
    while filled < buffer.count {
      let count = pread(number, buffer.baseAddress! + filled, buffer.count - filled, offset + filled)
      if count == 0 { break }
      if count > 0 {
        filled += count
      } else if errno != EINTR {
        throw DiskTrouble(errno: errno)
      }
    }
    return filled
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(DiskTrouble) {
    var written = 0
    while written < bytes.count {
      let count = pwrite(number, bytes.baseAddress! + written, bytes.count - written, offset + written)
      if count > 0 {
        written += count
      } else if count == 0 || errno != EINTR {
        throw count == 0 ? .full : DiskTrouble(errno: errno)
      }
    }
  }

  func write(_ bytes: RawSpan, at offset: Int) throws(DiskTrouble) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(DiskTrouble) in try write(buffer, at: offset) }
    }
    try result.get()
  }

  func resize(to fileBytes: Int) throws(DiskTrouble) {
    try orTrouble(ftruncate(number, fileBytes))
  }

  /// The bytes and what is needed to find them again.
  func syncData() throws(DiskTrouble) { try orTrouble(fdatasync(number)) }

  func sync() throws(DiskTrouble) { try orTrouble(fsync(number)) }

  func punch(_ bytes: Range<Int>) throws(DiskTrouble) {
    try orTrouble(p2pfs_punch_hole(number, bytes.lowerBound, bytes.count))
  }

  /// Takes the room now; bytes that were not written yet are zeros.
  func allocate(_ bytes: Range<Int>, keepingSize: Bool) throws(DiskTrouble) {
    try orTrouble(p2pfs_allocate(number, keepingSize ? 1 : 0, bytes.lowerBound, bytes.count))
  }

  /// So that a later sync finds little left to write.
  func beginWriteback(of bytes: Range<Int>) {
    _ = p2pfs_begin_writeback(number, bytes.lowerBound, bytes.count)
  }
}

extension Descriptor {
  func status() throws(DiskTrouble) -> stat {
    var status = stat()
    try orTrouble(fstat(number, &status))
    return status
  }

  func stamp() throws(DiskTrouble) -> FileStamp { FileStamp(try status()) }

  /// What the file takes on the disk, holes not counted.
  func allocatedBytes() throws(DiskTrouble) -> Int { Int(try status().st_blocks) * 512 }

  /// The next run of bytes from `offset` on that is no hole.
  func nextData(from offset: Int) -> Range<Int>? {
    let start = lseek(number, offset, p2pfs_seek_data)
    guard start >= offset else { return nil }
    let end = lseek(number, start, p2pfs_seek_hole)
    return end > start ? start..<end : nil
  }

  /// Shares the blocks where the file system can, and copies inside the kernel where it cannot.
  func copy(_ bytes: Range<Int>, to other: Descriptor, at offset: Int) throws(DiskTrouble) {
    var from = bytes.lowerBound
    var to = offset
    while from < bytes.upperBound {
      let count = copy_file_range(number, &from, other.number, &to, bytes.upperBound - from, 0)
      if count == 0 { throw .changed }
      if count < 0, errno == EXDEV || errno == EINVAL || errno == EOPNOTSUPP || errno == ENOSYS {
        return try copyByHand(from..<bytes.upperBound, to: other, at: to)
      }
      if count < 0, errno != EINTR { throw DiskTrouble(errno: errno) }
    }
  }

  private func copyByHand(_ bytes: Range<Int>, to other: Descriptor, at offset: Int) throws(DiskTrouble) {
    let buffer = Scratch()
    var from = bytes.lowerBound
    while from < bytes.upperBound {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes.prefix(bytes.upperBound - from))
      guard try read(into: part, at: from) == part.count else { throw .changed }
      try other.write(UnsafeRawBufferPointer(part), at: offset + from - bytes.lowerBound)
      from += part.count
    }
  }
}

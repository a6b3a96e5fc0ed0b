// Room for one piece's bytes, for as long as somebody looks at what lies on the disk. Buffers are used again: a
// fresh half megabyte costs more in page faults than the reading into it.

internal import Glibc
internal import GroupModel
internal import Synchronization

final class Scratch {
  static let byteCount = ContentLayout.pieceBytes
  private static let keptMax = 8
  private static let kept = Mutex<[UInt]>([])

  let bytes: UnsafeMutableRawBufferPointer

  init() {
    let old = Self.kept.withLock { $0.popLast() }.flatMap { UnsafeMutableRawPointer(bitPattern: $0) }
    let start = old ?? .allocate(byteCount: Self.byteCount, alignment: 4096)
    bytes = UnsafeMutableRawBufferPointer(start: start, count: Self.byteCount)
  }

  deinit {
    let address = UInt(bitPattern: bytes.baseAddress)
    let isKept = Self.kept.withLock { kept in
      guard kept.count < Self.keptMax else { return false }
      kept.append(address)
      return true
    }
    if !isKept { bytes.deallocate() }
  }
}

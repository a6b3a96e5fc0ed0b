// What the kernel offers in its first message, INIT, and what of it we want although libfuse 3.14 does not know it:
// those bits are set in its answer on the way out.

import CFuse

struct FuseOffer: Hashable, Sendable {
  /// Both of its words of flags.
  var flags: UInt64 = 0

  private static let extended: UInt64 = 1 << 30
  /// We have no setuid bits, so there is nothing to kill; and the kernel then does not ask for `security.capability`
  /// at each write.
  private static let killsPrivileges: UInt64 = 1 << 28
  private static let passthrough: UInt64 = 1 << 37

  /// Places of `fuse_init_in`, behind the header.
  private static let headerBytes = MemoryLayout<fuse_in_header>.size

  init() {}

  /// nil for any other message.
  init?(_ message: UnsafeRawBufferPointer) {
    let opcode = MemoryLayout<fuse_in_header>.offset(of: \.opcode)!
    guard message.count >= Self.headerBytes + 16,
      message.load(fromByteOffset: opcode, as: UInt32.self) == FUSE_INIT.rawValue
    else { return nil }
    flags = UInt64(message.load(fromByteOffset: Self.headerBytes + 12, as: UInt32.self))
    if flags & Self.extended != 0, message.count >= Self.headerBytes + 20 {
      flags |= UInt64(message.load(fromByteOffset: Self.headerBytes + 16, as: UInt32.self)) << 32
    }
  }

  var hasPassthrough: Bool { flags & Self.extended != 0 && flags & Self.passthrough != 0 }

  /// Into a `fuse_init_out`, whose words are: major, minor, readahead, flags, background, write, granularity, pages,
  /// flags2, stack depth.
  func accept(in answer: UnsafeMutableRawBufferPointer, passthrough: Bool) {
    guard answer.count >= 40 else { return }
    var wanted = flags & Self.killsPrivileges
    if passthrough, hasPassthrough {
      wanted |= Self.extended | Self.passthrough
      answer.storeBytes(of: 1, toByteOffset: 36, as: UInt32.self)
    }
    add(UInt32(truncatingIfNeeded: wanted), to: 12, in: answer)
    add(UInt32(truncatingIfNeeded: wanted >> 32), to: 32, in: answer)
  }

  private func add(_ bits: UInt32, to place: Int, in answer: UnsafeMutableRawBufferPointer) {
    let before = answer.load(fromByteOffset: place, as: UInt32.self)
    answer.storeBytes(of: before | bits, toByteOffset: place, as: UInt32.self)
  }
}

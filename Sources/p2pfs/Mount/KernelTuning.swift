// How much the kernel asks for at once, as libfuse's options have it: agreed with it in its first message.

import CFuse

struct KernelTuning: Hashable, Sendable {
  /// What we have buffers for; less than a page the kernel does not take.
  private static let bytesRange = 4096...ReadBuffer.byteCount
  private static let readaheadBytesMax = 64 << 20

  private(set) var readBytesMax = ReadBuffer.byteCount
  private(set) var writeBytesMax = ReadBuffer.byteCount
  /// nil for as much as is good here.
  private(set) var readaheadBytes: Int?
  /// Reads ahead of the reader; each is answered late where its bytes have to come from others.
  private(set) var backgroundMax = 128
  private(set) var congestionThreshold: Int?
  /// One read of a file after the other.
  private(set) var readsInTurn = false

  /// False for an option that is none of these.
  mutating func take(_ name: String, _ value: String?) throws(Failure) -> Bool {
    switch (name, value) {
    case ("sync_read", nil): readsInTurn = true
    case ("async_read", nil): readsInTurn = false
    case ("max_read", let value?): readBytesMax = try Self.bytes(name, value)
    case ("max_write", let value?): writeBytesMax = try Self.bytes(name, value)
    case ("max_readahead", let value?):
      readaheadBytes = min(try Self.number(name, value, least: 0), Self.readaheadBytesMax)
    case ("max_background", let value?):
      backgroundMax = min(try Self.number(name, value, least: 1), Int(UInt16.max))
    case ("congestion_threshold", let value?):
      congestionThreshold = min(try Self.number(name, value, least: 1), Int(UInt16.max))
    default: return false
    }
    return true
  }

  private static func bytes(_ name: String, _ value: String) throws(Failure) -> Int {
    let count = try number(name, value, least: 1)
    return min(max(count, bytesRange.lowerBound), bytesRange.upperBound)
  }

  private static func number(_ name: String, _ value: String, least: Int) throws(Failure) -> Int {
    guard let number = UInt32(value), number >= least else {
      throw .usage("\(Quoted.text("\(name)=\(value)")) has no such number: it wants one from \(least) up")
    }
    return Int(number)
  }

  /// The kernel reads 128 KiB ahead, however much may be asked for at once; root may let it read more.
  var readaheadKiB: Int { (readaheadBytes ?? 1 << 20) / 1024 }

  func apply(to connection: inout fuse_conn_info) {
    if readsInTurn { connection.want &= ~UInt32(FUSE_CAP_ASYNC_READ) }
    connection.max_read = UInt32(readBytesMax)
    connection.max_write = UInt32(writeBytesMax)
    if let readaheadBytes { connection.max_readahead = min(connection.max_readahead, UInt32(readaheadBytes)) }
    connection.max_background = UInt32(backgroundMax)
    connection.congestion_threshold = UInt32(min(congestionThreshold ?? backgroundMax * 3 / 4, backgroundMax))
  }
}

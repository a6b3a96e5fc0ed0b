// What a line has still to send: short messages run together, and long ones in the buffers that they lie in, from
// which TLS takes them. It holds memory only while it holds bytes.

internal import GroupModel

struct Outbox {
  private enum Chunk {
    case short([UInt8])
    case bulk(BulkBuffer)

    var count: Int {
      switch self {
      case .short(let bytes): bytes.count
      case .bulk(let buffer): buffer.count
      }
    }
  }

  /// Short messages are gathered in chunks of about this size, so that what was sent can be let go.
  private static let shortBytes = 64 << 10

  private var chunks: [Chunk] = []
  /// How many of the chunks are sent, and how much of the one after them.
  private var sentChunks = 0
  private var sent = 0
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ header: FrameHeader, _ body: [UInt8], bulk: BulkBuffer? = nil) {
    append { bytes in
      header.append(to: &bytes)
      bytes.append(contentsOf: body)
    }
    guard let bulk, bulk.count > 0 else { return }
    chunks.append(.bulk(bulk))
    count += bulk.count
  }

  private mutating func append(_ write: (inout [UInt8]) -> Void) {
    if case .short(var bytes) = chunks.last, bytes.count < Self.shortBytes {
      // Taken out first, or it would be copied to be changed.
      chunks.removeLast()
      count -= bytes.count
      write(&bytes)
      chunks.append(.short(bytes))
      count += bytes.count
    } else {
      var bytes: [UInt8] = []
      write(&bytes)
      chunks.append(.short(bytes))
      count += bytes.count
    }
  }

  /// What is to be sent next, as far as it lies together.
  func withUnsent<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    switch chunks[sentChunks] {
    case .short(let bytes):
      bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
    case .bulk(let buffer): body(UnsafeRawBufferPointer(rebasing: buffer.bytes[sent...]))
    }
  }

  mutating func drop(_ dropped: Int) {
    count -= dropped
    sent += dropped
    guard sent == chunks[sentChunks].count else { return }
    sent = 0
    chunks[sentChunks] = .short([])
    sentChunks += 1
    guard sentChunks == chunks.count || sentChunks >= 64 else { return }
    chunks.removeFirst(sentChunks)
    sentChunks = 0
  }
}

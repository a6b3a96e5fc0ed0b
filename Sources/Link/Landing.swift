// A long answer on its way in: its bytes go from TLS straight to the buffer in which their owner will have them.

internal import GroupModel

/// Whoever waits for an answer, and in which form it wants it.
enum Awaiting {
  case short(Connection.Answered)
  case bulk(BulkAnswer)

  func fail(because end: LineEnd) {
    switch self {
    case .short(let answered): answered(.failure(end))
    case .bulk(let bulk): bulk.landed(.failure(end))
    }
  }
}

struct BulkAnswer {
  let pool: BulkPool
  let bytesMax: Int
  let landed: Connection.Landed
}

struct Landing {
  private let kind: UInt8
  private let buffer: BulkBuffer
  private let landed: Connection.Landed
  private var received = 0

  /// nil for one that is longer than was asked for.
  init?(_ header: FrameHeader, for awaiting: BulkAnswer) {
    guard header.bodyBytes <= awaiting.bytesMax else { return nil }
    kind = header.kind
    buffer = awaiting.pool.take(header.bodyBytes)
    landed = awaiting.landed
  }

  var isWhole: Bool { received == buffer.count }

  /// Where what comes next is to lie.
  var rest: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: buffer.room[received..<buffer.count])
  }

  mutating func received(_ count: Int) { received += count }

  /// What came together with the header; says how much of it is ours.
  mutating func take(_ bytes: RawSpan) -> Int {
    let mine = min(bytes.byteCount, buffer.count - received)
    bytes.extracting(..<mine).withUnsafeBytes { rest.copyMemory(from: $0) }
    received(mine)
    return mine
  }

  func finish() { landed(.success((kind, buffer))) }

  func fail(because end: LineEnd) { landed(.failure(end)) }
}

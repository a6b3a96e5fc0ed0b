// The bytes of a line that are still to be sent. It holds memory only while it holds bytes.

internal import GroupModel

struct Outbox {
  private var bytes: [UInt8] = []
  private var sent = 0

  var count: Int { bytes.count - sent }

  var isEmpty: Bool { count == 0 }

  mutating func append(_ header: FrameHeader, _ body: [UInt8]) {
    header.append(to: &bytes)
    bytes.append(contentsOf: body)
  }

  func withUnsent<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[sent...])) }
  }

  /// What was sent is cut off when it is most of all there is, so that each byte is moved once at most.
  mutating func drop(_ count: Int) {
    sent += count
    if sent == bytes.count {
      bytes = []
      sent = 0
    } else if sent > 64 << 10, sent > bytes.count / 2 {
      bytes.removeFirst(sent)
      sent = 0
    }
  }
}

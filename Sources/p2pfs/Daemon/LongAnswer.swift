// Answers that do not fit into one reply: in pieces, and what they are at the end.

extension DaemonReply {
  static func replies(with answer: Answer) -> [DaemonReply] {
    switch answer {
    case .status(let status): parts(of: status.json.text) + [.whole(.status)]
    case .line(let text) where text.utf8.count > textBytesMax: parts(of: text) + [.whole(.line)]
    default: [.answer(answer)]
    }
  }

  private static func parts(of text: String) -> [DaemonReply] {
    let bytes = Array(text.utf8)
    return stride(from: 0, to: bytes.count, by: textBytesMax).map {
      .part(Array(bytes[$0..<min(bytes.count, $0 + textBytesMax)]))
    }
  }
}

/// The pieces of a long answer, gathered.
struct LongAnswer {
  private static let bytesMax = 256 << 20

  private var bytes: [UInt8] = []

  mutating func add(_ part: [UInt8]) throws(Failure) {
    guard bytes.count + part.count <= Self.bytesMax else { throw .strangeAnswer }
    bytes += part
  }

  mutating func end(as whole: DaemonReply.Whole) throws(Failure) -> Answer {
    defer { bytes = [] }
    switch whole {
    case .line: return .line(String(decoding: bytes, as: UTF8.self))
    case .status:
      guard let json = try? JSON(parsing: bytes), let status = Status(reading: json) else {
        throw .strangeAnswer
      }
      return .status(status)
    }
  }
}

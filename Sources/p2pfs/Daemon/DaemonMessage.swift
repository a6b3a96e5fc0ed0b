// What a shell and its daemon say to each other over the state directory's socket.

import GroupModel

/// The shell's one request.
enum DaemonRequest: Hashable, Sendable {
  /// Words and flags as they were typed, where relative paths begin, and the trackers that were named with them.
  case run([String], flags: [String], directory: String, trackers: [String])
  /// The saved login has changed.
  case reload
  /// How it goes, for one who looks each second.
  case report

  private static let wordsMax = 1 << 16

  var bytes: [UInt8] {
    var writer = WireWriter()
    switch self {
    case .run(let words, let flags, let directory, let trackers):
      writer.u8(0)
      writer.list(words) { $0.blob($1.utf8) }
      writer.list(flags) { $0.blob($1.utf8) }
      writer.blob(directory.utf8)
      writer.list(trackers) { $0.blob($1.utf8) }
    case .reload: writer.u8(1)
    case .report: writer.u8(2)
    }
    return writer.bytes
  }

  init(reading bytes: [UInt8]) throws(Malformed) {
    var reader = WireReader(bytes.span.bytes)
    switch try reader.u8() {
    case 0:
      let words = try reader.list(max: Self.wordsMax, bytesEach: 2) { reader throws(Malformed) in
        try reader.daemonText()
      }
      let flags = try reader.list(max: Self.wordsMax, bytesEach: 2) { reader throws(Malformed) in
        try reader.daemonText()
      }
      let directory = try reader.daemonText()
      let trackers = try reader.list(max: Self.wordsMax, bytesEach: 2) { reader throws(Malformed) in
        try reader.daemonText()
      }
      self = .run(words, flags: flags, directory: directory, trackers: trackers)
    case 1: self = .reload
    case 2: self = .report
    default: throw Malformed("an unknown request to a daemon")
    }
    try reader.end()
  }
}

/// The daemon's answers, piece by piece; `ended` is the last.
enum DaemonReply: Hashable, Sendable {
  case answer(Answer)
  /// A piece of what may be too long for one frame, and the end of the pieces.
  case part([UInt8])
  case whole(Whole)
  case progress(Progress)
  /// An exit code, and for a failure the sentence.
  case ended(Int32, String)

  var bytes: [UInt8] {
    var writer = WireWriter()
    switch self {
    case .answer(.line(let text)):
      writer.u8(0)
      writer.daemonText(text)
    case .answer(.status): preconditionFailure("a status goes in parts")
    case .part(let bytes):
      writer.u8(5)
      writer.blob(bytes)
    case .whole(let whole):
      writer.u8(6)
      writer.u8(whole.rawValue)
    case .answer(.table(let columns)):
      writer.u8(1)
      writer.list(columns) {
        $0.daemonText($1.title)
        $0.flag($1.isNumber)
      }
    case .answer(.row(let fields)):
      writer.u8(2)
      writer.list(fields) { $0.daemonText($1) }
    case .progress(let progress):
      writer.u8(3)
      writer.daemonText(progress.label)
      writer.u64(progress.doneBytes)
      writer.u64(progress.totalBytes)
      writer.u64(progress.bytesPerSecond)
      writer.flag(progress.isOver)
    case .ended(let code, let sentence):
      writer.u8(4)
      writer.u32(UInt32(bitPattern: code))
      writer.daemonText(sentence)
    }
    return writer.bytes
  }

  init(reading bytes: [UInt8]) throws(Malformed) {
    var reader = WireReader(bytes.span.bytes)
    switch try reader.u8() {
    case 0: self = .answer(.line(try reader.daemonText()))
    case 1:
      self = .answer(
        .table(
          try reader.list(max: 64, bytesEach: 3) { reader throws(Malformed) in
            Answer.Column(try reader.daemonText(), isNumber: try reader.flag())
          }))
    case 2:
      self = .answer(
        .row(try reader.list(max: 64, bytesEach: 2) { reader throws(Malformed) in try reader.daemonText() }))
    case 3:
      self = .progress(
        Progress(
          label: try reader.daemonText(), doneBytes: try reader.u64(), totalBytes: try reader.u64(),
          bytesPerSecond: try reader.u64(), isOver: try reader.flag()))
    case 4: self = .ended(Int32(bitPattern: try reader.u32()), try reader.daemonText())
    case 5: self = .part(try reader.blob(max: Int(UInt16.max)))
    case 6:
      guard let whole = Whole(rawValue: try reader.u8()) else { throw Malformed("an unknown whole") }
      self = .whole(whole)
    default: throw Malformed("an unknown reply of a daemon")
    }
    try reader.end()
  }
}

extension DaemonReply {
  /// What the pieces of a long one are, put together.
  enum Whole: UInt8, Hashable, Sendable {
    case line = 0
    /// As JSON: what daemons and shells of different versions have in common.
    case status = 1
  }

  static let textBytesMax = 65_000

  /// Nothing new, and at work: a shell does not wait for a daemon that hangs. A piece without bytes adds nothing, and
  /// shells of any version know it.
  static let alive = DaemonReply.part([])
}

extension WireWriter {
  /// Cut where it would not fit; a line that long goes in parts.
  fileprivate mutating func daemonText(_ text: String) {
    blob(Array(text.utf8.prefix(DaemonReply.textBytesMax)))
  }
}

extension WireReader {
  fileprivate mutating func daemonText() throws(Malformed) -> String {
    String(decoding: try blob(max: Int(UInt16.max)), as: UTF8.self)
  }
}

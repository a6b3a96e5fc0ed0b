// One opened control file: what it said when it was opened, and the lines that are written to it.

internal import Swarm
internal import Synchronization

package final class OpenControl: Sendable {
  /// A path of 4,096 bytes, each of them written as `\ooo`, and the words before it.
  package static let lineBytesMax = 4 * 4096 + 256

  /// As it was when it was opened; nil for one that is only written.
  package let text: ControlText?
  private let file: any ControlFile
  /// What may be a part of a line.
  private let rest = Mutex<[UInt8]>([])
  private let turn = Turn()

  init(_ file: any ControlFile, text: ControlText?) {
    self.file = file
    self.text = text
  }

  /// A write is one or more whole lines, with or without the last newline. Only what looks like a part of more (a byte
  /// at a time, or as much as a buffer holds) waits for its end, at `flush` at the latest. Where it is written to does
  /// not matter, nor how much it is: each line is carried out as it comes.
  package func write(_ bytes: [UInt8], for caller: Caller) throws(TreeError) {
    try turn.take { () throws(TreeError) in
      // Gone from there before a line can fail: what comes after that one is not carried out, and `close` has nothing
      // to say again.
      var line = takeRest()
      var left = bytes[...]
      while let end = left.firstIndex(of: UInt8(ascii: "\n")) {
        line += left[..<end]
        left = left[(end + 1)...]
        try take(line, for: caller)
        line = []
      }
      line += left
      guard Self.isPart(bytes), line.count <= Self.lineBytesMax else { return try take(line, for: caller) }
      rest.withLock { [line] in $0 = line }
    }
  }

  package func flush(for caller: Caller) throws(TreeError) {
    try turn.take { () throws(TreeError) in try take(takeRest(), for: caller) }
  }

  private static func isPart(_ bytes: [UInt8]) -> Bool { bytes.count == 1 || bytes.count % 512 == 0 }

  private func takeRest() -> [UInt8] {
    rest.withLock { rest in
      defer { rest = [] }
      return rest
    }
  }

  private func take(_ line: [UInt8], for caller: Caller) throws(TreeError) {
    guard !line.isEmpty else { return }
    guard !caller.isInterrupted else { throw .interrupted }
    try file.take(line, for: caller)
  }
}

extension Tree {
  /// A length can be given to what takes lines, as `>` does, and makes no difference; not to what can only be read.
  package func mustBeCuttable(_ number: NodeNumber) throws(TreeError) {
    if case .control(let file) = try node(number).kind { try mustTakeLines(file) }
  }

  private func mustTakeLines(_ file: any ControlFile) throws(TreeError) {
    guard file.isWritable else { throw .denied("it can only be read") }
  }

  package func openControl(
    _ number: NodeNumber, _ access: Access, for caller: Caller
  ) throws(TreeError) -> OpenControl {
    guard case .control(let file) = try node(number).kind else { throw .invalid("it is no control file") }
    if access.writes || access.truncates { try mustTakeLines(file) }
    return OpenControl(file, text: access.reads ? try file.snapshot(for: caller) : nil)
  }
}

// One opened control file: what it said when it was opened, and the lines that are written to it.

internal import Swarm
internal import Synchronization

package final class OpenControl: Sendable {
  private static let lineBytesMax = 4096 + 256
  private static let bytesMax = 1 << 16

  /// As it was when it was opened.
  package let text: [UInt8]
  private let file: any ControlFile
  private let written = Mutex(Written())
  private let turn = Turn()

  private struct Written {
    var rest: [UInt8] = []
    var count = 0
  }

  init(_ file: any ControlFile, text: [UInt8]) {
    self.file = file
    self.text = text
  }

  /// A write is one or more whole lines, with or without the last newline. Only what looks like a part of more (a byte
  /// at a time, or as much as a buffer holds) waits for its end, at `flush` at the latest. Where it is written to does
  /// not matter.
  package func write(_ bytes: [UInt8], for caller: Caller) throws(TreeError) {
    try turn.take { () throws(TreeError) in
      let tooMuch = written.withLock { written in
        written.count += bytes.count
        written.rest += bytes
        return written.count > Self.bytesMax
      }
      if tooMuch { throw .invalid("that is more than a control file takes") }
      while let line = nextLine() { try take(line, for: caller) }
      if written.withLock({ $0.rest.count > Self.lineBytesMax }) { throw .invalid("a line is too long") }
      if !Self.isPart(bytes) { try takeRest(for: caller) }
    }
  }

  package func flush(for caller: Caller) throws(TreeError) {
    try turn.take { () throws(TreeError) in try takeRest(for: caller) }
  }

  private static func isPart(_ bytes: [UInt8]) -> Bool { bytes.count == 1 || bytes.count % 512 == 0 }

  private func takeRest(for caller: Caller) throws(TreeError) {
    let rest = written.withLock { written in
      defer { written.rest = [] }
      return written.rest
    }
    if !rest.isEmpty { try take(rest, for: caller) }
  }

  private func nextLine() -> [UInt8]? {
    written.withLock { written in
      guard let end = written.rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
      defer { written.rest.removeFirst(end + 1) }
      return Array(written.rest[..<end])
    }
  }

  private func take(_ line: [UInt8], for caller: Caller) throws(TreeError) {
    guard !line.isEmpty else { return }
    do throws(TreeError) {
      try file.take(line, for: caller)
    } catch {
      // What came after it is not carried out.
      written.withLock { $0.rest = [] }
      throw error
    }
  }
}

extension Tree {
  package func openControl(
    _ number: NodeNumber, _ access: Access, for caller: Caller
  ) throws(TreeError) -> OpenControl {
    guard case .control(let file) = try node(number).kind else { throw .invalid("it is no control file") }
    if access.writes || access.truncates {
      guard file.isWritable else { throw .denied("it can only be read") }
    }
    return OpenControl(file, text: access.reads ? try file.snapshot(for: caller) : [])
  }
}

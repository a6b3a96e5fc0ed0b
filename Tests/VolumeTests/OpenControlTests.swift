// What is written to a control file, cut into lines (SPEC 4).

import Synchronization
import Testing

@testable import Volume

/// Keeps what it is given, and refuses the line `bad`.
private final class Taker: ControlFile {
  private let taken = Mutex<[String]>([])
  let isWritable = true
  let permissions: UInt16 = 0o644

  var lines: [String] { taken.withLock { $0 } }

  func snapshot(for caller: Caller) -> ControlText { textAtOnce() }

  func textAtOnce() -> ControlText { ControlText(bytes: [], modified: 0) }

  func take(_ line: [UInt8], for caller: Caller) throws(TreeError) {
    let text = String(decoding: line, as: UTF8.self)
    if text == "stop" { caller.interrupt() }
    taken.withLock { $0.append(text) }
    guard text != "bad", line.count <= OpenControl.lineBytesMax else { throw .invalid("") }
  }
}

@Suite struct OpenControlTests {
  private let file = Taker()

  private func opened() -> OpenControl { OpenControl(file, text: nil) }

  private func write(_ text: String, to control: OpenControl) throws(TreeError) {
    try control.write(Array(text.utf8), for: Caller())
  }

  @Test func `a write may be as long as it likes, where its lines are not`() throws {
    let control = opened()
    try write(String(repeating: "team\n", count: 200_000), to: control)
    try control.flush(for: Caller())
    #expect(file.lines.count == 200_000 && file.lines.allSatisfy { $0 == "team" })
  }

  @Test func `a long write that a buffer has cut is one text`() throws {
    let control = opened()
    let text = Array(String(repeating: "seven77\n", count: 10_000).dropLast().utf8)
    for start in stride(from: 0, to: text.count, by: 4096) {
      try control.write(Array(text[start..<min(start + 4096, text.count)]), for: Caller())
    }
    #expect(file.lines.count == 10_000 && file.lines.allSatisfy { $0 == "seven77" })
  }

  @Test func `empty lines are nothing`() throws {
    let control = opened()
    try write(String(repeating: "\n", count: 1 << 20), to: control)
    try control.flush(for: Caller())
    #expect(file.lines == [])
  }

  @Test func `the first line that fails is told once, and nothing after it is carried out`() throws {
    let control = opened()
    #expect(throws: TreeError.invalid("")) { try write("one\nbad\ntwo\nrest", to: control) }
    try control.flush(for: Caller())
    #expect(file.lines == ["one", "bad"])
    try write("three", to: control)
    #expect(file.lines == ["one", "bad", "three"])
  }

  @Test func `a line without end is refused as soon as it is too long, and what stands before it stands`()
    throws
  {
    let control = opened()
    try write("one\n" + String(repeating: "x", count: 8188), to: control)
    #expect(file.lines == ["one"])
    #expect(throws: TreeError.invalid("")) {
      for _ in 0..<1000 { try write(String(repeating: "x", count: 4096), to: control) }
    }
    #expect(file.lines.count == 2 && file.lines[1].utf8.count < OpenControl.lineBytesMax + 4096)
    try control.flush(for: Caller())
    #expect(file.lines.count == 2)
  }

  @Test func `who is interrupted has no further line carried out`() throws {
    let control = opened()
    #expect(throws: TreeError.interrupted) { try write("one\nstop\ntwo\n", to: control) }
    #expect(file.lines == ["one", "stop"])
  }
}

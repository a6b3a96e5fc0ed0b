// How answers look in a pipe and on a terminal, and that a lost answer is noticed.

import Glibc
import Testing

@testable import p2pfs

private let list: [Answer] = [
  .table([Answer.Column("BYTES", isNumber: true), Answer.Column("OWNER"), Answer.Column("PATH")]),
  .row(["7", "alice", "a b"]), .row(["123456", "bob", "日本"]), .line("done"),
]

/// What comes out of the door for `answers`.
private func output(_ answers: [Answer], forPeople: Bool) throws -> String {
  let scratch = Scratch()
  let file = open(scratch.path("out"), O_RDWR | O_CREAT, 0o600)
  defer { close(file) }
  let door = ShellDoor(output: file, forPeople: forPeople)
  for answer in answers { try door.show(answer) }
  try door.finish()
  return String(decoding: try SmallFile.bytes(at: scratch.path("out"), max: 1 << 24), as: UTF8.self)
}

@Test func `into a pipe there is no header and one space between fields`() throws {
  #expect(try output(list, forPeople: false) == "7 alice a b\n123456 bob 日本\ndone\n")
}

@Test func `on a terminal a list is aligned and has a header`() throws {
  #expect(
    try output(list, forPeople: true) == """
       BYTES  OWNER  PATH
           7  alice  a b
      123456  bob    日本
      done

      """)
}

@Test func `an empty list is a header for people and nothing for programs`() throws {
  #expect(try output([list[0]], forPeople: true) == "BYTES  OWNER  PATH\n")
  #expect(try output([list[0]], forPeople: false) == "")
}

@Test func `wide names move what stands behind them`() throws {
  let answers: [Answer] = [
    .table([Answer.Column("NAME"), Answer.Column("X")]), .row(["日本", "1"]), .row(["e\u{301}", "2"]),
    .row(["👩‍👩‍👧", "3"]),
  ]
  #expect(try output(answers, forPeople: true) == "NAME  X\n日本  1\ne\u{301}     2\n👩‍👩‍👧    3\n")
}

@Test(arguments: [true, false]) func `a long list comes out whole and in order`(forPeople: Bool) throws {
  let rows = (0..<100_000).map { Answer.row([String($0), "x"]) }
  let table = Answer.table([Answer.Column("N", isNumber: true), Answer.Column("X")])
  let lines = try output([table] + rows, forPeople: forPeople).split(separator: "\n")
  #expect(lines.count == 100_000 + (forPeople ? 1 : 0))
  #expect(lines.last == "99999\(forPeople ? "  " : " ")x")
}

@Test func `a full disk is noticed`() throws {
  let full = open("/dev/full", O_WRONLY)
  defer { close(full) }
  let door = ShellDoor(output: full, forPeople: false)
  try door.show(list[0])
  try door.show(list[1])
  let failure = #expect(throws: Failure.self) { try door.finish() }
  #expect(failure == .disk(ENOSPC, "writing the answer"))
  #expect(failure?.exitCode == 74)
}

@Test func `a reader who has gone ends the answer`() throws {
  signal(SIGPIPE, SIG_IGN)
  var ends: [Int32] = [0, 0]
  pipe(&ends)
  close(ends[0])
  defer { close(ends[1]) }
  let door = ShellDoor(output: ends[1], forPeople: false)
  #expect(throws: Failure.readerGone) { try door.show(.line("hello")) }
}

@Test func `JSON is escaped`() {
  let json = JSON.object([
    ("a", .string("\"\\\n\u{1B}\u{9B}é")), ("b", .array([.null, .bool(true), .number(-1)])),
  ])
  #expect(json.text == #"{"a":"\"\\\u000a\u001b\u009bé","b":[null,true,-1]}"#)
}

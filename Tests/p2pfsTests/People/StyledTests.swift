// Lines and tables by what is seen of them, whatever colours they have and however narrow the terminal is.

import Testing

@testable import p2pfs

@Suite struct StyledTests {
  private let line = StyledLine("ab ", .bold) + StyledLine("写真", .bad) + StyledLine(" z")

  @Test func `colours are painted where they are wanted, and take no room`() {
    #expect(line.width == 9)
    #expect(line.painted(.plain) == "ab 写真 z")
    #expect(line.painted(StatusSample.colour) == "\u{1B}[1mab \u{1B}[0m\u{1B}[1;31m写真\u{1B}[0m z")
  }

  @Test func `a line is cut at either end, between cells and never within`() {
    #expect(
      (0...9).map { line.cut(to: $0).text } == [
        "", "…", "a…", "ab…", "ab …", "ab …", "ab 写…", "ab 写…", "ab 写真…", "ab 写真 z",
      ])
    #expect(line.cut(to: 5, keepingEnd: true).text == "…真 z")
    for width in 0...9 { #expect(line.cut(to: width, keepingEnd: true).width <= width) }
  }

  @Test func `no text speaks to the terminal`() {
    #expect(StyledLine("a\u{1B}[31m\nb\u{9B}c\u{7F}\\n").text == "a\\033[31m\\nb\\302\\233c\\177\\n")
  }

  @Test func `words are wrapped`() {
    #expect(StyledLine.wrapped("one two three", .plain, width: 8).map(\.text) == ["one two", "three"])
    #expect(StyledLine.wrapped("toolongforit x", .plain, width: 4).map(\.text) == ["toolongforit", "x"])
    #expect(StyledLine.wrapped("", .plain, width: 4).map(\.text) == [""])
  }

  private var table: StyledTable {
    var table = StyledTable([
      .init(title: "NAME", importance: 9, minimum: 4, keepsEnd: true),
      .init(title: "N", isNumber: true, importance: 8),
      .init(title: "LESS", importance: 1),
    ])
    table.rows = [
      [StyledLine("a/long/path.bin"), StyledLine("7"), StyledLine("x")],
      [StyledLine("b"), StyledLine("1234"), StyledLine("yyyyyy")],
    ]
    return table
  }

  @Test func `a table is aligned, cuts what can be cut, and then leaves out what matters least`() {
    func text(_ width: Int) -> [String] { table.lines(width: width).map(\.text) }
    #expect(
      text(80) == [
        "NAME                N  LESS", "a/long/path.bin     7  x", "b                1234  yyyyyy",
      ])
    #expect(text(20) == ["NAME       N  LESS", "…h.bin     7  x", "b       1234  yyyyyy"])
    #expect(text(16) == ["NAME           N", "…/path.bin     7", "b           1234"])
    #expect(text(8) == ["NAME", "…ath.bin", "b"])
    for width in 0...40 { #expect(table.lines(width: width).allSatisfy { $0.width <= width }) }
  }

  @Test func `bars and curves are as wide as they should be`() {
    for look in [Look.plain, StatusSample.blocks] {
      for part in [0, 0.01, 0.5, 0.999, 1, 7, -1, .nan] {
        #expect(Bar.line(part, cells: 12, .plain, look).width == 12)
      }
      #expect(Sparkline.line([1, 2, 3], cells: 10, .plain, look).width == 10)
      #expect(Sparkline.line(Array(0..<100), cells: 10, .plain, look).width == 10)
    }
    #expect(Bar.line(0.5, cells: 12, .plain, .plain).text == "[#####-----]")
    #expect(Bar.line(0.3, cells: 4, .plain, StatusSample.blocks).text == "█▏░░")
    #expect(Sparkline.line([0, 1, 50, 100], cells: 4, .plain, StatusSample.blocks).text == "▁▂▄█")
    #expect(Sparkline.line([0, 0], cells: 3, .plain, .plain).text == " __")
  }

  @Test func `the environment says what a terminal shows`() {
    func look(_ variables: [String: String]) -> Look { Look(of: Environment { variables[$0] }) }
    #expect(look(["TERM": "xterm", "LANG": "de_DE.UTF-8"]) == StatusSample.colour)
    #expect(look(["TERM": "xterm", "LANG": "de_DE.UTF-8", "NO_COLOR": "1"]) == StatusSample.blocks)
    #expect(look(["TERM": "xterm", "LANG": "de_DE.UTF-8", "NO_COLOR": ""]) == StatusSample.colour)
    #expect(
      look(["TERM": "xterm", "LANG": "C.utf8", "LC_ALL": "C"]) == Look(paints: true, drawsBlocks: false))
    #expect(look(["TERM": "dumb", "LANG": "C.UTF-8"]) == .plain)
    #expect(look(["LANG": "C.UTF-8"]) == .plain)
    #expect(look(["TERM": "linux", "LANG": "C.UTF-8"]) == Look(paints: true, drawsBlocks: false))
  }
}

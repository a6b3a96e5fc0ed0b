// Pictures of `top`, without a terminal.

import Link
import Testing

@testable import p2pfs

@Suite struct TopTests {
  private let start = Instant(nanoseconds: 1_000_000_000_000)

  private func model(_ report: DaemonReport?) -> TopModel { TopModel(StatusSample.status(report), at: start) }

  private var busy: DaemonReport {
    StatusSample.report(
      transfers: (1...50).map {
        StatusSample.transfer("team/file-\($0)", UInt64($0), of: 50, rate: $0 * 1000)
      },
      peers: (1...30).map { StatusSample.peer("peer\($0)", sends: $0 << 10) })
  }

  private func text(_ model: TopModel, _ view: TopView = TopView(), _ columns: Int = 100, _ rows: Int = 30)
    -> [String]
  {
    TopFrame(model, view, columns: columns, rows: rows, StatusSample.blocks).lines.map(\.text)
  }

  @Test func `a picture fills the screen, whatever its size, and never more`() {
    for report in [busy, StatusSample.report(), nil, StatusSample.full.daemon] {
      for columns in [1, 2, 5, 20, 40, 80, 250] {
        for rows in [1, 2, 3, 4, 5, 6, 8, 10, 24, 100] {
          let lines = TopFrame(model(report), TopView(), columns: columns, rows: rows, StatusSample.colour)
            .lines
          #expect(lines.count == rows, "\(columns) by \(rows)")
          #expect(lines.allSatisfy { $0.width <= columns }, "\(columns) by \(rows)")
        }
      }
    }
  }

  @Test func `it says who, what is on its way, and who sends what`() {
    let lines = text(model(StatusSample.full.daemon))
    #expect(lines[0] == "alice  at 127.0.0.1:9002  listening 0.0.0.0:5757  mounted /mnt/a\"b\\033")
    #expect(
      lines[3].hasPrefix("cache  █████░") && lines[3].hasSuffix("5.0G of 20.0G  2 files wait to be published")
    )
    #expect(lines[5].hasPrefix("FILE  ") && lines[6].hasPrefix("team/a\\nb \"写真\".bin  ████"))
    #expect(lines.contains { $0.hasPrefix("bob     2.0M/s  1.0K/s") && $0.contains("↓ team/x  ↑ team/y") })
    #expect(lines.last?.hasPrefix("q quit   s sort: name   Tab peers") == true)
  }

  @Test func `rates are what came in between, and a minute of them makes a curve`() {
    var model = model(StatusSample.report(received: 0, sent: 0))
    for second in 1...100 {
      let report = StatusSample.report(received: second * second << 10, sent: second << 20)
      model.hear(StatusSample.status(report), at: start + second * 1000)
    }
    #expect(model.sent == Array(repeating: 1 << 20, count: 60))
    #expect(model.received.count == 60 && model.received.last == 199 << 10)
    let lines = text(model)
    #expect(lines[1].hasPrefix("down     199.0K/s  "))
    #expect(lines[1].hasSuffix("█  peak 199.0K/s, 9.8M received"))
    #expect(lines[2].contains("1.0M/s") && lines[2].contains("██████"))
    // A daemon that was started again counts from 0.
    model.hear(StatusSample.status(StatusSample.report(received: 5, sent: 5)), at: start + 101_000)
    #expect(model.received.last == 0)
  }

  @Test func `a daemon that is gone or silent is told, and nothing flows then`() {
    var model = model(busy)
    model.lose()
    #expect(
      text(model)[0]
        == "alice  the daemon has ended: waiting for another ('p2pfs mount DIR' or 'p2pfs serve')")
    #expect(text(model).contains("nothing is on its way here") && text(model).contains("nobody is connected"))
    model.hear(StatusSample.status(busy), at: start)
    model.daemon = .isSilent(5)
    #expect(text(model)[0] == "alice  the daemon has not answered for 5 s")
    model.hear(StatusSample.status(busy), at: start)
    #expect(text(model)[0].hasPrefix("alice  at "))
  }

  @Test func `both tables have their share, and say what of them is seen`() {
    let lines = text(model(busy))
    #expect(lines.contains { $0.hasPrefix("FILE 1 to 11 of 50  ") })
    #expect(lines.contains { $0.hasPrefix("PEER 1 to 10 of 30  ") })
    var report = busy
    report.connections = [StatusSample.peer("bob")]
    #expect(text(model(report)).contains { $0.hasPrefix("FILE 1 to 20 of 50  ") })
  }

  @Test func `keys scroll the chosen table, page by page and to its ends`() {
    var view = TopView()
    let model = model(busy)
    func press(_ keys: Key...) {
      for key in keys {
        let goesOn = view.press(key)
        #expect(goesOn)
        view = TopFrame(model, view, columns: 100, rows: 30, .plain).view
      }
    }
    press(.up)
    #expect(view.transferOffset == 0)
    press(.down, .down, .pageDown)
    #expect(view.transferOffset == 13)
    press(.end)
    #expect(view.transferOffset == 39 && text(model, view).contains { $0.hasPrefix("FILE 40 to 50 of 50  ") })
    press(.pageUp, .home, .other, .pageDown)
    #expect(view.transferOffset == 0 && view.peerOffset == 10)
    let goesOn = view.press(.quit)
    #expect(!goesOn)
  }

  @Test func `rows stand in the order that is asked for`() {
    var view = TopView()
    let report = StatusSample.report(
      transfers: [
        StatusSample.transfer("b", 1, of: 10, rate: 7), StatusSample.transfer("a", 2, of: 10, rate: 7),
        StatusSample.transfer("c", 9, of: 10, rate: 9),
      ], peers: [StatusSample.peer("zoe", sends: 9), StatusSample.peer("amy", sends: 3)])
    func order() -> [String] { view.ordered(report.transfers).map(\.label) }
    #expect(order() == ["a", "b", "c"])
    _ = view.press(.sort)
    #expect(view.order == "rate" && order() == ["c", "a", "b"])
    _ = view.press(.sort)
    #expect(view.order == "progress" && order() == ["c", "a", "b"])
    _ = view.press(.other)
    #expect(view.order == "rate" && view.ordered(report.connections).map(\.user) == ["zoe", "amy"])
    _ = view.press(.sort)
    #expect(view.ordered(report.connections).map(\.user) == ["amy", "zoe"])
  }

  @Test func `keys are read also where their bytes come one by one, and others are none`() {
    var reader = KeyReader()
    func keys(_ bytes: some Sequence<UInt8>) -> [Key] { reader.take(bytes) }
    let all: [Key] = [.quit, .sort, .other, .up, .down, .pageUp, .pageDown, .home, .end]
    #expect(keys("qs\t\u{1B}[A\u{1B}[B\u{1B}[5~\u{1B}[6~\u{1B}[H\u{1B}OF".utf8) == all)
    #expect("\u{1B}[6~".utf8.flatMap { keys([$0]) } == [.pageDown])
    #expect(keys("\u{1B}q".utf8) == [.quit])
    #expect(keys("\u{1B}[200~x\u{1B}[1;5Cy\u{1B}[99999999999s".utf8) == [.sort])
    #expect(keys([0xFF, 0, 0x0D]) == [])
  }

  @Test func `one look has all rows`() {
    let lines = TopFrame.whole(model(busy), columns: 10_000, .plain).map(\.text)
    #expect(lines.count { $0.hasPrefix("team/file-") } == 50 && lines.count { $0.hasPrefix("peer") } == 30)
    #expect(!lines.contains { $0.contains("q quit") || $0.contains("…") })
  }
}

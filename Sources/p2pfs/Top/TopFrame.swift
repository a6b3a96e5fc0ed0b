// One picture of `top`: from what is known and how it is to be seen, lines that fill a screen exactly.

import GroupModel
import Swarm

struct TopFrame: Sendable {
  let lines: [StyledLine]
  /// With its offsets where there are rows.
  let view: TopView

  init(_ model: TopModel, _ view: TopView, columns: Int, rows: Int, _ look: Look) {
    var view = view
    let head = Self.head(model, columns, look, linesMax: max(1, rows / 2))
    let foot = rows > 4 ? [Self.foot(view, look)] : []
    let body = Self.body(model, &view, columns, rows - head.count - foot.count, look)
    lines = (head + body + foot).prefix(rows).map { $0.cut(to: columns) }
    self.view = view
  }

  /// All rows, for a pipe or a single look: as long as it is.
  static func whole(_ model: TopModel, columns: Int, _ look: Look) -> [StyledLine] {
    var view = TopView()
    let count = (model.status.daemon.map { $0.transfers.count + $0.reads.count + $0.connections.count }) ?? 0
    return (head(model, columns, look, linesMax: .max) + body(model, &view, columns, count + 5, look))
      .reversed().drop { $0.width == 0 }.reversed().map { $0.cut(to: columns) }
  }
}

// The head: who, how fast, how full.
extension TopFrame {
  private static let keyCells = 7

  private static func head(
    _ model: TopModel, _ columns: Int, _ look: Look, linesMax: Int
  ) -> [StyledLine] {
    var lines = [title(model)]
    if let daemon = model.status.daemon {
      lines += flows(model, daemon, columns, look)
      lines.append(
        StyledLine("cache", .faint).padded(to: keyCells) + Gauges.cache(daemon, 20, look) + waiting(daemon))
    }
    // The last thing to go is what is wrong.
    return lines.prefix(linesMax) + (linesMax > lines.count ? [StyledLine()] : [])
  }

  private static func title(_ model: TopModel) -> StyledLine {
    let who = StyledLine(model.status.user?.description ?? "p2pfs", .bold)
    switch model.daemon {
    case .isGone:
      return who
        + StyledLine("  the daemon has ended: waiting for another ('p2pfs mount DIR' or 'p2pfs serve')", .bad)
    case .isSilent(let seconds):
      return who + StyledLine("  the daemon has not answered for \(seconds) s", .bad)
    case .answers: break
    }
    guard let daemon = model.status.daemon else { return who + StyledLine("  nobody is logged in", .warning) }
    let tracker =
      daemon.tracker.map { StyledLine("  at \($0)") } ?? StyledLine("  no tracker answers", .bad)
    let mounted = daemon.mounted.map { StyledLine("  mounted \($0)") } ?? StyledLine()
    return who + tracker + StyledLine("  listening \(daemon.listening)", .faint) + mounted
  }

  private static func waiting(_ daemon: DaemonReport) -> StyledLine {
    guard !daemon.pending.isEmpty else { return StyledLine() }
    let count = daemon.pending.count
    return StyledLine("  \(count) \(count == 1 ? "file waits" : "files wait") to be published", .warning)
  }

  /// `down   12.3M/s  ▁▃▇  peak 14.0M/s, 1.2G received`, and the other way, with both curves over the same minute.
  private static func flows(
    _ model: TopModel, _ daemon: DaemonReport, _ columns: Int, _ look: Look
  ) -> [StyledLine] {
    let received = total(model.received, daemon.fetched.received, "received")
    let sent = total(model.sent, daemon.sentBytes, "sent")
    let cells = min(
      TopModel.samplesMax, columns - keyCells - rateCells - 2 - max(received.width, sent.width))
    // One number is no curve.
    let drawn = cells >= 8 && model.received.count > 1 ? cells : 0
    return [
      flow("down", model.received, drawn, .incoming, look) + received,
      flow("up", model.sent, drawn, .outgoing, look) + sent,
    ]
  }

  private static let rateCells = 10

  private static func total(_ rates: [Int], _ total: Int, _ done: String) -> StyledLine {
    StyledLine("  peak \(Amount.size(rates.max() ?? 0))/s, \(Amount.size(total)) \(done)", .faint)
  }

  private static func flow(
    _ key: String, _ rates: [Int], _ cells: Int, _ style: Style, _ look: Look
  ) -> StyledLine {
    let now = StyledLine("\(Amount.size(rates.last ?? 0))/s", style).padded(to: rateCells, isNumber: true)
    let line = StyledLine(key, .faint).padded(to: keyCells) + now
    return cells > 0 ? line + StyledLine("  ") + Sparkline.line(rates, cells: cells, style, look) : line
  }
}

// The body: two tables, of which each has what the other does not need.
extension TopFrame {
  private static func body(
    _ model: TopModel, _ view: inout TopView, _ columns: Int, _ rows: Int, _ look: Look
  ) -> [StyledLine] {
    let daemon = model.status.daemon
    let transfers = view.ordered((daemon?.transfers ?? []) + (daemon?.reads ?? []))
    let peers = view.ordered(daemon?.connections ?? [])
    let (above, below) = shares(of: rows, wanted: max(1, transfers.count), max(1, peers.count))
    let first = window(transfers, &view.transferOffset, above)
    let second = window(peers, &view.peerOffset, below)
    view.pageRows = max(1, view.chosen == .transfers ? above : below)
    let one = pane(
      "FILE", first, TransferTable.make(first.shown, width: columns, look), columns, above,
      isChosen: view.chosen == .transfers, "nothing is on its way here")
    let other = pane(
      "PEER", second, PeerTable.make(second.shown, look), columns, below, isChosen: view.chosen == .peers,
      "nobody is connected")
    let lines = one + (other.isEmpty ? [] : [StyledLine()]) + other
    return lines + Array(repeating: StyledLine(), count: max(0, rows - lines.count))
  }

  /// Rows for each, without heads and the blank line between: half for each, unless one needs less.
  private static func shares(of rows: Int, wanted above: Int, _ below: Int) -> (above: Int, below: Int) {
    let room = rows - 3
    // With two rows there is a head and a row of one table only.
    guard room >= 2 else { return (max(0, rows - 1), 0) }
    let least = min(below, max(1, room / 2))
    let first = min(above, room - least)
    return (first, min(below, room - first))
  }

  private struct Window<Row> {
    let shown: [Row]
    let offset: Int
    let count: Int
  }

  private static func window<Row>(_ rows: [Row], _ offset: inout Int, _ height: Int) -> Window<Row> {
    offset = min(offset, max(0, rows.count - height))
    return Window(shown: Array(rows.dropFirst(offset).prefix(height)), offset: offset, count: rows.count)
  }

  private static func pane<Row>(
    _ title: String, _ window: Window<Row>, _ table: StyledTable, _ columns: Int, _ height: Int,
    isChosen: Bool, _ empty: String
  ) -> [StyledLine] {
    guard height > 0 else { return [] }
    let isWhole = window.shown.count == window.count
    let last = window.offset + window.shown.count
    let named = isWhole ? title : "\(title) \(window.offset + 1) to \(last) of \(window.count)"
    let lines = table.titled(named).lines(width: columns)
    let head = lines[0].padded(to: columns).styled(isChosen ? .chosenHead : .head)
    return [head] + (window.count == 0 ? [StyledLine(empty, .faint)] : Array(lines.dropFirst()))
  }

  private static func foot(_ view: TopView, _ look: Look) -> StyledLine {
    let arrows = look.drawsBlocks ? "↑↓" : "arrows"
    let keys = [
      ("q", "quit"), ("s", "sort: \(view.order)"),
      ("Tab", view.chosen == .transfers ? "peers" : "files"), (arrows, "scroll"),
    ]
    return keys.reduce(StyledLine()) { $0 + StyledLine("\($1.0) ", .bold) + StyledLine("\($1.1)   ", .faint) }
  }
}

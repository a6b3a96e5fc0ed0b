// Transfers and peers as people see them, in `status` and in `top`.

/// Bytes and rates, short.
enum Amount {
  private static let none = StyledLine("-", .faint)

  static func size(_ bytes: Int) -> String { ProgressBar.size(UInt64(clamping: bytes)) }

  /// What does not flow is not to catch the eye.
  static func rate(_ bytesPerSecond: Int, _ style: Style) -> StyledLine {
    bytesPerSecond > 0 ? StyledLine("\(size(bytesPerSecond))/s", style) : none
  }

  static func total(_ bytes: Int) -> StyledLine { bytes > 0 ? StyledLine(size(bytes)) : none }

  static func milliseconds(_ microseconds: Int?) -> StyledLine {
    guard let microseconds else { return none }
    let tenths = (microseconds + 50) / 100
    return StyledLine(tenths < 100 ? "\(tenths / 10).\(tenths % 10)ms" : "\(tenths / 10)ms")
  }

  static func part(_ done: UInt64, of total: UInt64) -> Double {
    total == 0 ? 1 : Double(min(done, total)) / Double(total)
  }
}

enum TransferTable {
  private static let columns = [
    StyledTable.Column(title: "FILE", importance: 100, minimum: 16, keepsEnd: true),
    StyledTable.Column(title: "PROGRESS", importance: 70),
    StyledTable.Column(title: "", isNumber: true, importance: 90),
    StyledTable.Column(title: "SIZE", isNumber: true, importance: 50),
    StyledTable.Column(title: "RATE", isNumber: true, importance: 80),
    StyledTable.Column(title: "LEFT", isNumber: true, importance: 60),
    StyledTable.Column(title: "FROM", isNumber: true, importance: 40),
  ]

  private static let cellsMax = 40

  /// Bars take what room there is.
  static func make(_ transfers: [DaemonReport.Transfer], width: Int, _ look: Look) -> StyledTable {
    let cells = min(cellsMax, max(8, width / 5))
    let table = make(transfers, cells: cells, look)
    let spare = width - table.naturalWidth
    return spare > 0 && cells < cellsMax
      ? make(transfers, cells: min(cellsMax, cells + spare), look) : table
  }

  private static func make(_ transfers: [DaemonReport.Transfer], cells: Int, _ look: Look) -> StyledTable {
    var table = StyledTable(columns)
    table.rows = transfers.map { row($0, cells, look) }
    return table
  }

  private static func row(_ transfer: DaemonReport.Transfer, _ cells: Int, _ look: Look) -> [StyledLine] {
    let part = Amount.part(transfer.doneBytes, of: transfer.totalBytes)
    let rest = transfer.totalBytes - min(transfer.doneBytes, transfer.totalBytes)
    let time = ProgressBar.time(for: rest, at: transfer.bytesPerSecond)
    return [
      StyledLine(transfer.label),
      Bar.line(part, cells: cells, transfer.sources > 0 ? .incoming : .warning, look),
      StyledLine("\(Int(part * 100))%"), StyledLine(ProgressBar.size(transfer.totalBytes)),
      Amount.rate(transfer.rate, .incoming), StyledLine(time ?? "-:--", time == nil ? .faint : .plain),
      transfer.sources > 0 ? StyledLine("\(transfer.sources)") : StyledLine("nobody", .warning),
    ]
  }
}

enum PeerTable {
  private static let columns = [
    StyledTable.Column(title: "PEER", importance: 100, minimum: 12),
    StyledTable.Column(title: "SENDS US", isNumber: true, importance: 90),
    StyledTable.Column(title: "GETS", isNumber: true, importance: 85),
    StyledTable.Column(title: "RECEIVED", isNumber: true, importance: 40),
    StyledTable.Column(title: "SENT", isNumber: true, importance: 35),
    StyledTable.Column(title: "ROUND TRIP", isNumber: true, importance: 30),
    StyledTable.Column(title: "ADDRESS", importance: 20),
    StyledTable.Column(title: "WHAT", importance: 60, minimum: 16),
  ]

  static func make(_ peers: [DaemonReport.Peer], _ look: Look) -> StyledTable {
    var table = StyledTable(columns)
    table.rows = peers.map { row($0, look) }
    return table
  }

  private static func row(_ peer: DaemonReport.Peer, _ look: Look) -> [StyledLine] {
    [
      StyledLine(peer.user, .bold), Amount.rate(peer.receiveRate, .incoming),
      Amount.rate(peer.sendRate, .outgoing), Amount.total(peer.receivedBytes), Amount.total(peer.sentBytes),
      Amount.milliseconds(peer.roundTripMicroseconds), StyledLine(peer.address, .faint), what(peer, look),
    ]
  }

  /// `<` comes from him, `>` goes to him.
  private static func what(_ peer: DaemonReport.Peer, _ look: Look) -> StyledLine {
    let (from, to) = look.drawsBlocks ? ("↓", "↑") : ("<", ">")
    let flows =
      peer.receives.map { StyledLine("\(from) ", .incoming) + StyledLine($0.label) }
      + peer.sends.map { StyledLine("\(to) ", .outgoing) + StyledLine($0.label) }
    guard let first = flows.first else {
      return peer.isSlow ? StyledLine("answers slowly", .warning) : StyledLine("-", .faint)
    }
    return flows.dropFirst().reduce(first) { $0 + StyledLine("  ") + $1 }
  }
}

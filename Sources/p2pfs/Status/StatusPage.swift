// `status` on a terminal: a page that is read at one look.

import GroupModel

enum StatusPage {
  private static let barCells = 20
  /// What is more is counted; `--json` has it all.
  private static let listedMax = 10

  static func lines(_ status: Status, width: Int, _ look: Look) -> [StyledLine] {
    var lines = facts(status, look)
    if let daemon = status.daemon {
      lines += section("TRANSFERS", transfers(daemon, width - 2, look))
      lines += section("PEERS", peers(daemon, width - 2, look))
      lines += section("WAITING TO BE PUBLISHED", list(daemon.pending.map { StyledLine($0, .warning) }))
      lines += section("EVENTS", daemon.events.map(event))
    }
    return lines.map { $0.cut(to: width) }
  }

  private static func section(_ title: String, _ lines: [StyledLine]) -> [StyledLine] {
    lines.isEmpty ? [] : [StyledLine(), StyledLine(title, .bold)] + lines.map { .blanks(2) + $0 }
  }

  private static func list(_ lines: [StyledLine]) -> [StyledLine] {
    guard lines.count > listedMax else { return lines }
    return lines.prefix(listedMax) + [StyledLine("and \(lines.count - listedMax) more", .faint)]
  }

  private static func event(_ event: DaemonReport.Event) -> StyledLine {
    StyledLine("\(UTC.text(event.time))  ", .faint) + StyledLine(event.text)
  }

  private static func transfers(_ daemon: DaemonReport, _ width: Int, _ look: Look) -> [StyledLine] {
    let all = daemon.transfers + daemon.reads
    guard !all.isEmpty else { return [] }
    return headed(TransferTable.make(all, width: width, look).lines(width: width))
  }

  private static func peers(_ daemon: DaemonReport, _ width: Int, _ look: Look) -> [StyledLine] {
    guard !daemon.connections.isEmpty else { return [] }
    return headed(PeerTable.make(daemon.connections, look).lines(width: width))
  }

  private static func headed(_ lines: [StyledLine]) -> [StyledLine] {
    [lines[0].styled(.faint)] + lines.dropFirst()
  }
}

// The facts at the top: a key, and what there is to say of it.
extension StatusPage {
  private static let keyCells = 11

  private static func facts(_ status: Status, _ look: Look) -> [StyledLine] {
    var lines = [fact("user", user(status)), fact("login", login(status))]
    for (index, tracker) in status.trackers.enumerated() {
      lines.append(fact(index == 0 ? "tracker" : "", self.tracker(tracker, look)))
    }
    if let authority = status.authority {
      lines.append(fact("authority", StyledLine(Fingerprint.text(authority), .faint)))
    }
    lines.append(fact("state", StyledLine(Printable.escaped(status.state))))
    return lines + daemon(status, look)
  }

  private static func fact(_ key: String, _ value: StyledLine) -> StyledLine {
    StyledLine(key, .faint).padded(to: keyCells) + value
  }

  private static func user(_ status: Status) -> StyledLine {
    status.user.map { StyledLine($0.description, .bold) } ?? StyledLine("-")
  }

  private static func login(_ status: Status) -> StyledLine {
    StyledLine(status.loginWords, status.isLoginGood ? .good : .warning)
  }

  private static func tracker(_ tracker: Status.ListedTracker, _ look: Look) -> StyledLine {
    let style: Style =
      switch tracker.condition {
      case .answers, .refusesLogin: .good
      case .otherAuthority: .bad
      case .silent: .warning
      case .standsBy, .notAsked: .faint
      }
    return StyledLine("\(look.drawsBlocks ? "●" : "*") ", style) + StyledLine("\(tracker.address)  ")
      + StyledLine(tracker.condition.words, style)
  }

  private static func daemon(_ status: Status, _ look: Look) -> [StyledLine] {
    guard status.daemonRuns else {
      return [fact("daemon", StyledLine("none: start one with 'p2pfs mount DIR' or 'p2pfs serve'", .warning))]
    }
    guard !status.daemonIsSilent else { return [fact("daemon", StyledLine("does not answer", .bad))] }
    guard let daemon = status.daemon else {
      return [fact("daemon", StyledLine("running, nobody is logged in", .warning))]
    }
    let mounted = daemon.mounted.map { [fact("mounted", StyledLine(Printable.escaped($0)))] } ?? []
    return [fact("daemon", StyledLine("running", .good) + StyledLine(", listening on \(daemon.listening)"))]
      + mounted + [
        fact("traffic", Gauges.traffic(daemon)), fact("cache", Gauges.cache(daemon, barCells, look)),
      ]
  }
}

/// What a page and `top` both show of a daemon.
enum Gauges {
  static func traffic(_ daemon: DaemonReport) -> StyledLine {
    let peers = daemon.peers == 1 ? "1 peer" : "\(daemon.peers) peers"
    return StyledLine("receiving ") + StyledLine("\(Amount.size(daemon.receiveRate))/s", .incoming)
      + StyledLine(", sending ") + StyledLine("\(Amount.size(daemon.sendRate))/s", .outgoing)
      + StyledLine(", \(peers)")
  }

  static func cache(_ daemon: DaemonReport, _ cells: Int, _ look: Look) -> StyledLine {
    let part = Double(daemon.cachedBytes) / Double(max(1, daemon.cacheBytesMax))
    return Bar.line(part, cells: cells, part > 0.9 ? .warning : .good, look)
      + StyledLine("  \(Amount.size(daemon.cachedBytes)) of \(Amount.size(daemon.cacheBytesMax))")
  }
}

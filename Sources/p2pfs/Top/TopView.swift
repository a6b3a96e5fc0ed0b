// How whoever watches `top` wants to see it: which of the two tables his keys are for, their order, how far they are
// scrolled.

struct TopView: Hashable, Sendable {
  enum Table: Sendable { case transfers, peers }

  enum TransferOrder: String, CaseIterable, Sendable { case name, rate, progress }

  enum PeerOrder: String, CaseIterable, Sendable { case rate, name }

  var chosen = Table.transfers
  var transferOrder = TransferOrder.name
  var peerOrder = PeerOrder.rate
  /// The first row that is shown; drawing brings it back to where there are rows.
  var transferOffset = 0
  var peerOffset = 0
  /// How many rows of the chosen table are seen: a page.
  var pageRows = 1

  var order: String { chosen == .transfers ? transferOrder.rawValue : peerOrder.rawValue }

  /// false where it means the end.
  mutating func press(_ key: Key) -> Bool {
    switch key {
    case .quit: return false
    case .sort: sort()
    case .other: chosen = chosen == .transfers ? .peers : .transfers
    case .up: scroll(by: -1)
    case .down: scroll(by: 1)
    case .pageUp: scroll(by: -pageRows)
    case .pageDown: scroll(by: pageRows)
    case .home: scroll(by: .min)
    case .end: scroll(by: .max)
    }
    return true
  }

  private mutating func sort() {
    switch chosen {
    case .transfers: transferOrder = transferOrder.next
    case .peers: peerOrder = peerOrder.next
    }
  }

  private mutating func scroll(by rows: Int) {
    switch chosen {
    case .transfers: transferOffset = max(0, transferOffset.addingClamped(rows))
    case .peers: peerOffset = max(0, peerOffset.addingClamped(rows))
    }
  }
}

extension Int {
  /// At the end of all numbers it stays there.
  fileprivate func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : sum
  }
}

extension CaseIterable where Self: Equatable, AllCases.Index == Int {
  fileprivate var next: Self {
    let all = Self.allCases
    return all[(all.firstIndex(of: self)! + 1) % all.count]
  }
}

// The order of rows. Equal ones stand by their names, so that nothing jumps about.
extension TopView {
  func ordered(_ transfers: [DaemonReport.Transfer]) -> [DaemonReport.Transfer] {
    switch transferOrder {
    case .name: transfers.sorted { $0.label < $1.label }
    case .rate: transfers.sorted { ($1.rate, $0.label) < ($0.rate, $1.label) }
    case .progress:
      transfers.sorted {
        let (one, other) = (
          Amount.part($0.doneBytes, of: $0.totalBytes), Amount.part($1.doneBytes, of: $1.totalBytes)
        )
        return (other, $0.label) < (one, $1.label)
      }
    }
  }

  func ordered(_ peers: [DaemonReport.Peer]) -> [DaemonReport.Peer] {
    switch peerOrder {
    case .rate:
      peers.sorted {
        ($1.receiveRate + $1.sendRate, $0.user, $0.address) < (
          $0.receiveRate + $0.sendRate, $1.user, $1.address
        )
      }
    case .name: peers.sorted { ($0.user, $0.address) < ($1.user, $1.address) }
    }
  }
}

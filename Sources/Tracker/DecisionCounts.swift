// What became of what members wished, and how long they waited for it.

import GroupModel
import Link

struct DecisionCounts: Sendable {
  /// From the desk to the answer, the commit in between.
  let times = Histogram()
  private let outcomes = Each<WishKind, Each<WishOutcome, Tally>> { Each(Tally.init) }

  func add(_ errand: Errand, _ ruling: Ruling, since begun: Instant) {
    guard let kind = WishKind(errand) else { return }
    outcomes[kind][WishOutcome(ruling)].add()
    times.record(since: begun)
  }

  var named: [(wish: String, outcome: String, count: Int)] {
    outcomes.named.flatMap { wish, outcomes in
      outcomes.named.map { (wish, $0.name, $0.counted.total) }
    }
  }
}

private enum WishOutcome: Int, Countable {
  case decided
  /// It was so already.
  case stood
  case refused

  init(_ ruling: Ruling) {
    self =
      switch ruling {
      case .decided: .decided
      case .stands, .opened, .changed, .revoked, .following: .stood
      case .refused: .refused
      }
  }
}

private enum WishKind: Int, Countable {
  case found, join, leave, disband, accept, reject, remove, publish, unpublish, rename, share

  /// nil for what changes no group.
  init?(_ errand: Errand) {
    switch errand {
    case .decide(_, let proposal, _, _, _): self.init(proposal.wish)
    case .share: self = .share
    case .openAccount, .changePassword, .revoke, .follow: return nil
    }
  }

  private init(_ wish: Proposal.Wish) {
    self =
      switch wish {
      case .found: .found
      case .join: .join
      case .leave: .leave
      case .disband: .disband
      case .accept: .accept
      case .reject: .reject
      case .remove: .remove
      case .publish: .publish
      case .unpublish: .unpublish
      case .rename: .rename
      }
  }
}

// After the commit: who asked is answered, who follows is told, and what is known in memory follows the ledger.

import GroupModel

extension Clerk {
  func conclude(_ errand: Errand, _ ruling: Ruling) {
    // Before a thousand pushes, for which the one who asked need not wait.
    switch errand {
    case .decide(_, _, _, let session, let exchange):
      mail.answer(session, exchange, TrackerKind.propose, ruling.answer)
      callWitnesses(of: ruling, for: session)
    case .share(_, _, _, _, _, _, let session, let exchange):
      mail.answer(session, exchange, TrackerKind.setSharing, ruling.answer)
    case .openAccount, .changePassword, .revoke, .follow: break
    }
    keepUp(with: ruling)
    switch errand {
    case .decide, .share: break
    case .openAccount(_, _, _, let reply): reply(ruling.refusal)
    case .changePassword(_, _, _, _, let reply): reply(ruling.account)
    case .revoke(_, _, let reply): reply(ruling.refusal)
    case .follow(let session, let user, let exchange):
      if case .following(let groups) = ruling { follow(groups, by: session, of: user) }
      mail.answer(session, exchange, TrackerKind.follow, ruling.answer)
    }
  }

  /// Of files: who changes one hears when the others know.
  private func callWitnesses(of ruling: Ruling, for session: Session) {
    guard case .decided(_, let decision) = ruling, decision.isOfFiles, witnesses.isWitness(session.id) else {
      return
    }
    let isTold = witnesses.call(
      presence.followers(of: decision.group), to: decision.number, of: decision.group, for: session)
    if !isTold { mail.push(to: [session], .witnessed(decision.group, decision.number)) }
  }

  private func keepUp(with ruling: Ruling) {
    switch ruling {
    case .opened(let account), .changed(let account): accounts.put(account)
    case .decided(let name, let decision): tell(decision, of: name)
    case .revoked(let revocation): accounts.revoke(revocation, at: now)
    case .refused, .stands, .following: break
    }
  }

  private func follow(_ groups: [GroupID], by session: Session, of user: UserName) {
    session.startFollowing(as: user)
    for group in groups { join(session, of: user, to: group) }
  }

  private func join(_ session: Session, of user: UserName, to group: GroupID) {
    guard session.enter(group, as: user) else { return }
    presence.follow(group, by: session)
    // It may have ended or logged out since; then it no longer looks for what it should leave.
    if !session.isIn(group) { presence.unfollow(group, by: session) }
  }

  private func part(_ session: Session, from group: GroupID) {
    session.leave(group)
    presence.unfollow(group, by: session)
  }

  /// Who comes in hears of later decisions and asks for the earlier ones; who goes out hears only that he is out.
  private func tell(_ decision: Decision, of name: GroupName) {
    for change in decision.changes {
      guard case .stands(let user, let standing, _) = change else { continue }
      let push = TrackerPush.standing(name, decision.group, standing)
      for session in presence.sessions(of: user) {
        standing.isInside
          ? join(session, of: user, to: decision.group) : part(session, from: decision.group)
        if session.isFollowing { mail.push(to: [session], push) }
      }
    }
    if decision.changes.last == .ended { disperse(decision.group, name) }
    mail.push(to: presence.followers(of: decision.group), .decision(decision))
  }

  /// Those whom the decision did not name one by one.
  private func disperse(_ group: GroupID, _ name: GroupName) {
    for session in presence.followers(of: group) {
      part(session, from: group)
      mail.push(to: [session], .standing(name, group, .stranger))
    }
  }
}

extension Decision {
  fileprivate var isOfFiles: Bool {
    changes.contains { change in
      switch change {
      case .published, .unpublished, .moved: true
      case .stands, .ended: false
      }
    }
  }
}

extension Ruling {
  fileprivate var refusal: Refusal? {
    if case .refused(let refusal) = self { refusal } else { nil }
  }

  fileprivate var account: Result<Account, Refusal> {
    if case .changed(let account) = self { .success(account) } else { .failure(refusal ?? .malformed) }
  }

  fileprivate var answer: TrackerAnswer {
    switch self {
    case .refused(let refusal): .refused(refusal)
    case .stands(let outcome): .decided(outcome.group, outcome.number)
    case .decided(_, let decision): .decided(decision.group, decision.number)
    case .opened, .changed, .revoked, .following: .done
    }
  }
}

// Inside the ledger's transaction: what each errand comes to.

import Catalog
import GroupModel

extension Clerk {
  /// Who has gone meanwhile was promised nothing: what he left on the desk keeps nobody waiting.
  func rule(on errand: Errand) throws(DatabaseError) -> Ruling {
    switch errand {
    case .decide(_, _, _, let session, _), .share(_, _, _, _, _, _, let session, _),
      .follow(let session, _, _):
      if session.hasEnded { return .refused(.busy) }
    case .openAccount, .changePassword, .revoke: break
    }
    switch errand {
    case .decide(let id, let proposal, let user, _, _): return try decide(id, proposal, by: user)
    case .openAccount(let id, let user, let password, _): return try open(id, user, password)
    case .changePassword(let id, let user, let login, let password, _):
      return try change(id, user, login, password)
    case .revoke(let revocation, _, _):
      try ledger.put(revocation)
      return .revoked(revocation)
    case .follow(_, let user, _): return .following(try ledger.memberships(of: user))
    case .share(let id, let group, let path, let isOn, let user, let login, _, _):
      return try share(id, path, in: group, isOn: isOn, by: user, at: login.lineage)
    }
  }

  private func decide(
    _ id: RequestID, _ proposal: Proposal, by user: UserName
  ) throws(DatabaseError) -> Ruling {
    if let before = try ledger.outcome(of: id, by: user) { return .stands(before) }
    var (group, facts) = try ledger.facts(for: proposal, by: user)
    if let subject = proposal.subject { facts.subjectExists = account(of: subject) != nil }
    let changes: [Change]
    do throws(Refusal) {
      changes = try Rules.judge(proposal.wish, by: user, given: facts)
    } catch {
      return .refused(error)
    }
    if proposal.wish == .found { group = try ledger.found(proposal.group) }
    guard let group else { return .refused(.noSuchGroup) }
    guard !changes.isEmpty else { return .stands(Outcome(group: group, number: facts.next - 1)) }
    let decision = Decision(group: group, number: facts.next, changes: changes)
    try ledger.apply(decision)
    try ledger.remember(Outcome(group: group, number: decision.number), of: id, by: user, at: now)
    return .decided(proposal.group, decision)
  }

  private func open(
    _ id: RequestID, _ user: UserName, _ password: PasswordHash
  ) throws(DatabaseError) -> Ruling {
    if let before = try ledger.outcome(of: id, by: user) { return .stands(before) }
    guard account(of: user) == nil else { return .refused(.userExists) }
    let account = Account(user: user, password: password, generation: 1)
    try put(account, by: id)
    return .opened(account)
  }

  /// Whoever asked may have been cut off while his password was hashed: then he may not change it any more.
  private func change(
    _ id: RequestID, _ user: UserName, _ login: Login, _ password: PasswordHash
  ) throws(DatabaseError) -> Ruling {
    guard let old = account(of: user) else { return .refused(.noSuchUser) }
    if try ledger.outcome(of: id, by: user) != nil { return .changed(old) }
    guard old.generation == login.generation, accounts.admits(user, login) else {
      return .refused(.loginEnded)
    }
    let account = Account(user: user, password: password, generation: old.generation + 1)
    try put(account, by: id)
    return .changed(account)
  }

  private func put(_ account: Account, by id: RequestID) throws(DatabaseError) {
    try ledger.put(account)
    try ledger.remember(Outcome(group: GroupID(0), number: 0), of: id, by: account.user, at: now)
    uncommitted[account.user] = account
  }

  private func account(of user: UserName) -> Account? { uncommitted[user] ?? accounts[user] }
}

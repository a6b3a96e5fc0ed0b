// Who has an account, in memory: a login by certificate is checked without a look at the disk. The ledger has
// the truth; this is read from it at the start and follows its commits.

import GroupModel
import Synchronization

struct Account: Sendable {
  let user: UserName
  let password: PasswordHash
  /// Raised with each new password: certificates of an older one are no longer taken.
  let generation: UInt32
}

/// What a certificate says of the login that it stems from.
struct Login: Equatable, Sendable {
  /// Of the account, when the password was given.
  let generation: UInt32
  /// Kept by the certificates that renew one another.
  let lineage: UInt64
}

/// A login that was ended: its certificates, renewed ones too, are refused although they have not expired.
struct Revocation: Sendable {
  let lineage: UInt64
  /// When the last of them has expired, in seconds since 1970.
  let until: Int64
}

final class Accounts: Sendable {
  private struct State {
    var byUser: [UserName: Account] = [:]
    var revoked: [UInt64: Int64] = [:]
  }

  private let state = Mutex(State())

  init(_ accounts: [Account], _ revocations: [Revocation]) {
    state.withLock { state in
      for account in accounts { state.byUser[account.user] = account }
      for revocation in revocations { state.revoked[revocation.lineage] = revocation.until }
    }
  }

  var count: Int { state.withLock { $0.byUser.count } }

  subscript(user: UserName) -> Account? { state.withLock { $0.byUser[user] } }

  func put(_ account: Account) { state.withLock { $0.byUser[account.user] = account } }

  func revoke(_ revocation: Revocation, at now: Int64) {
    state.withLock { state in
      state.revoked[revocation.lineage] = revocation.until
      state.revoked = state.revoked.filter { $0.value > now }
    }
  }

  /// Whether a certificate that the authority issued is still good for a login.
  func admits(_ user: UserName, _ login: Login) -> Bool {
    state.withLock { state in
      state.byUser[user]?.generation == login.generation && state.revoked[login.lineage] == nil
    }
  }
}

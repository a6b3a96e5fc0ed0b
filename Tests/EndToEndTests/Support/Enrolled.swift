// Accounts put into the ledger before there is a tracker, which need not hash a password for each then.

import Catalog
import Foundation
import GroupModel

@testable import Tracker

/// What checking an account's password costs the tracker.
enum PasswordPrice {
  case production, cheap

  fileprivate var cost: ScryptCost {
    switch self {
    case .production: .production
    case .cheap: ScryptCost(log2N: 4, r: 1, p: 1)!
    }
  }
}

extension Story {
  /// Before the first tracker is started. Gives the network's authority, with its key.
  func enrol(
    _ users: [UserName], withPasswords price: (UserName) -> PasswordPrice, _ password: (UserName) -> String
  ) throws -> GroupModel.Authority {
    let data = try DataDirectory(making: data)
    let authority = try data.authority()
    let ledger = try SQLiteLedger(path: data.ledgerPath)
    for user in users {
      let hash = try PasswordHash.make(
        password: Array(password(user).utf8).span.bytes, cost: price(user).cost)
      try ledger.commit { () throws(DatabaseError) in
        try ledger.put(Account(user: user, password: hash, generation: 1))
      }
    }
    return authority
  }
}

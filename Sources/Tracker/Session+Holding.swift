// What a member has told of what he holds, and whom he watches: counted against his allowance, and gone with his line.

import GroupModel
import Link

// What members hold.
extension Session {
  /// One who listens on all his addresses is reached at the one that he comes from.
  func seenFromHere(_ address: PeerAddress) -> PeerAddress {
    guard address.ip.allSatisfy({ $0 == 0 }), let line else { return address }
    return PeerAddress(ip: line.remote.ip, port: address.port) ?? address
  }

  func announce(_ holdings: [Holding], _ user: UserName, _ login: Login) -> TrackerAnswer {
    guard let listening else { return .refused(.malformed) }
    office.counts.holdings.add(holdings.count)
    for holding in holdings {
      guard isIn(holding.key.group) else { return .refused(.notMember) }
      guard holding.pieces != .none else {
        withdraw(holding.key)
        continue
      }
      guard makeRoom(for: holding) else { return .refused(.limitReached) }
      let registration = Registration(
        user: user, lineage: login.lineage, address: listening, pieces: holding.pieces)
      office.registry.announce(holding.key, of: id, registration, allowance)
    }
    return .done
  }

  private func makeRoom(for holding: Holding) -> Bool {
    let before = announced[holding.key] ?? 0
    let weight = AnnouncementAllowance.weight(of: holding.pieces)
    guard allowance.take(weight - before) else { return false }
    announced[holding.key] = weight
    return true
  }

  func locate(_ key: ContentKey) -> TrackerAnswer {
    guard isIn(key.group) else { return .refused(.notMember) }
    guard watched.contains(key) || allowance.take(1) else { return .refused(.limitReached) }
    // First, so that nobody who comes in between is missed.
    watched.insert(key)
    office.registry.watch(key, by: self)
    return .holders(office.registry.holders(of: key, except: id))
  }

  func stopWatching(_ key: ContentKey) {
    guard watched.remove(key) != nil else { return }
    office.registry.stopWatching(key, by: id)
    allowance.giveBack(1)
  }
}

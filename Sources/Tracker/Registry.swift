// Who holds which pieces of what, as far as they are online: in memory, sharded so that threads seldom meet,
// bounded by what one user may announce. Nothing of it is on disk, and nothing is logged per announce.

import GroupModel
import Synchronization

/// Names a session while it lasts; never used again.
struct SessionID: Hashable, Sendable {
  let number: UInt64
}

/// One session's holding of one content.
struct Registration: Sendable {
  let user: UserName
  let address: PeerAddress
  let pieces: Holding.Pieces
}

final class Registry: Sendable {
  static let shardCount = 64
  /// A locate names so many at most; a member needs a few dozen sources, not thousands.
  static let holdersMax = 64

  private let shards: [RegistryShard]

  init() { shards = (0..<Self.shardCount).map { _ in RegistryShard() } }

  func announce(_ holding: Holding, of session: SessionID, _ registration: Registration) {
    shard(of: holding.key).put(registration, of: session, at: holding.key)
  }

  func withdraw(_ key: ContentKey, of session: SessionID) {
    shard(of: key).remove(session, at: key)
  }

  /// Others who hold some of it.
  func holders(of key: ContentKey, except session: SessionID) -> [ContentHolder] {
    shard(of: key).holders(of: key, except: session, max: Self.holdersMax)
  }

  func count(_ key: ContentKey) -> UInt32 { shard(of: key).count(key) }

  /// All that is announced of anything.
  var registrations: Int { shards.reduce(0) { $0 + $1.registrations } }

  private func shard(of key: ContentKey) -> RegistryShard {
    // The root is a hash: its first bytes are as random as any.
    let index = key.root.digest.withBytes { Int($0[0]) ^ Int(truncatingIfNeeded: key.group.number) }
    return shards[index & (Self.shardCount - 1)]
  }
}

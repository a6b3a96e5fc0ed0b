// Who holds which pieces of what, as far as they are online: in memory, sharded so that threads seldom meet,
// bounded by what one user may announce. Nothing of it is on disk, and nothing is logged per announce.

import GroupModel
import Link
import Synchronization

/// Names a session while it lasts; never used again.
struct SessionID: Hashable, Sendable {
  let number: UInt64
}

/// One session's holding of one content.
struct Registration: Sendable {
  let user: UserName
  /// Of his login: which of his machines it is.
  let lineage: UInt64
  let address: PeerAddress
  let pieces: Holding.Pieces

  var holder: ContentHolder { ContentHolder(user: user, address: address, pieces: pieces) }
}

final class Registry: Sendable {
  static let shardCount = 64
  /// A locate names so many at most; a member needs a few dozen sources, not thousands.
  static let holdersMax = 64

  private let shards: [RegistryShard]

  init() { shards = (0..<Self.shardCount).map { _ in RegistryShard() } }

  func announce(
    _ key: ContentKey, of session: SessionID, _ registration: Registration, _ allowance: AnnouncementAllowance
  ) {
    let watchers = shard(of: key).put(registration, of: session, at: key, telling: allowance.tellingsLeft)
    if !watchers.isEmpty { tell(watchers, key, registration.holder, allowance) }
  }

  func withdraw(_ key: ContentKey, of session: SessionID, _ allowance: AnnouncementAllowance) {
    guard
      let (gone, watchers) = shard(of: key).remove(session, at: key, telling: allowance.tellingsLeft),
      !watchers.isEmpty
    else { return }
    tell(watchers, key, ContentHolder(user: gone.user, address: gone.address, pieces: .none), allowance)
  }

  private func tell(
    _ watchers: [Session], _ key: ContentKey, _ holder: ContentHolder, _ allowance: AnnouncementAllowance
  ) {
    allowance.told(watchers.count)
    let push = TrackerPush.holder(key, holder)
    var writer = WireWriter()
    push.write(to: &writer)
    for watcher in watchers {
      watcher.loop.post { [body = writer.bytes] in watcher.deliver(push.kind, 0, body) }
    }
  }

  func watch(_ key: ContentKey, by session: Session) { shard(of: key).watch(key, by: session) }

  func stopWatching(_ key: ContentKey, by session: SessionID) {
    shard(of: key).stopWatching(key, by: session)
  }

  /// Others who hold some of it.
  func holders(of key: ContentKey, except session: SessionID) -> [ContentHolder] {
    shard(of: key).holders(of: key, except: session, max: Self.holdersMax)
  }

  /// Users besides one who hold all of it.
  func wholeHolders(of key: ContentKey, except user: UserName) -> Set<UserName> {
    shard(of: key).wholeHolders(of: key, except: user, max: Self.holdersMax)
  }

  /// Whether another machine of one who speaks from this one holds all of it.
  func isHeldWhole(_ key: ContentKey, by user: UserName, besides lineage: UInt64) -> Bool {
    shard(of: key).isHeldWhole(key, by: user, besides: lineage)
  }

  func count(_ key: ContentKey) -> UInt32 { shard(of: key).count(key) }

  /// All that is announced of anything, and how many watch something.
  var counts: (registrations: Int, watchers: Int) {
    shards.map(\.counts).reduce((0, 0)) { ($0.0 + $1.registrations, $0.1 + $1.watchers) }
  }

  /// Contents of which somebody holds something, or that somebody watches.
  var contentCount: Int { shards.reduce(0) { $0 + $1.contentCount } }

  private func shard(of key: ContentKey) -> RegistryShard {
    // The root is a hash: its first bytes are as random as any.
    let index = key.root.digest.withBytes { Int($0[0]) ^ Int(truncatingIfNeeded: key.group.number) }
    return shards[index & (Self.shardCount - 1)]
  }
}

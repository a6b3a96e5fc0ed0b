// Who is online, and who wants to hear the decisions of which group. Sharded by user and by group.

import GroupModel
import Synchronization

/// ## Concurrency model
/// Sessions come and go on their loops' threads; what a session follows is changed on the clerk's thread only, in
/// the order of the decisions, so that nobody misses one between looking and listening.
final class Presence: Sendable {
  private static let shardCount = 64
  /// More programs than one person has running. Who opens another one loses the oldest.
  static let sessionsEachMax = 256

  private struct Present {
    var sessions: [SessionID: Session] = [:]
    let allowance = AnnouncementAllowance()
  }

  private final class UserShard: Sendable {
    let present = Mutex<[UserName: Present]>([:])
  }

  private final class GroupShard: Sendable {
    let followers = Mutex<[GroupID: [SessionID: Session]]>([:])
  }

  private let users = (0..<shardCount).map { _ in UserShard() }
  private let groups = (0..<shardCount).map { _ in GroupShard() }

  private func shard(_ user: UserName) -> UserShard {
    users[Int(UInt(bitPattern: user.hashValue) % UInt(Self.shardCount))]
  }

  private func shard(_ group: GroupID) -> GroupShard { groups[Int(group.number % UInt64(Self.shardCount))] }
}

extension Presence {
  /// What this session and the user's others may announce, and the session that has to go for it.
  func enter(_ session: Session, as user: UserName) -> (AnnouncementAllowance, oldest: Session?) {
    shard(user).present.withLock { present in
      var mine = present[user] ?? Present()
      mine.sessions[session.id] = session
      let isFull = mine.sessions.count > Self.sessionsEachMax
      let others = mine.sessions.keys.filter { $0 != session.id }
      let oldest = isFull ? others.min { $0.number < $1.number } : nil
      defer { present[user] = mine }
      return (mine.allowance, oldest.flatMap { mine.sessions.removeValue(forKey: $0) })
    }
  }

  func leave(_ session: Session, as user: UserName) {
    shard(user).present.withLock { present in
      present[user]?.sessions[session.id] = nil
      if present[user]?.sessions.isEmpty == true { present[user] = nil }
    }
  }

  func isOnline(_ user: UserName) -> Bool { shard(user).present.withLock { $0[user] != nil } }

  func sessions(of user: UserName) -> [Session] {
    shard(user).present.withLock { $0[user].map { Array($0.sessions.values) } ?? [] }
  }

  /// How much is remembered; nothing, when nobody is online.
  var counts: (sessions: Int, followings: Int) {
    (
      users.reduce(0) { $0 + $1.present.withLock { $0.values.reduce(0) { $0 + $1.sessions.count } } },
      groups.reduce(0) { $0 + $1.followers.withLock { $0.values.reduce(0) { $0 + $1.count } } }
    )
  }

  func follow(_ group: GroupID, by session: Session) {
    shard(group).followers.withLock { $0[group, default: [:]][session.id] = session }
  }

  func unfollow(_ group: GroupID, by session: Session) {
    shard(group).followers.withLock { followers in
      followers[group]?[session.id] = nil
      if followers[group]?.isEmpty == true { followers[group] = nil }
    }
  }

  func followers(of group: GroupID) -> [Session] {
    shard(group).followers.withLock { $0[group].map { Array($0.values) } ?? [] }
  }
}

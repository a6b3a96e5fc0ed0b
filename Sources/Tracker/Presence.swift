// Who is online, and who wants to hear the decisions of which group. Sharded by user and by group.

import GroupModel
import Synchronization

/// ## Concurrency model
/// Sessions come and go on their loops' threads; what a session follows is changed on the clerk's thread only, in
/// the order of the decisions, so that nobody misses one between looking and listening.
final class Presence: Sendable {
  private static let shardCount = 64

  private final class UserShard: Sendable {
    let sessions = Mutex<[UserName: [SessionID: Session]]>([:])
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
  func enter(_ session: Session, as user: UserName) {
    shard(user).sessions.withLock { $0[user, default: [:]][session.id] = session }
  }

  func leave(_ session: Session, as user: UserName) {
    shard(user).sessions.withLock { sessions in
      sessions[user]?[session.id] = nil
      if sessions[user]?.isEmpty == true { sessions[user] = nil }
    }
  }

  func isOnline(_ user: UserName) -> Bool { shard(user).sessions.withLock { $0[user] != nil } }

  func sessions(of user: UserName) -> [Session] {
    shard(user).sessions.withLock { $0[user].map { Array($0.values) } ?? [] }
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

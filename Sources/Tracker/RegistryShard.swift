// One shard of the registry, under one mutex. Nothing slow happens inside: whom to tell is copied out.

import GroupModel
import Synchronization

final class RegistryShard: Sendable {
  fileprivate struct Content {
    var registrations: [SessionID: Registration] = [:]
    var watchers: [SessionID: Session] = [:]

    var isForgotten: Bool { registrations.isEmpty && watchers.isEmpty }
  }

  private let contents = Mutex<[ContentKey: Content]>([:])

  /// Who is to be told: those who watch, where somebody new holds it, or somebody now holds all of it. Nobody, where
  /// they are more than `telling`.
  func put(
    _ registration: Registration, of session: SessionID, at key: ContentKey, telling: Int
  ) -> [Session] {
    contents.withLock { contents in
      let old = contents[key, default: Content()].registrations.updateValue(registration, forKey: session)
      let isNews = old == nil || (registration.pieces == .all && old?.pieces != .all)
      return isNews ? contents[key]?.others(than: session, max: telling) ?? [] : []
    }
  }

  /// Who is to be told that it is gone.
  func remove(
    _ session: SessionID, at key: ContentKey, telling: Int
  ) -> (gone: Registration, watchers: [Session])? {
    contents.withLock { contents in
      guard let gone = contents[key]?.registrations.removeValue(forKey: session) else { return nil }
      let watchers = contents[key]?.others(than: session, max: telling) ?? []
      contents.forgetIfEmpty(key)
      return (gone, watchers)
    }
  }

  func watch(_ key: ContentKey, by session: Session) {
    contents.withLock { $0[key, default: Content()].watchers[session.id] = session }
  }

  func stopWatching(_ key: ContentKey, by session: SessionID) {
    contents.withLock { contents in
      contents[key]?.watchers[session] = nil
      contents.forgetIfEmpty(key)
    }
  }

  /// A dictionary's order is another in each process but the same in each call: begin at a random place, or all
  /// members would be sent to the same few.
  func holders(of key: ContentKey, except session: SessionID, max: Int) -> [ContentHolder] {
    contents.withLock { contents in
      guard let here = contents[key]?.registrations, !here.isEmpty else { return [] }
      let skip = here.count > max ? Int.random(in: 0..<here.count) : 0
      let turned = [here.dropFirst(skip), here.prefix(skip)].joined()
      return turned.lazy.filter { $0.key != session }.prefix(max).map { $0.value.holder }
    }
  }

  func wholeHolders(of key: ContentKey, except user: UserName, max: Int) -> Set<UserName> {
    contents.withLock { contents in
      let here = contents[key]?.registrations.values.lazy.filter { $0.pieces == .all && $0.user != user }
      return Set(here?.prefix(max).map(\.user) ?? [])
    }
  }

  func isHeldWhole(_ key: ContentKey, by user: UserName, besides lineage: UInt64) -> Bool {
    contents.withLock { contents in
      contents[key]?.registrations.values.contains {
        $0.pieces == .all && $0.user == user && $0.lineage != lineage
      } ?? false
    }
  }

  func count(_ key: ContentKey) -> UInt32 {
    contents.withLock { UInt32($0[key]?.registrations.count ?? 0) }
  }

  var contentCount: Int { contents.withLock { $0.count } }

  var counts: (registrations: Int, watchers: Int) {
    contents.withLock { contents in
      contents.values.reduce((0, 0)) { ($0.0 + $1.registrations.count, $0.1 + $1.watchers.count) }
    }
  }
}

extension RegistryShard.Content {
  fileprivate func others(than session: SessionID, max: Int) -> [Session] {
    guard !watchers.isEmpty, watchers.count <= max else { return [] }
    return watchers.filter { $0.key != session }.map(\.value)
  }
}

extension [ContentKey: RegistryShard.Content] {
  fileprivate mutating func forgetIfEmpty(_ key: ContentKey) {
    if self[key]?.isForgotten == true { self[key] = nil }
  }
}

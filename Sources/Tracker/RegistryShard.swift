// One shard of the registry, under one mutex. Nothing slow happens inside.

import GroupModel
import Synchronization

final class RegistryShard: Sendable {
  private let contents = Mutex<[ContentKey: [SessionID: Registration]]>([:])

  func put(_ registration: Registration, of session: SessionID, at key: ContentKey) {
    contents.withLock { $0[key, default: [:]][session] = registration }
  }

  func remove(_ session: SessionID, at key: ContentKey) {
    contents.withLock { contents in
      contents[key]?[session] = nil
      if contents[key]?.isEmpty == true { contents[key] = nil }
    }
  }

  /// A dictionary's order is another in each process but the same in each call: begin at a random place, or all
  /// members would be sent to the same few.
  func holders(of key: ContentKey, except session: SessionID, max: Int) -> [ContentHolder] {
    contents.withLock { contents in
      guard let here = contents[key], !here.isEmpty else { return [] }
      let skip = here.count > max ? Int.random(in: 0..<here.count) : 0
      let turned = [here.dropFirst(skip), here.prefix(skip)].joined()
      return turned.lazy.filter { $0.key != session }.prefix(max).map {
        ContentHolder(user: $0.value.user, address: $0.value.address, pieces: $0.value.pieces)
      }
    }
  }

  func count(_ key: ContentKey) -> UInt32 {
    contents.withLock { UInt32($0[key]?.count ?? 0) }
  }

  var registrations: Int { contents.withLock { $0.values.reduce(0) { $0 + $1.count } } }
}

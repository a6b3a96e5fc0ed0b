// A whole tracker inside the test's process, in a directory of its own, with its insides open to be counted.

import Catalog
import Foundation
import GroupModel
import Link
import Visitors

@testable import Tracker

final class TestHouse {
  let place = Place()
  let house: House
  let mint: CertificateMint
  let port: UInt16

  /// With accounts for these people, whose password is their name: hashed cheaply, so that tests are quick.
  init(people: UserName...) throws {
    let data = try DataDirectory(making: place.path + "/data")
    let authority = try data.authority()
    mint = CertificateMint(authority: authority)
    try Self.open(people, in: data)
    house = try House(data, authority, Log(.error))
    let listening = try ListeningPort(at: SocketAddress(ip: [127, 0, 0, 1], port: 0))
    try listening.open()
    port = listening.address.port
    house.open(listening)
  }

  private static func open(_ people: [UserName], in data: DataDirectory) throws {
    let ledger = try SQLiteLedger(path: data.ledgerPath, durability: .processCrash)
    try ledger.commit { () throws(DatabaseError) in
      for user in people { try ledger.put(.cheap(user)) }
    }
  }

  deinit { house.close() }

  var office: Office { house.office }

  func visitor(_ user: UserName, lineage: UInt64 = .random(in: 1 ... .max)) throws -> Visitor {
    try Visitor(to: port, as: mint.credential(user, lineage: lineage))
  }

  /// A visitor who has followed.
  func follower(_ user: UserName) throws -> Visitor {
    let visitor = try visitor(user)
    try visitor.follow()
    return visitor
  }

  func stranger() throws -> Visitor { try Visitor(to: port) }

  /// Waits until nothing of anybody is remembered any more: what each loop and the clerk has to do for those who
  /// have gone, it does in its turns.
  func isForgotten(within seconds: Double = 20) -> Bool {
    let end = Instant.now + Int(seconds * 1000)
    while Instant.now < end {
      if counts == [0, 0, 0, 0] { return true }
      usleep(2_000)
    }
    return false
  }

  /// Sessions, followings, registrations, watchers.
  var counts: [Int] {
    let presence = office.presence.counts
    let registry = office.registry.counts
    return [presence.sessions, presence.followings, registry.registrations, registry.watchers]
  }
}

/// A directory that goes with its last user.
final class Place {
  let path: String

  init() {
    var template = Array("/tmp/p2pfs-tracker-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Account {
  static func cheap(_ user: UserName, generation: UInt32 = 1) -> Account {
    let cost = ScryptCost(log2N: 4, r: 1, p: 1)!
    let hash = try! PasswordHash.make(password: Array(user.description.utf8).span.bytes, cost: cost)
    return Account(user: user, password: hash, generation: generation)
  }
}

let alice = UserName("alice")!
let bob = UserName("bob")!
let carol = UserName("carol")!
let team = GroupName("team")!

// A member of the team with a real certificate and no manners: it listens where the tracker sends people, answers as a
// story says, and asks for what it wants.

import GroupModel
import Link
import Testing
import Visitors

final class HostileMember {
  let peer: RawPeer
  /// Keeps it online at the tracker.
  private let visitor: Visitor
  private let credential: Credential
  private let pin: Pin

  init(_ name: String, in team: Team, whenAsked: @escaping RawPeer.Asked = { _, _, _ in }) throws {
    credential = try team.mint.credential(#require(UserName(name)))
    pin = .certificate(team.mint.authority.certificate)
    peer = try RawPeer(name, as: credential, pin: pin, whenAsked: whenAsked)
    visitor = try Visitor(to: team.story.ports[0], as: credential)
    try visitor.follow(listening: peer.address.port)
  }

  deinit { visitor.leave() }

  /// The tracker tells whoever looks for it that all of it is here.
  func claims(_ source: HashedSource, in group: GroupID) throws {
    let holding = Holding(key: ContentKey(group: group, root: source.tree.root), pieces: .all)
    let answer = try visitor.ask(.announce([holding]))
    #expect(answer.refusal == nil)
  }

  func dials(_ person: Person) throws { try peer.dial(person.address, as: credential, pin: pin) }
}

extension HashedSource {
  func key(in group: GroupID) -> ContentKey { ContentKey(group: group, root: tree.root) }

  /// The answer to a request for blocks, as it should be but for what a story does to its parts.
  func answer(
    to request: BlocksRequest, hashes spoil: (inout [UInt8]) -> Void = { _ in },
    bytes change: (inout [UInt8]) -> Void = { _ in }
  ) -> [UInt8] {
    let first = Int(request.first)
    guard let piece = Subtree(piece: first / ContentLayout.blocksPerPiece, in: layout),
      let blocks = BlockRange(first..<min(first + request.count, layout.blockCount))
    else { return [] }
    var proof: [UInt8] = []
    if let uncles = request.uncles, let list = tree.hashList(of: piece, base: 0, uncleCount: uncles) {
      for hash in list.hashes + list.proof.uncles { hash.withBytes { proof += $0 } }
    }
    var block = Array(bytes(of: blocks))
    spoil(&proof)
    change(&block)
    return proof + block
  }
}

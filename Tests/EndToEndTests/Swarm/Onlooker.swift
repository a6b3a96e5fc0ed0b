// A member who has nothing of a file and wants nothing of it, and hears from another which blocks of it he gains.

import GroupModel
import Link
import Testing
import Visitors

final class Onlooker {
  private let member: HostileMember

  init(_ name: String, in team: Team) throws {
    member = try HostileMember(name, in: team) { line, request, exchange in
      if case .join = request { line.answerJoin(exchange, HeldBlocks.none) }
    }
  }

  func watches(_ person: Person, _ source: HashedSource, in group: GroupID) throws {
    try member.dials(person)
    member.peer.ask(.join(source.key(in: group), size: UInt64(source.layout.fileBytes)))
    try member.peer.record.wait(for: "an answer") { !$0.answers.isEmpty }
  }

  /// What is known to be verified and kept there.
  func held(of layout: ContentLayout) -> BlockRuns {
    let record = member.peer.record.now
    var held = BlockRuns()
    for answer in record.answers where answer.kind == PeerKind.join {
      held.formUnion((try? HeldBlocks(answer: answer.body.span.bytes))?.blocks(in: layout) ?? BlockRuns())
    }
    for case .gained(_, let blocks) in record.pushes {
      held.formUnion(blocks.blocks(in: layout) ?? BlockRuns())
    }
    return held
  }
}

// A line before it is known who is at its other end: it costs little, has ten seconds, and makes room for others
// when there are too many like it.

internal import GroupModel
internal import Link

final class Newcomer {
  /// Where it was dialled; nil where the other end dialled.
  let dialled: PeerAddress?
  private unowned let roster: Roster
  var line: Connection?

  init(dialled: PeerAddress?, _ roster: Roster) {
    self.dialled = dialled
    self.roster = roster
  }
}

extension Newcomer: Party {
  func lineOpened(_ line: Connection) { roster.met(self, line) }

  func line(_ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan) throws(Malformed) {
    throw Malformed("a request before its sender was known")
  }

  func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {
    throw Malformed("a push before its sender was known")
  }

  func lineEnded(_ line: Connection, because end: LineEnd) { roster.newcomerEnded(self, because: end) }
}

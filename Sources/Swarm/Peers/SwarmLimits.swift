// What a member puts up with from others, and gives them. What is bounded here is what all peers together cost.

package struct SwarmLimits: Sendable {
  /// Bytes a second; nil for no limit.
  package var upRate: Int?
  package var downRate: Int?
  /// How long a fetch may go on without a block of it coming.
  package var readMilliseconds = 30_000

  /// Lines to peers, of either direction.
  package var linesMax = 128
  /// Lines whose other end has not said yet who it is.
  package var strangersMax = 64
  /// How many peers are dialled for one content.
  package var linesPerContent = 8
  /// A line on which nothing is asked and no content joined is let go after this.
  package var idleMilliseconds = 300_000
  /// How often idle lines, and those whose certificate has ended, are looked for.
  package var sweepMilliseconds = 10_000
  /// How many contents one peer may join.
  package var joinsMax = 1024

  /// Bytes asked for and not yet verified, from all peers together.
  package var inFlightBytesMax = 96 << 20
  /// So much of an answer may wait on one line before the next is read from the disk.
  package var unsentBytesMax = 512 << 10
  package var servingThreads = 2
  package var verifyingThreads = 1
  /// What is gained is told to those who joined after so long, not block by block.
  package var tellMilliseconds = 50

  package init() {}
}

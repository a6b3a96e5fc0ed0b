// How much a party puts up with. What is bounded here is what one line can cost.

package struct LineLimits: Sendable {
  /// A message may be so long. Raised when the other end has said who it is.
  package var bodyBytesMax = 8 << 10
  /// While so much waits to be sent, nothing more is read from the other end.
  package var unsentBytesPause = 256 << 10
  /// With more than this unsent, the line ends.
  package var unsentBytesMax = 2 << 20
  /// So many requests may wait for our answers before nothing more is read.
  package var unansweredMax = 256
  /// From the connection to the end of the handshake.
  package var openMilliseconds = 10_000
  /// From a message's first byte to its last.
  package var messageMilliseconds = 30_000
  /// Unsent bytes must move within this time; and all be gone within it, once we are done.
  package var sendMilliseconds = 30_000
  /// After so long without a byte we ask whether the other end is there, after three times that it is not.
  package var heartbeatMilliseconds = 10_000
  /// How long we wait for the other end to hang up, after the last byte and our goodbye.
  package var lingerMilliseconds = 1_000

  package init() {}
}

// What `status` and `peers` show of the swarm.

package import GroupModel
package import Link

package struct PeerStatistics: Sendable {
  package let peer: PeerID
  package let address: SocketAddress
  package let isDialledByUs: Bool
  package let sentBytes: Int
  package let receivedBytes: Int
  /// Bytes a second, now.
  package let sendRate: Int
  package let receiveRate: Int
  /// What it is that goes there and comes from there, a moment ago, and how fast.
  package let sending: [ContentKey: Int]
  package let receiving: [ContentKey: Int]
  package let roundTripMilliseconds: Double?
  /// It has let us wait in vain.
  package let isSnubbed: Bool
}

package struct ContentStatistics: Sendable {
  package let key: ContentKey
  package let fileBytes: Int
  package let heldBlocks: Int
  /// Peers on a line with us that hold something of it that is not here.
  package let sources: Int
  /// What these have sent us, of any content.
  package let sourcesSentBytes: Int
  package let isDownloading: Bool
  /// Somebody waits for some of it, or for all.
  package let isWanted: Bool
  package let counters: FetchCounters
}

package struct SwarmStatistics: Sendable {
  package let peers: [PeerStatistics]
  /// Those that are wanted, or were a moment ago.
  package let contents: [ContentStatistics]
  package let counters: FetchCounters
  package let sentBytes: Int
  /// Requests of others that were refused.
  package let refusals: Int
  /// Lines that were turned away after their handshake.
  package let refusedLines: Int
  /// Memory that is lent for bodies of messages.
  package let lentBytes: Int
  /// Peers that are not spoken to again: they sent what was not the content's.
  package let liars: Int
  /// From asking a peer for blocks to having them, verified.
  package let requestTimes: Histogram
  /// Everything on the lines to peers.
  package let traffic: Traffic
}

// What a daemon says of itself.

import Swarm

struct DaemonReport: Hashable, Sendable {
  /// A file on its way here.
  struct Transfer: Hashable, Sendable {
    let label: String
    let doneBytes: UInt64
    let totalBytes: UInt64
    /// Bytes a second, now.
    var rate = 0
    /// Who is connected and has something of it that is not here.
    var sources = 0

    var bytesPerSecond: UInt64 { UInt64(clamping: rate) }
  }

  /// A line to another member.
  struct Peer: Hashable, Sendable {
    /// A file, and how fast it goes.
    struct Flow: Hashable, Sendable {
      let label: String
      let rate: Int
    }

    let user: String
    let address: String
    /// Since the line was opened.
    let sentBytes: Int
    let receivedBytes: Int
    let sendRate: Int
    let receiveRate: Int
    let roundTripMicroseconds: Int?
    /// It has let us wait in vain.
    let isSlow: Bool
    /// What it gets from here, and what it sends; the fastest first.
    let sends: [Flow]
    let receives: [Flow]
  }

  let listening: String
  /// How many peers there are.
  let peers: Int
  let sendRate: Int
  let receiveRate: Int
  let cachedBytes: Int
  let cacheBytesMax: Int
  /// Since the daemon began.
  let sentBytes: Int
  let fetched: FetchCounters
  /// Whole files on their way, to a place of the user's or into the cache.
  let transfers: [Transfer]
  /// What programs read in the mount, and is not here yet.
  var reads: [Transfer] = []
  var connections: [Peer] = []
  /// The tracker that serves it now.
  var tracker: String?
  /// Where the groups are shown as directories.
  var mounted: String?
  /// What is closed there and waits to be published.
  var pending: [String] = []
  /// What people should know and did not ask for.
  var events: [Event] = []

  struct Event: Hashable, Sendable {
    let time: Int64
    let text: String
  }
}

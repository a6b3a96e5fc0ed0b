// When the pieces of one content were last used: what eviction goes by.

internal import Glibc

/// Milliseconds of the calendar, so that the order outlives a restart; a clock that jumps costs some bad choices.
typealias UseTime = Int64

struct PieceUses: Sendable {
  private var times: [UInt32: UseTime] = [:]
  /// For pieces that were not used since the content was opened.
  private(set) var earliest: UseTime = 0
  private(set) var latest: UseTime = 0
  /// How many wait for a piece, to read it when it has come.
  private var waiting: [UInt32: Int] = [:]
  /// How many wait for more than can be counted piece by piece.
  private var waitingForAll = 0
  private static let countedMax = 4096

  init(openedAfter earliest: UseTime = 0) {
    self.earliest = earliest
    latest = earliest
  }

  static var now: UseTime {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME_COARSE, &time)
    return Self.time(time)
  }

  static func time(_ time: timespec) -> UseTime {
    UseTime(time.tv_sec) * 1000 + UseTime(time.tv_nsec) / 1_000_000
  }

  mutating func touch(_ pieces: Range<UInt32>, _ time: UseTime) {
    for piece in pieces { times[piece] = time }
    latest = max(latest, time)
  }

  func time(of piece: UInt32) -> UseTime { times[piece] ?? earliest }

  func isAwaited(_ piece: UInt32) -> Bool { waitingForAll > 0 || waiting[piece] != nil }

  mutating func beginWaiting(for pieces: Range<UInt32>) {
    guard pieces.count <= Self.countedMax else { return waitingForAll += 1 }
    for piece in pieces { waiting[piece, default: 0] += 1 }
  }

  mutating func endWaiting(for pieces: Range<UInt32>) {
    guard pieces.count <= Self.countedMax else { return waitingForAll -= 1 }
    for piece in pieces {
      let others = (waiting[piece] ?? 1) - 1
      waiting[piece] = others > 0 ? others : nil
    }
  }

  mutating func forget(_ pieces: Range<UInt32>) {
    for piece in pieces { times[piece] = nil }
  }
}

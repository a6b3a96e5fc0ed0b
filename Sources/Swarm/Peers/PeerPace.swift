// How fast one peer answers, and so how much to ask of it at once and when an answer is late: a pure value, fed
// with what was asked and what came.

internal import GroupModel
internal import Link

struct PeerPace {
  /// Bytes a second, as measured while something was asked for; 0 while nothing has come yet.
  private(set) var rate = 0.0
  /// Of a small request that had nothing before it, in seconds.
  private(set) var roundTrip: Double?
  private(set) var deviation = 0.0
  /// Asked for, and not yet here.
  private(set) var outstandingBytes = 0
  private(set) var outstandingRequests = 0
  private(set) var deliveredBytes = 0
  private(set) var lastDelivered: Instant?
  var lastAnswered: Ticket?
  /// Answers that were waited for in vain, since the last one that came.
  private(set) var lateInARow = 0

  private var windowCount = 0
  private var windowBegan: Instant = .never
  private var windowBytes = 0

  /// After so many it is asked for no more than a block at a time, until one comes.
  private static let lateMax = 2

  var isSnubbed: Bool { lateInARow >= Self.lateMax }

  mutating func asked(_ bytes: Int, now: Instant) {
    if outstandingRequests == 0 {
      windowBegan = now
      windowBytes = 0
    }
    outstandingBytes += bytes
    outstandingRequests += 1
  }

  /// Nothing will come of it.
  mutating func failed(_ bytes: Int) {
    outstandingBytes -= bytes
    outstandingRequests -= 1
  }

  mutating func delivered(_ bytes: Int, now: Instant) {
    outstandingBytes -= bytes
    outstandingRequests -= 1
    deliveredBytes += bytes
    lastDelivered = now
    lateInARow = 0
    windowBytes += bytes
    measureRate(now)
  }

  /// Over at least this long: what one wake-up brings says nothing.
  private static let windowSeconds = 0.02

  /// TCP begins slowly: what comes at first says little of what could come.
  private var isBeginning: Bool { windowCount < 10 }

  private mutating func measureRate(_ now: Instant) {
    let seconds = Self.seconds(from: windowBegan, to: now)
    guard seconds >= max(Self.windowSeconds, roundTrip ?? 0) || outstandingRequests == 0 && rate == 0 else {
      return
    }
    let measured = Double(windowBytes) / max(seconds, 1e-4)
    let weight = rate == 0 || isBeginning && measured > rate ? 1 : min(1, 0.3 + seconds)
    rate += (measured - rate) * weight
    windowCount += 1
    windowBegan = now
    windowBytes = 0
  }

  /// As TCP does it (RFC 6298).
  mutating func roundTrip(took seconds: Double) {
    guard let old = roundTrip else {
      roundTrip = seconds
      deviation = seconds / 2
      return
    }
    deviation += (abs(seconds - old) - deviation) / 4
    roundTrip = old + (seconds - old) / 8
  }

  mutating func wasLate() { lateInARow += 1 }

  static func seconds(from earlier: Instant, to later: Instant) -> Double {
    later > earlier ? Double(later.nanoseconds - earlier.nanoseconds) / 1e9 : 0
  }
}

// How much to ask for.
extension PeerPace {
  private static let blockBytes = Double(ContentLayout.blockBytes)
  private static let firstBytes = 512.0 * 1024
  private static let leastBytes = 128.0 * 1024
  private static let requestsMax = 128
  private static let bytesMax = 32.0 * Double(1 << 20)

  /// How many bytes may be outstanding. While somebody reads, what is fetched ahead of him is kept short, so that
  /// a seek need not wait until it has drained.
  func depth(whileReading isReading: Bool) -> Int {
    guard !isSnubbed else { return ContentLayout.blockBytes }
    guard rate > 0 else { return Int(isReading ? Self.firstBytes / 2 : Self.firstBytes) }
    let trip = roundTrip ?? 0.05
    // What is asked for is nobody else's to ask for: where a group fetches together, depth is what is fetched twice.
    let seconds = max(isReading ? 2 * trip : 4 * trip, 0.1)
    let least = isReading ? 2 * Self.blockBytes : isBeginning ? Self.firstBytes : Self.leastBytes
    return Int(min(Self.bytesMax, max(least, rate * seconds)))
  }

  func hasRoom(whileReading isReading: Bool) -> Bool {
    outstandingRequests < Self.requestsMax && outstandingBytes < depth(whileReading: isReading)
  }

  /// So many blocks that each answer takes some twenty milliseconds: fewer would cost calls, more would make what is
  /// urgent wait behind them, and a slow peer's answers seem to be lost.
  /// The first of a row is a single one: it is here, and says how long the way is, while the rest still comes.
  func requestBlocks(whileReading isReading: Bool) -> Int {
    guard !isSnubbed, outstandingRequests > 0 else { return 1 }
    guard rate > 0 else { return isReading ? 4 : 8 }
    let blocks = Int(rate * (isReading ? 0.005 : 0.02) / Self.blockBytes)
    return max(isReading || rate < 1e6 ? 1 : 2, min(blocks, ContentLayout.blocksPerPiece))
  }
}

// When to expect it.
extension PeerPace {
  /// What is believed of a peer that has not delivered yet: 4 MB/s.
  private static let rateGuess = 4e6

  /// Seconds until `bytes` more would be here if they were asked for now.
  func expectedSeconds(for bytes: Int) -> Double {
    Double(outstandingBytes + bytes) / (rate > 0 ? rate : Self.rateGuess) + (roundTrip ?? 0.02)
  }

  /// A request for which somebody waits is repeated elsewhere after this.
  func patienceSeconds(outstanding bytes: Int, waitedFor isWaitedFor: Bool) -> Double {
    let trip = roundTrip ?? 0.1
    let transfer = Double(bytes) / (rate > 0 ? rate : Self.rateGuess)
    let floor = isWaitedFor ? max(0.05, trip) : 2
    return max(floor, trip + 4 * deviation + transfer * 1.5)
  }
}

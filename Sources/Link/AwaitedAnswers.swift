// The answers that a line waits for, each until its own deadline. Thousands may be awaited at once, so what is
// due next stands in a heap; one that was answered stays in there until it comes up, or until most are such.

struct AwaitedAnswers {
  /// So many answers may be later than they were wanted before the other end counts as not answering at all.
  private static let lateMax = 4096

  private var waiting: [UInt32: Connection.Answered] = [:]
  private var deadlines = Timers<UInt32>()
  /// Nobody waits for these any longer, but they may still come, and are no stranger's invention then.
  private var late: Set<UInt32> = []

  enum Match {
    case awaited(Connection.Answered)
    case late
    case unknown
  }

  var nextDeadline: Instant { deadlines.next }

  /// How many deadlines are kept, of those that were met too.
  var remembered: Int { deadlines.count }

  var tooManyAreLate: Bool { late.count > Self.lateMax }

  mutating func add(_ exchange: UInt32, until deadline: Instant, _ answered: @escaping Connection.Answered) {
    waiting[exchange] = answered
    deadlines.add(at: deadline, exchange)
  }

  mutating func match(_ exchange: UInt32) -> Match {
    guard let answered = waiting.removeValue(forKey: exchange) else {
      return late.remove(exchange) == nil ? .unknown : .late
    }
    if deadlines.count > 2 * waiting.count + 64 { forgetAnswered() }
    return .awaited(answered)
  }

  private mutating func forgetAnswered() {
    if waiting.isEmpty { waiting = [:] }
    let waiting = waiting
    deadlines.removeAll { waiting[$0] == nil }
  }

  /// One whose deadline has passed; to be asked until there is none.
  mutating func popLate(_ now: Instant) -> Connection.Answered? {
    while let exchange = deadlines.popDue(now) {
      guard let answered = waiting.removeValue(forKey: exchange) else { continue }
      late.insert(exchange)
      return answered
    }
    return nil
  }

  /// All of them, in the order in which they were asked.
  mutating func takeAll() -> [Connection.Answered] {
    defer { self = AwaitedAnswers() }
    return waiting.sorted { $0.key < $1.key }.map(\.value)
  }
}

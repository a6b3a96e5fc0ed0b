// A member's line to whichever tracker serves: finds it, finds the next one when it is gone, and asks again what
// was not answered. Every request can be asked twice: those that change something bear an id.

internal import Glibc
package import GroupModel
package import Link
internal import Synchronization

/// Why a tracker could not be asked.
package enum TrackerTrouble: Error, Equatable, Sendable {
  /// None answered in time; the reason is the last one that was seen.
  case noTracker(LineEnd?)
  /// A tracker answers, but in the name of another authority than the one that is pinned.
  case otherAuthority(seen: Fingerprint)
  /// Our certificate has expired, or is not this network's.
  case loginEnded
  /// What it says is no message of ours.
  case malformed
}

/// Whoever wants to hear more than answers. Told on the line's own thread; must not wait there.
package protocol TrackerListener: AnyObject, Sendable {
  /// A tracker was reached, for the first time or again: it knows nothing yet of what was told to the last one.
  func trackerReached()
  func trackerLost()
  /// Nobody but strangers answers where the trackers should be; said when it is news.
  func trackerIsForeign(_ change: AuthorityChange)
  func trackerSays(_ push: TrackerPush)
}

/// ## Concurrency model
/// `ask`, `useCredential` and `close` are for every thread but the loop's own; the rest lives on the loop, which
/// belongs to this line alone.
package final class TrackerLine: @unchecked Sendable {
  package typealias Answered = @Sendable (Result<TrackerAnswer, TrackerTrouble>) -> Void

  private struct Wish {
    /// nil for one who only wants the line to be there.
    let message: (kind: UInt8, body: [UInt8])?
    /// Not beyond the moment when all trackers were tried in vain.
    var isBrief = false
    let began = Instant.now
    let deadline: Instant
    var sending: @Sendable () -> Void = {}
    let answered: Answered
  }

  /// How long one tracker may take to shake hands before the next is tried.
  private static let openMilliseconds = 3_000
  private static let pauseMilliseconds = 100
  /// A wish has a deadline of its own, over as many lines as it takes; none of its lines needs another.
  private static let noDeadline = 3_600_000

  private let loop = EventLoop(name: "tracker-line")
  private let trackers: [TrackerAddress]
  private var credential: Credential?
  private var pin: Pin
  private var context: TLSContext?
  private var line: Connection?
  private var wishes: [UInt64: Wish] = [:]
  private var lastWish: UInt64 = 0
  /// Whose turn it is; the one that served last is tried first.
  private var turn = 0
  /// Where else the tracker whose turn it is may be: a name can stand for several addresses.
  private var otherAddresses: [SocketAddress] = []
  private var isLookingUp = false
  private var failedInARow = 0
  private var lastEnd: LineEnd?
  private var isPausing = false
  private var pauses: UInt64 = 0
  /// Whoever asks something meanwhile need not wait for the end of a pause, but for this.
  private var nextDial = Instant.now
  /// nil while one is reached, and before the first was tried.
  private let lostSince = Mutex<Instant?>(nil)
  let seen = Mutex<Certificate?>(nil)
  private let reached = Mutex<TrackerAddress?>(nil)
  /// The line was begun with another credential than that of now.
  private var isOutdated = false
  private let hasEnded = Atomic(false)
  /// Met since one was reached last, or since all were tried.
  private var stranger: AuthorityChange?
  private let foreign = Mutex<AuthorityChange?>(nil)
  /// Of what was answered, refusals too.
  package let answerTimes = Histogram()
  private weak var listener: (any TrackerListener)?

  package init(to trackers: [TrackerAddress], as credential: Credential?, trusting pin: Pin) {
    precondition(!trackers.isEmpty, "a network has a tracker")
    self.trackers = trackers
    self.credential = credential
    self.pin = pin
    loop.start()
  }

  /// From now on the line is kept up, whether or not anybody asks something.
  package func keepUp(for listener: any TrackerListener) {
    loop.post { [self] in
      self.listener = listener
      line?.isOpen == true ? listener.trackerReached() : dial()
    }
  }

  /// The one that serves us now.
  package var serving: TrackerAddress? { reached.withLock { $0 } }

  /// Where, when all were tried last, somebody answered in the name of another authority, and none of ours did.
  package var authorityChange: AuthorityChange? { foreign.withLock { $0 } }

  /// Whether a tracker has said so of the credential of now.
  package var loginHasEnded: Bool { hasEnded.load(ordering: .relaxed) }

  /// How long a command may wait for a tracker: with several, long enough for one to take over.
  package var patienceMilliseconds: Int { trackers.count > 1 ? 10_000 : 5_000 }

  /// Whether none was reached in all that time, though it was tried.
  package func isLost(for milliseconds: Int) -> Bool {
    lostSince.withLock { lost in lost.map { $0 + milliseconds < .now } ?? false }
  }

  package func close() {
    loop.post { [self] in
      line?.close()
      line = nil
    }
    loop.stop()
  }

  package var traffic: Traffic { loop.traffic }

  /// A renewed one from the next line on. Another login's at once, and so is one that takes the place of a login that has
  /// ended: a tracker goes by what a line was opened with.
  package func useCredential(_ credential: Credential) {
    loop.post { [self] in
      let isOther = PeerID(credential.certificate.holder) != PeerID(self.credential?.certificate.holder)
      self.credential = credential
      context = nil
      isOutdated = line != nil
      if hasEnded.exchange(false, ordering: .relaxed) || isOther { leaveLine() }
      // Who was turned away with the old one has stopped dialling; who was cut off for its sake is pausing.
      endPause(pauses)
      dial()
    }
  }
}

// Asking.
extension TrackerLine {
  /// Waits until a tracker is reached, or all were tried once.
  package func tryAll(within milliseconds: Int) throws(TrackerTrouble) {
    let awaited = Awaited()
    post(
      Wish(message: nil, isBrief: true, deadline: .now + milliseconds, answered: { awaited.come($0) }))
    _ = try awaited.wait().get()
  }

  /// `answered` is called on the loop's thread, with `.done` when a tracker is reached.
  package func reach(within milliseconds: Int, _ answered: @escaping Answered) {
    let wish = Wish(message: nil, deadline: .now + milliseconds, answered: answered)
    post(wish)
  }

  /// `answered` is called on the loop's thread, and so is `sending`, before each time that it is written to a line: what
  /// was never sent was certainly never heard.
  package func ask(
    _ request: TrackerRequest, within milliseconds: Int? = nil, sending: @escaping @Sendable () -> Void = {},
    _ answered: @escaping Answered
  ) {
    var writer = WireWriter()
    request.write(to: &writer)
    let deadline = Instant.now + (milliseconds ?? patienceMilliseconds)
    let wish = Wish(
      message: (request.kind, writer.bytes), deadline: deadline, sending: sending, answered: answered)
    post(wish)
  }

  /// A line that was closed answers nobody any more.
  private func post(_ wish: Wish) {
    let isTaken = loop.post { [self] in take(wish) }
    if !isTaken { wish.answered(.failure(.noTracker(nil))) }
  }

  private func take(_ wish: Wish) {
    lastWish += 1
    let number = lastWish
    wishes[number] = wish
    loop.after(milliseconds: wish.deadline.milliseconds(after: .now)) { [weak self] in self?.giveUp(number) }
    line?.isOpen == true ? send(number) : dialSoon()
  }

  private func send(_ number: UInt64) {
    guard let line, let wish = wishes[number] else { return }
    guard let message = wish.message else {
      wishes[number] = nil
      return wish.answered(.success(.done))
    }
    wish.sending()
    line.ask(message.kind, message.body, within: Self.noDeadline) { [weak self] result in
      if case .success(let answer) = result { self?.settle(number, asked: message.kind, answer) }
    }
  }

  private func settle(_ number: UInt64, asked: UInt8, _ message: (kind: UInt8, body: [UInt8])) {
    guard let wish = wishes[number] else { return }
    var reader = WireReader(message.body.span.bytes)
    let isExpected = message.kind == asked || message.kind == TrackerKind.refusal
    let answer = isExpected ? try? TrackerAnswer(kind: message.kind, reading: &reader) : nil
    if answer == .refused(.loginEnded) {
      // It was said of a login that is not ours any more.
      guard !isOutdated else { return leaveLine() }
      hasEnded.store(true, ordering: .relaxed)
    }
    wishes[number] = nil
    answerTimes.record(since: wish.began)
    wish.answered(answer.map { .success($0) } ?? .failure(.malformed))
  }

  private func giveUp(_ number: UInt64) {
    guard let wish = wishes.removeValue(forKey: number) else { return }
    if let authorityChange { return wish.answered(.failure(.otherAuthority(seen: authorityChange.seen))) }
    wish.answered(.failure(.noTracker(line == nil ? lastEnd : .timedOut(.answer))))
  }

  private func failAll(_ trouble: TrackerTrouble) { failAll(trouble) { _ in true } }

  private func failAll(_ trouble: TrackerTrouble, _ isMeant: (Wish) -> Bool) {
    let failed = wishes.filter { isMeant($0.value) }
    for number in failed.keys.sorted() {
      wishes[number] = nil
      failed[number]?.answered(.failure(trouble))
    }
  }
}

// Finding a tracker.
extension TrackerLine {
  private func dial() {
    guard line == nil, !isLookingUp, !isPausing, !wishes.isEmpty || listener != nil else { return }
    otherAddresses.isEmpty
      ? lookUp(trackers[turn % trackers.count]) : connect(to: otherAddresses.removeFirst())
  }

  private func dialSoon() {
    guard isPausing else { return dial() }
    guard nextDial > .now else {
      endPause(pauses)
      return dial()
    }
    loop.after(milliseconds: nextDial.milliseconds(after: .now)) { [weak self, number = pauses] in
      self?.endPause(number)
      self?.dial()
    }
  }

  private func endPause(_ number: UInt64) {
    guard number == pauses else { return }
    pauses += 1
    isPausing = false
  }

  /// On a thread of its own: a resolver that is away would hold up the loop, and with it everybody's deadline.
  private func lookUp(_ tracker: TrackerAddress) {
    isLookingUp = true
    _ = WorkerThread("lookup") { [self] in
      // Nobody waits for its end.
      pthread_detach(pthread_self())
      let found = SocketAddress.resolve(host: tracker.host, port: tracker.port)
      loop.post { [self] in
        isLookingUp = false
        otherAddresses = found
        found.isEmpty ? lineFailed(.unreachable(errno: EHOSTUNREACH)) : dial()
      }
    }
  }

  private func connect(to address: SocketAddress) {
    isOutdated = false
    guard let context = makeContext() else { return failAll(.loginEnded) }
    var limits = LineLimits()
    limits.openMilliseconds = Self.openMilliseconds
    limits.bodyBytesMax = FrameHeader.bodyBytesMax
    do throws(SocketError) {
      line = try .connect(to: address, on: loop, context, limits: limits, for: self)
    } catch {
      lineFailed(.unreachable(errno: error.errno))
    }
  }

  /// What was asked there and not answered is asked on the next one.
  private func leaveLine() {
    guard let old = line else { return }
    line = nil
    old.end(because: .closed)
    reached.withLock { $0 = nil }
    listener?.trackerLost()
    dial()
  }

  private func makeContext() -> TLSContext? {
    if context == nil { context = TLSContext(.client, speaking: .tracker, as: credential, trusting: pin) }
    return context
  }

  private func lineFailed(_ end: LineEnd) {
    line = nil
    lastEnd = end
    lostSince.withLock { $0 = $0 ?? .now }
    if case .otherAuthority(let seen) = end { stranger = AuthorityChange(from: pin, to: seen) ?? stranger }
    if let trouble = Self.finalTrouble(end), !(trouble == .loginEnded && isOutdated) {
      if trouble == .loginEnded { hasEnded.store(true, ordering: .relaxed) }
      return failAll(trouble)
    }
    guard otherAddresses.isEmpty else { return dial() }
    turn += 1
    failedInARow += 1
    if failedInARow % trackers.count == 0 { endRound(end) }
    // One after the other without delay, then a pause: a tracker that stands by needs a moment to take over.
    // Who only keeps up, with nobody waiting, has more time.
    let rounds = failedInARow / trackers.count
    let patient = wishes.isEmpty ? min(rounds, 50) * Self.pauseMilliseconds : Self.pauseMilliseconds
    let pause = failedInARow % trackers.count == 0 ? patient : 0
    isPausing = true
    nextDial = .now + min(pause, Self.pauseMilliseconds)
    loop.after(milliseconds: pause) { [weak self, number = pauses] in
      self?.endPause(number)
      self?.dial()
    }
  }

  /// All were tried in vain. Trackers that are away may come yet; where strangers answer in their place nobody waits.
  private func endRound(_ end: LineEnd) {
    let met = stranger
    stranger = nil
    let known = foreign.withLock { foreign in
      defer { foreign = met }
      return foreign
    }
    guard let met else { return failAll(.noTracker(end), \.isBrief) }
    if met != known { listener?.trackerIsForeign(met) }
    failAll(.otherAuthority(seen: met.seen))
  }

  /// What no other tracker of the network would answer differently.
  private static func finalTrouble(_ end: LineEnd) -> TrackerTrouble? {
    switch end {
    case .turnedAway: .loginEnded
    case .malformed: .malformed
    default: nil
    }
  }
}

extension TrackerLine: Party {
  package func lineOpened(_ line: Connection) {
    reached.withLock { $0 = trackers[turn % trackers.count] }
    lostSince.withLock { $0 = nil }
    stranger = nil
    foreign.withLock { $0 = nil }
    failedInARow = 0
    otherAddresses = []
    if let authority = line.takeAuthority() { meet(authority) }
    listener?.trackerReached()
    for number in wishes.keys.sorted() { send(number) }
  }

  /// Whoever was believed at first sight is held to it from now on.
  private func meet(_ authority: Certificate) {
    seen.withLock { $0 = authority }
    guard pin == .nothingYet else { return }
    pin = .certificate(authority)
    context = nil
  }

  package func line(
    _ line: Connection, asks kind: UInt8, _ exchange: UInt32, _ body: RawSpan
  ) throws(Malformed) {
    throw Malformed("a request of the tracker, which makes none")
  }

  package func line(_ line: Connection, pushes kind: UInt8, _ body: RawSpan) throws(Malformed) {
    var reader = WireReader(body)
    let push = try TrackerPush(kind: kind, reading: &reader)
    listener?.trackerSays(push)
  }

  package func lineEnded(_ line: Connection, because end: LineEnd) {
    guard self.line === line else { return }
    reached.withLock { $0 = nil }
    listener?.trackerLost()
    lineFailed(end)
  }
}

// A network in virtual time: queues as they are, with links, disks and other members made up. A minute of it takes
// a moment, and one seed gives one run.

import TestSupport
import GroupModel
import Link
import Testing
import Visitors

@testable import Swarm

final class Simulation {
  private struct Event {
    let due: Instant
    let number: Int
    let run: () -> Void
  }

  private(set) var now = Instant(nanoseconds: 1_000_000_000)
  private var events: [Event] = []
  private var count = 0
  private(set) var members: [PeerID: SimulatedMember] = [:]
  var random: Splitmix
  let layout: ContentLayout
  let key = ContentKey(group: GroupID(1), root: ContentRoot(.zero))

  init(fileBytes: Int, seed: UInt64) {
    layout = ContentLayout(fileBytes: fileBytes)!
    random = Splitmix(state: seed)
  }

  func after(_ seconds: Double, _ run: @escaping () -> Void) {
    count += 1
    let due = Instant(nanoseconds: now.nanoseconds + UInt64(max(0, seconds) * 1e9))
    let event = Event(due: due, number: count, run: run)
    var low = 0
    var high = events.count
    // The soonest stands last.
    while low < high {
      let middle = (low + high) / 2
      let isLater = (events[middle].due, events[middle].number) > (due, count)
      if isLater { low = middle + 1 } else { high = middle }
    }
    events.insert(event, at: low)
  }

  func join(
    _ name: String, held: BlockRuns = BlockRuns(), bytesPerSecond: Double, latency: Double,
    limits: SwarmLimits = SwarmLimits()
  ) -> SimulatedMember {
    let id = PeerID(user: UserName(name)!, lineage: UInt64(members.count + 1))
    let member = SimulatedMember(
      id, self, held: held, bytesPerSecond: bytesPerSecond, latency: latency, limits)
    members[id] = member
    return member
  }

  /// Everybody has a line to everybody.
  func connectAll() {
    for one in members.values.sorted(by: { $0.id < $1.id }) {
      for other in members.values.sorted(by: { $0.id < $1.id }) where one !== other { one.meet(other) }
    }
  }

  var seconds: Double { Double(now.nanoseconds - 1_000_000_000) / 1e9 }

  /// Until `isOver`, or nothing happens any more, or it takes longer than that.
  func run(atMost seconds: Double, until isOver: () -> Bool) {
    while !isOver(), self.seconds < seconds, let event = events.popLast() {
      now = max(now, event.due)
      event.run()
    }
  }
}

/// One member: a real queue, and a made-up disk and uplink.
final class SimulatedMember: FetchLines {
  enum Manners {
    case honest, lying, mute
  }

  private struct Waiting {
    let from: SimulatedMember
    let ticket: Ticket
    let wanted: WantedBlocks
  }

  let id: PeerID
  private unowned let network: Simulation
  private(set) var queue: FetchQueue!
  private(set) var content: FetchedContent!
  private let bytesPerSecond: Double
  let latency: Double
  var manners = Manners.honest
  private(set) var sentBytes = 0
  private(set) var isGone = false
  private var waiting: [Waiting] = []
  private var isSending = false
  private var told = BlockRuns()
  private(set) var askedOf: [PeerID: Int] = [:]
  private(set) var dropped: [PeerID] = []

  init(
    _ id: PeerID, _ network: Simulation, held: BlockRuns, bytesPerSecond: Double, latency: Double,
    _ limits: SwarmLimits
  ) {
    self.id = id
    self.network = network
    self.bytesPerSecond = bytesPerSecond
    self.latency = latency
    queue = FetchQueue(as: id, limits: limits, lines: self, seed: network.random.next(), now: network.now)
    content = queue.open(network.key, network.layout, held: held, now: network.now)
    content.isBeingLocated = false
    told = held
    tell()
    tick()
  }

  func meet(_ other: SimulatedMember) {
    queue.peerCame(other.id)
    let held = other.content.held
    network.after(latency + other.latency) { [self] in
      queue.answered(
        other.id,
        after: Instant(nanoseconds: network.now.nanoseconds - UInt64((latency + other.latency) * 1e9)),
        now: network.now)
      queue.peerHolds(other.id, held, of: content)
      turn()
    }
  }

  /// As the loop does it: after everything that happens.
  private func turn() {
    if !isGone { queue.pump(now: network.now) }
  }

  /// Time goes by for a queue every few milliseconds, if something is due.
  private func tick() {
    network.after(0.005) { [weak self] in
      guard let self, !isGone else { return }
      if queue.nextDue <= network.now { queue.timePassed(now: network.now) }
      tick()
    }
  }

  private func bytesMissing(of blocks: BlockRange) -> Int {
    content.held.gaps(in: blocks.indices).runs.reduce(0) { sum, run in
      sum + (BlockRange(run).map { network.layout.bytes(of: $0).count } ?? 0)
    }
  }

  private func tell() {
    network.after(0.05) { [weak self] in
      guard let self, !isGone else { return }
      let gained = difference()
      if !gained.isEmpty {
        told.formUnion(gained)
        for other in network.members.values where other !== self && !other.isGone {
          network.after(latency + other.latency) {
            other.queue.peerGained(self.id, gained, of: other.content)
            other.turn()
          }
        }
      }
      tell()
    }
  }

  private func difference() -> BlockRuns {
    var new = content.held
    new.subtract(told)
    return new
  }

  func vanish() {
    isGone = true
    for other in network.members.values where other !== self && !other.isGone {
      other.queue.peerLeft(id)
      other.turn()
    }
  }

  func downloads() -> Awaitable<[Outcome]> {
    let outcome = Awaitable<[Outcome]>([])
    queue.fetchAll(DemandID(number: UInt64(bitPattern: Int64(network.seconds * 1e9)) | 1), of: content) {
      result in
      outcome.change { $0.append(Outcome(result)) }
    }
    network.after(0) { self.turn() }
    return outcome
  }

  func reads(
    _ blocks: Range<Int>, _ urgency: Urgency = .now, id: UInt64, _ done: @escaping (Outcome, Double) -> Void
  ) {
    let began = network.seconds
    queue.fetch(DemandID(number: id), BlockRange(blocks)!, of: content, urgency, now: network.now) { result in
      done(Outcome(result), self.network.seconds - began)
    }
    turn()
  }

  // What the queue has done.

  func ask(_ peer: PeerID, _ wanted: WantedBlocks, _ ticket: Ticket) {
    askedOf[peer, default: 0] += wanted.blocks.count
    guard let other = network.members[peer] else { return }
    network.after(latency + other.latency) { other.isAsked(by: self, wanted, ticket) }
  }

  func cancel(_ peer: PeerID, _ ticket: Ticket) {
    guard let other = network.members[peer] else { return }
    network.after(latency + other.latency) {
      guard let index = other.waiting.firstIndex(where: { $0.from === self && $0.ticket == ticket }) else {
        return
      }
      other.waiting.remove(at: index)
      self.network.after(self.latency + other.latency) {
        self.queue.refused(ticket, .notHeld)
        self.turn()
      }
    }
  }

  func dropLiar(_ peer: PeerID) {
    dropped.append(peer)
    queue.peerLeft(peer)
  }

  // What it does for others.

  private func isAsked(by other: SimulatedMember, _ wanted: WantedBlocks, _ ticket: Ticket) {
    guard manners != .mute, !isGone else { return }
    guard content.held.contains(wanted.blocks.indices) else {
      return network.after(latency + other.latency) {
        other.queue.refused(ticket, .notHeld)
        other.turn()
      }
    }
    waiting.append(Waiting(from: other, ticket: ticket, wanted: wanted))
    send()
  }

  /// One at a time, by urgency and then by who has waited longest since he was last served.
  private func send() {
    guard !isSending, !isGone, !waiting.isEmpty else { return }
    let turn = waiting[0].from
    let urgent = waiting.indices.filter { waiting[$0].from === turn }.min {
      (waiting[$0].wanted.urgency, $0) < (waiting[$1].wanted.urgency, $1)
    }
    let next = waiting.remove(at: urgent!)
    // Whoever else waits comes first the next time.
    let same = waiting.filter { $0.from === next.from }
    waiting = waiting.filter { $0.from !== next.from } + same
    isSending = true
    let bytes = network.layout.bytes(of: next.wanted.blocks).count
    network.after(Double(bytes) / bytesPerSecond) { [self] in
      isSending = false
      sentBytes += bytes
      network.after(latency + next.from.latency) { [self] in
        guard !isGone else { return }
        let outcome: PutResult =
          manners == .lying
          ? .forged(block: 0) : .kept(newBytes: next.from.bytesMissing(of: next.wanted.blocks))
        next.from.queue.landed(next.ticket, now: network.now)
        next.from.queue.verified(next.ticket, outcome, now: network.now)
        next.from.turn()
      }
      send()
    }
  }
}

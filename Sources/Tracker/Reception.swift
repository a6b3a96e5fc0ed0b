// Takes in the connections of one loop and gives each a session. The unknown are let in up to a number; beyond it
// the one that has said nothing for longest makes room, so that ten thousand who only connect keep nobody out.

import GroupModel
import Link
import Synchronization

/// ## Concurrency model
/// Belongs to one loop's thread; `nextID` is shared by all receptions.
final class Reception: @unchecked Sendable {
  private static let nextID = Atomic<UInt64>(1)

  private let loop: EventLoop
  private let office: Office
  private let context: TLSContext
  private let unknownMax: Int
  private var unknown: [SessionID: Session] = [:]
  /// In the order of their coming; those who have been admitted or have gone are skipped.
  private var waiting: [SessionID] = []
  private var nextToGo = 0

  init(on loop: EventLoop, _ office: Office, _ context: TLSContext, unknownMax: Int) {
    self.loop = loop
    self.office = office
    self.context = context
    self.unknownMax = unknownMax
  }

  func take(_ socket: Socket, from remote: SocketAddress) {
    let number = Self.nextID.wrappingAdd(1, ordering: .relaxed).oldValue
    let session = Session(SessionID(number: number), on: loop, office)
    office.counts.begun.add()
    session.onAdmission = { [weak self] in self?.unknown[session.id] = nil }
    unknown[session.id] = session
    waiting.append(session.id)
    session.begin(on: .accept(socket, from: remote, on: loop, context, for: session))
    makeRoom()
  }

  private func makeRoom() {
    while unknown.count > unknownMax, nextToGo < waiting.count {
      let oldest = waiting[nextToGo]
      nextToGo += 1
      unknown[oldest]?.line?.end(because: .crowdedOut)
    }
    skipSettled()
  }

  private func skipSettled() {
    while nextToGo < waiting.count, unknown[waiting[nextToGo]] == nil { nextToGo += 1 }
    guard nextToGo > 1024, nextToGo > waiting.count / 2 else { return }
    waiting.removeFirst(nextToGo)
    nextToGo = 0
  }
}

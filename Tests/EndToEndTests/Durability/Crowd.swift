// Two dozen members with a line each, all wishing at once, and one who audits. The lines are direct, or the
// product's own.

import TestSupport
import Foundation
import GroupModel
import Link
import Swarm
import Testing

final class Crowd {
  static let sessions = 24

  let history = History()
  let audit: Audit
  let data: String
  private let loop = EventLoop(name: "crowd")
  private let mint: Mint
  private var wishers: [Wisher] = []
  private var direct: [DirectLine] = []
  private var patient: [TrackerLine] = []

  /// Over direct lines; `reach` opens them.
  init(of data: String, depth: Int = 4, _ random: inout SeededRandom) throws {
    self.data = data
    mint = try Mint(of: data)
    audit = Audit(history)
    loop.start()
    for number in 0..<Self.sessions {
      let user = Wishing.users[number % Wishing.users.count]
      let line = DirectLine(on: loop, try mint.context(of: user))
      direct.append(line)
      wishers.append(
        Wisher(user, over: line, depth: depth, isPatient: false, history, random.branch()))
    }
  }

  /// Over lines to whichever tracker serves.
  init(of data: String, to trackers: [UInt16], sessions: Int, _ random: inout SeededRandom) throws {
    self.data = data
    mint = try Mint(of: data)
    audit = Audit(history)
    loop.start()
    for number in 0..<sessions {
      let user = Wishing.users[number % Wishing.users.count]
      let line = try mint.patientLine(of: user, to: trackers)
      patient.append(line)
      wishers.append(Wisher(user, over: line, depth: 2, isPatient: true, history, random.branch()))
    }
  }

  deinit {
    for line in patient { line.close() }
    loop.stop()
  }

  private var lines: [any Asking] { direct.isEmpty ? patient : direct }

  private func line(of user: UserName) -> any Asking {
    lines[Wishing.users.firstIndex(of: user)! % lines.count]
  }

  /// Opens all direct lines anew.
  func reach(_ port: UInt16) {
    let opened = direct.map { line in
      let opened = Awaited<Bool>()
      line.open(to: port) { opened.come($0) }
      return opened
    }
    for opened in opened { #expect(opened.wait() == true, "a line cannot be opened") }
  }

  /// While the tracker serves and nobody wishes.
  func check(rereadsAll: Bool = false) throws {
    try audit.check(data, rereadsAll: rereadsAll) { line(of: $0) }
  }

  func begin() {
    for wisher in wishers { wisher.begin(seeing: audit.groups) }
  }

  /// Founds groups, asks to join and is let in, so that what comes next is about files as well.
  func settleIn() throws {
    for _ in 0..<3 {
      begin()
      usleep(50_000)
      rest()
      waitUntilIdle()
      try check()
    }
  }

  func rest() {
    for wisher in wishers { wisher.rest() }
  }

  func waitUntilIdle() {
    for wisher in wishers { wisher.waitUntilIdle() }
  }
}

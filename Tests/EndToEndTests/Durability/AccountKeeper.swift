// Makes accounts and changes their passwords, one after the other, by the product's own line: each wish is
// answered in the end, however many trackers die before that, and counts once.

import Foundation
import GroupModel
import Link
import Swarm
import Testing

/// ## Concurrency model
/// A thread of its own; `finish` from another one.
final class AccountKeeper: @unchecked Sendable {
  private static let patience = 60_000

  private let mint: Mint
  private let ports: [UInt16]
  private let stranger: TrackerLine
  private let lock = NSLock()
  private var isOver = false
  private var made: [UserName] = []
  private var failures: [String] = []
  private let ended = Awaited<Bool>()

  init(_ mint: Mint, _ ports: [UInt16]) throws {
    self.mint = mint
    self.ports = ports
    stranger = try mint.patientLine(of: nil, to: ports)
    Thread.detachNewThread { [self] in
      for number in 0... {
        guard !lock.withLock({ isOver }) else { break }
        let user = UserName("account-\(number)")!
        keep(user)
        lock.withLock { made.append(user) }
      }
      ended.come(true)
    }
  }

  private func keep(_ user: UserName) {
    do {
      let creation = RequestID(instance: .random(in: .min ... .max), sequence: 1)
      let created = try stranger.ask(
        .createUser(creation, user, password: first(user)), within: Self.patience)
      guard created == .done else { throw Unexpected(answer: created) }
      let line = try mint.patientLine(of: user, to: ports)
      defer { line.close() }
      let changed = try line.ask(
        .changePassword(
          RequestID(instance: creation.instance, sequence: 2), password: second(user),
          certificateRequest: CertificateRequest(signedBy: mint.key).der), within: Self.patience)
      guard case .certificate = changed else { throw Unexpected(answer: changed) }
    } catch {
      lock.withLock { failures.append("\(user) was given no account and new password: \(error)") }
    }
  }

  private struct Unexpected: Error {
    let answer: TrackerAnswer
  }

  private func first(_ user: UserName) -> [UInt8] { Array("first of \(user)".utf8) }
  private func second(_ user: UserName) -> [UInt8] { Array("second of \(user)".utf8) }

  /// While a tracker serves. How many accounts were made; a few are tried.
  func finish() throws -> Int {
    lock.withLock { isOver = true }
    _ = ended.wait()
    #expect(failures.isEmpty, "\(failures)")
    for user in made.suffix(2) {
      guard case .certificate = try login(user, second(user)) else {
        Issue.record("\(user) is kept out with the new password")
        continue
      }
      #expect(try login(user, first(user)) == .refused(.wrongLogin), "\(user) comes in with the old password")
    }
    stranger.close()
    return made.count
  }

  private func login(_ user: UserName, _ password: [UInt8]) throws -> TrackerAnswer {
    let request = try CertificateRequest(signedBy: mint.key).der
    return try stranger.ask(
      .login(user, password: password, certificateRequest: request), within: Self.patience)
  }
}

// What the sessions of this tracker have done since it began to serve: counted by their loops, read by who shows it.

import GroupModel
import Link

struct SessionCounts: Sendable {
  /// Connections that were taken in, and how they have ended.
  let begun = Tally()
  let ended = Each<EndKind, Tally>(Tally.init)
  let requests = Each<RequestKind, Tally>(Tally.init)
  /// Things that members said they hold: an announcement names many.
  let holdings = Tally()
  let pushes = Tally()
  let passwordLogins = Each<PasswordOutcome, Tally>(Tally.init)
  let certificateLogins = Each<CertificateOutcome, Tally>(Tally.init)

  /// Open now, those who have not logged in among them.
  var open: Int { begun.total - ended.named.reduce(0) { $0 + $1.counted.total } }
}

enum PasswordOutcome: Int, Countable {
  case admitted
  /// No such user, or another password.
  case wrong
  case throttled
  /// Too many were waiting.
  case busy
  case malformed

  init(_ result: Result<Doorkeeper.Pass, Refusal>) {
    self =
      switch result {
      case .success: .admitted
      case .failure(.wrongLogin): .wrong
      case .failure(.throttled): .throttled
      case .failure(.busy): .busy
      case .failure: .malformed
      }
  }
}

enum CertificateOutcome: Int, Countable {
  case admitted
  /// Of a login that has ended.
  case ended
}

enum EndKind: Int, Countable {
  case closed, lost, handshake, untrusted, timeout, malformed, unread, crowded

  init(_ end: LineEnd) {
    self =
      switch end {
      case .closed, .goodbye: .closed
      case .lost, .unreachable: .lost
      case .handshakeFailed: .handshake
      case .otherAuthority, .untrusted, .turnedAway: .untrusted
      case .timedOut: .timeout
      case .malformed: .malformed
      case .doesNotRead: .unread
      case .crowdedOut: .crowded
      }
  }
}

enum RequestKind: Int, Countable {
  case createUser, login, renew, changePassword, logout, propose, listGroups, listMyGroups, listRequests,
    listMembers, catchUp, follow, announce, locate, countSharers, setSharing, stopWatching, saw

  init(_ request: TrackerRequest) {
    self =
      switch request {
      case .createUser: .createUser
      case .login: .login
      case .renew: .renew
      case .changePassword: .changePassword
      case .logout: .logout
      case .propose: .propose
      case .listGroups: .listGroups
      case .listMyGroups: .listMyGroups
      case .listRequests: .listRequests
      case .listMembers: .listMembers
      case .catchUp: .catchUp
      case .follow: .follow
      case .announce: .announce
      case .locate: .locate
      case .countSharers: .countSharers
      case .setSharing: .setSharing
      case .stopWatching: .stopWatching
      case .saw: .saw
      }
  }
}

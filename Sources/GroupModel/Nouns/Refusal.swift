// Why something was not done: the closed list behind every exit code, errno and sentence (SPEC 3.1).

package enum Refusal: Error, Hashable, Sendable {
  case malformed
  case noSuchUser, noSuchGroup, noSuchRequest, noSuchMember, noSuchFile
  case userExists, groupExists, alreadyMember, fileExists, directoryNotEmpty, notDirectory, isDirectory
  /// Somebody published that path meanwhile.
  case conflict
  case notOwner, notMember, notYours, wrongLogin, notLoggedIn, loginEnded
  case busy
  case throttled(seconds: UInt16)
  case trackerFull
  case limitReached
}

extension Refusal {
  /// A code and a number of seconds.
  package static var wireBytes: Int { 3 }

  /// On the wire; a number once given is never given another meaning.
  package var code: UInt8 {
    switch self {
    case .malformed: 1
    case .noSuchUser: 2
    case .noSuchGroup: 3
    case .noSuchRequest: 4
    case .noSuchMember: 5
    case .noSuchFile: 6
    case .userExists: 7
    case .groupExists: 8
    case .alreadyMember: 9
    case .fileExists: 10
    case .directoryNotEmpty: 11
    case .notDirectory: 12
    case .isDirectory: 13
    case .conflict: 14
    case .notOwner: 15
    case .notMember: 16
    case .notYours: 17
    case .wrongLogin: 18
    case .notLoggedIn: 19
    case .loginEnded: 20
    case .busy: 21
    case .throttled: 22
    case .trackerFull: 23
    case .limitReached: 24
    }
  }

  package init?(code: UInt8, seconds: UInt16) {
    let plain: [Refusal] = [
      .malformed, .noSuchUser, .noSuchGroup, .noSuchRequest, .noSuchMember, .noSuchFile, .userExists,
      .groupExists, .alreadyMember, .fileExists, .directoryNotEmpty, .notDirectory, .isDirectory, .conflict,
      .notOwner, .notMember, .notYours, .wrongLogin, .notLoggedIn, .loginEnded, .busy,
      .throttled(seconds: seconds), .trackerFull, .limitReached,
    ]
    guard let match = plain.first(where: { $0.code == code }) else { return nil }
    self = match
  }
}

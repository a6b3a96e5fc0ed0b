// Why a line ended, as far as can be told from this end of it.

package import GroupModel

package enum LineEnd: Error, Equatable, Sendable {
  /// We were done.
  case closed
  /// The other side said goodbye.
  case goodbye
  /// It went away without a word: killed, cut off, reset.
  case lost(errno: Int32)
  /// It could not be reached at all.
  case unreachable(errno: Int32)
  /// What came was not TLS 1.3, or not of our kind.
  case handshakeFailed(String)
  /// It speaks in the name of another authority than the one that is pinned.
  case otherAuthority(seen: Fingerprint)
  /// We did not believe its certificate.
  case untrusted(TrustError)
  /// It did not believe ours.
  case turnedAway(TurnedAway)
  case timedOut(Wait)
  case malformed(String)
  /// It did not read what it was sent.
  case doesNotRead
  /// Room had to be made for others.
  case crowdedOut

  package enum TurnedAway: Equatable, Sendable {
    case expired, unknownAuthority, otherwise
  }

  package enum Wait: Equatable, Sendable {
    case connecting, handshake, login, message, heartbeat, answer
  }
}

extension LineEnd: CustomStringConvertible {
  package var description: String {
    switch self {
    case .closed: "closed"
    case .goodbye: "the other side closed it"
    case .lost(let errno):
      errno == 0 ? "the connection was lost" : "the connection was lost (\(words(errno)))"
    case .unreachable(let errno): words(errno)
    case .handshakeFailed(let what): "no TLS 1.3 handshake (\(what))"
    case .otherAuthority(let seen): "its authority is another one (\(seen))"
    case .untrusted(let error): "its certificate is not to be trusted (\(error))"
    case .turnedAway(let how): "it does not accept our certificate (\(how))"
    case .timedOut(let wait): "nothing came in time (\(wait))"
    case .malformed(let what): "malformed: \(what)"
    case .doesNotRead: "it does not read what it is sent"
    case .crowdedOut: "room was made for others"
    }
  }

  private func words(_ errno: Int32) -> String { systemWords(errno) }
}

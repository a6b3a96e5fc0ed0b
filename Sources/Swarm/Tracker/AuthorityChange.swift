// Whoever answers where our trackers were, in the name of another network: in one sentence at every door.

package import GroupModel

package struct AuthorityChange: Hashable, Sendable {
  package let expected: Fingerprint
  package let seen: Fingerprint

  init(expected: Fingerprint, seen: Fingerprint) {
    self.expected = expected
    self.seen = seen
  }

  /// nil where nothing was expected.
  init?(from pin: Pin, to seen: Fingerprint) {
    switch pin {
    case .certificate(let certificate): self.init(expected: certificate.fingerprint, seen: seen)
    case .fingerprint(let expected): self.init(expected: expected, seen: seen)
    case .nothingYet: return nil
    }
  }

  package var sentence: String { Self.sentence(expected: expected.bytes, seen: seen.bytes) }

  package static func sentence(expected: [UInt8], seen: [UInt8]) -> String {
    "the network's authority should be \(Fingerprint.text(expected)) and is \(Fingerprint.text(seen)): somebody may "
      + "be in between; if whoever runs the trackers confirms the new one, write it behind the address in a "
      + "tracker_info.txt and log in again with --tracker FILE"
  }
}

// Who holds a certificate, and how that is written in it: the role and the name in the subject, a
// member's two numbers in the serial number.

/// A member's certificate says for which generation of the account and of which lineage it was issued, so
/// that an older one can be refused although it has not expired.
package enum Holder: Hashable, Sendable {
  case authority
  case tracker
  case member(user: UserName, generation: UInt32, lineage: UInt64)
}

// The subject: O=p2pfs, OU=authority|tracker|member, and for a member CN=<user>.
extension Holder {
  private static let organization = "p2pfs"

  var subject: DistinguishedName {
    switch self {
    case .authority: Self.subject(unit: "authority")
    case .tracker: Self.subject(unit: "tracker")
    case .member(let user, _, _): Self.subject(unit: "member", name: user.description)
    }
  }

  private static func subject(unit: String, name: String? = nil) -> DistinguishedName {
    let common = DistinguishedName(parts: [.organization(organization), .unit(unit)])
    guard let name else { return common }
    return DistinguishedName(parts: common.parts + [.commonName(name)])
  }

  /// Nil unless the subject is, part by part, one that is written here.
  init?(subject: DistinguishedName, serial: SerialNumber) {
    if subject == Self.authority.subject {
      self = .authority
    } else if subject == Self.tracker.subject {
      self = .tracker
    } else {
      guard case .commonName(let text) = subject.parts.last, let user = UserName(text) else { return nil }
      self = .member(user: user, generation: serial.generation, lineage: serial.lineage)
      guard subject == self.subject else { return nil }
    }
  }
}

// Lines as whichever member a test wants, to one tracker or to whichever serves.

import GroupModel
import Link
import Swarm
import Visitors

final class Mint: Sendable {
  /// For certificate requests.
  let key: KeyPair
  private let certificates: CertificateMint
  private let pin: Pin

  init(of data: String) throws {
    certificates = try CertificateMint(dataDirectory: data)
    pin = .certificate(certificates.authority.certificate)
    key = try KeyPair.generate()
  }

  /// nil: for one who is not logged in.
  func context(of user: UserName?) throws -> TLSContext {
    let credential = try user.map { try certificates.credential($0) }
    return TLSContext(.client, speaking: .tracker, as: credential, trusting: pin)!
  }

  /// The product's own line, that finds the next tracker by itself.
  func patientLine(of user: UserName?, to ports: [UInt16]) throws -> TrackerLine {
    let credential = try user.map { try certificates.credential($0) }
    let info = try TrackerInfo(parsing: Array(ports.map { "127.0.0.1:\($0)\n" }.joined().utf8)[...])
    return TrackerLine(to: info.trackers, as: credential, trusting: pin)
  }
}

// Certificates for the load's members, made with the authority's key from the tracker's data directory: so a
// crowd need not hash a password for each line. The tracker checks them as it checks all others.

import Foundation
import GroupModel
import Link

final class Mint: Sendable {
  let key: KeyPair
  let pin: Pin
  private let authority: Authority

  init(of data: String) throws {
    let pem = [UInt8](try Data(contentsOf: URL(filePath: data + "/authority.pem")))
    let mark = Array("-----BEGIN CERTIFICATE-----".utf8)
    let cut = pem.indices.first { pem[$0...].starts(with: mark) } ?? pem.endIndex
    authority = try Authority(keyPEM: Array(pem[..<cut]), certificatePEM: Array(pem[cut...]))
    pin = .certificate(authority.certificate)
    key = try KeyPair.generate()
  }

  func credential(of user: UserName, generation: UInt32 = 1) throws -> Credential {
    let request = try CertificateRequest(signedBy: key)
    let certificate = try authority.issueMember(
      user: user, generation: generation, lineage: .random(in: 1 ... .max), request: request,
      now: secondsSince1970())
    return Credential(key: key, certificate: certificate)
  }

  /// nil: for one who is not logged in.
  func context(of user: UserName?) throws -> TLSContext {
    TLSContext(.client, speaking: .tracker, as: try user.map { try credential(of: $0) }, trusting: pin)!
  }
}
